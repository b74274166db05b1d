//! The queue's messages in a redb file, written by one thread.
//!
//! Everything that is asked for while a commit runs goes into the next one (group commit), so that
//! many senders share the price of a flush to the disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use redb::{Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};
use tokio::sync::oneshot;

use crate::QueueError;
use crate::state::{Change, Record};

const MESSAGES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("messages");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
/// The version of the file's form; another one is not touched.
const VERSION: u64 = 1;
/// redb would keep 1 GiB of pages; all messages are in memory anyway.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

struct Batch {
    changes: Vec<Change>,
    done: oneshot::Sender<Result<(), QueueError>>,
}

#[derive(Debug)]
pub(crate) struct Journal {
    batches: Option<mpsc::Sender<Batch>>,
    writer: Option<JoinHandle<()>>,
    /// The first failed write. The state in memory is ahead of the file from then on, so that
    /// nothing may be promised any more.
    failure: Arc<OnceLock<QueueError>>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The messages by id, oldest first.
    pub(crate) records: Vec<(u64, Record)>,
    /// The greatest id in use, also by messages that this version can't read.
    pub(crate) last_id: u64,
}

/// Resolves when changes are on the disk.
#[derive(Debug)]
pub(crate) struct Written(Option<oneshot::Receiver<Result<(), QueueError>>>);

impl Written {
    pub(crate) const fn at_once() -> Self {
        Self(None)
    }

    pub(crate) async fn await_durable(self) -> Result<(), QueueError> {
        match self.0 {
            None => Ok(()),
            Some(done) => done
                .await
                .unwrap_or_else(|_| Err(QueueError::unavailable("the writer has ended"))),
        }
    }
}

impl Journal {
    /// Opens the file and reads the messages in it, oldest first.
    pub(crate) fn open(path: &Path) -> Result<(Self, Contents), QueueError> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(|error| match error {
                DatabaseError::DatabaseAlreadyOpen => QueueError::InUse {
                    path: path.display().to_string(),
                },
                DatabaseError::Storage(redb::StorageError::Io(error))
                    if error.kind() != std::io::ErrorKind::InvalidData =>
                {
                    QueueError::unavailable(format!("{}: {error}", path.display()))
                }
                other => QueueError::corrupt(format!("{}: {other}", path.display())),
            })?;
        check_version(&database)?;
        let contents = read(&database)?;
        let (batches, inbox) = mpsc::channel();
        let failure = Arc::new(OnceLock::new());
        let seen = Arc::clone(&failure);
        let writer = std::thread::Builder::new()
            .name("queue-journal".to_owned())
            .spawn(move || run(&database, &inbox, &seen))
            .map_err(QueueError::unavailable)?;
        Ok((
            Self {
                batches: Some(batches),
                writer: Some(writer),
                failure,
            },
            contents,
        ))
    }

    /// An error when a write has failed.
    pub(crate) fn check(&self) -> Result<(), QueueError> {
        self.failure
            .get()
            .map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Hands over changes; they are written even when nobody waits for it.
    pub(crate) fn append(&self, changes: Vec<Change>) -> Written {
        let (done, receiver) = oneshot::channel();
        if let Some(batches) = &self.batches {
            // A writer that has ended drops `done`, which the receiver reports.
            let _ = batches.send(Batch { changes, done });
        }
        Written(Some(receiver))
    }
}

impl Drop for Journal {
    /// Writes what is left and closes the file, so that it can be opened again at once.
    fn drop(&mut self) {
        self.batches = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn run(database: &Database, inbox: &mpsc::Receiver<Batch>, failure: &OnceLock<QueueError>) {
    while let Ok(first) = inbox.recv() {
        let batches: Vec<Batch> = std::iter::once(first).chain(inbox.try_iter()).collect();
        let result = match failure.get() {
            Some(error) => Err(error.clone()),
            None => commit(database, &batches),
        };
        if let Err(error) = &result
            && failure.set(error.clone()).is_ok()
        {
            tracing::error!(%error, "the queue's file can't be written: the queue takes nothing more");
        }
        for batch in batches {
            let _ = batch.done.send(result.clone());
        }
    }
}

/// One durable transaction for all changes; of several to one message only the last is written.
fn commit(database: &Database, batches: &[Batch]) -> Result<(), QueueError> {
    let mut last: BTreeMap<u64, Option<&Record>> = BTreeMap::new();
    for change in batches.iter().flat_map(|batch| &batch.changes) {
        match change {
            Change::Put(id, record) => last.insert(*id, Some(record)),
            Change::Remove(id) => last.insert(*id, None),
        };
    }
    write(database, &last).map_err(QueueError::unavailable)
}

fn write(database: &Database, last: &BTreeMap<u64, Option<&Record>>) -> Result<(), redb::Error> {
    // Durability::Immediate is redb's default: `commit` returns after fsync.
    let transaction = database.begin_write()?;
    {
        let mut messages = transaction.open_table(MESSAGES)?;
        for (id, record) in last {
            match record {
                None => drop(messages.remove(id)?),
                Some(record) => {
                    let json = serde_json::to_vec(record)
                        .map_err(|error| redb::Error::Io(std::io::Error::other(error)))?;
                    messages.insert(id, json.as_slice())?;
                }
            }
        }
    }
    transaction.commit()?;
    Ok(())
}

fn check_version(database: &Database) -> Result<(), QueueError> {
    let version = || -> Result<u64, redb::Error> {
        let transaction = database.begin_write()?;
        let version = {
            let mut meta = transaction.open_table(META)?;
            let version = meta.get("version")?.map(|value| value.value());
            match version {
                Some(version) => version,
                None => {
                    meta.insert("version", VERSION)?;
                    transaction.open_table(MESSAGES)?;
                    VERSION
                }
            }
        };
        transaction.commit()?;
        Ok(version)
    };
    match version().map_err(QueueError::unavailable)? {
        VERSION => Ok(()),
        other => Err(QueueError::corrupt(format!(
            "its version is {other}, not {VERSION}"
        ))),
    }
}

fn read(database: &Database) -> Result<Contents, QueueError> {
    let transaction = database.begin_read().map_err(QueueError::unavailable)?;
    let messages = transaction
        .open_table(MESSAGES)
        .map_err(QueueError::corrupt)?;
    let mut contents = Contents::default();
    for row in messages.iter().map_err(QueueError::corrupt)? {
        let (id, json) = row.map_err(QueueError::corrupt)?;
        contents.last_id = id.value();
        match serde_json::from_slice(json.value()) {
            Ok(record) => contents.records.push((id.value(), record)),
            // A message of a later version: left in the file for the program that knows it.
            Err(error) => {
                tracing::error!(id = id.value(), %error, "unreadable message in the queue")
            }
        }
    }
    Ok(contents)
}
