//! Objects as files of a local directory, shared by any number of threads and processes.
//!
//! * Nothing is ever written in place: a temporary file is written and flushed to the disk, then
//!   linked (create-only) or renamed (swap) to its key, then the directory is flushed. Whatever
//!   crashes, a key holds a whole object or none.
//! * Compare and swap: under the key's lock, compare, rename. Locks are advisory locks of the
//!   operating system on a fixed set of files, which a dying process drops.
//! * Each process keeps its temporary files in a directory of its own and a lock on it; whoever
//!   opens the store removes those whose lock is free.

mod locks;
mod temporary;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bunraku_farm::Digest;
use bytes::Bytes;
use jiff::Timestamp;

use self::locks::Locks;
use self::temporary::Temporaries;
use super::{Backend, Head, Listed, Version};
use crate::StoreError;

/// The directory of locks and temporary files, which holds no objects.
const OWN: &str = ".store";

/// A directory as a place for objects.
#[derive(Debug)]
pub(crate) struct Files {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    locks: Locks,
    temporaries: Temporaries,
    #[cfg(test)]
    crash: std::sync::Mutex<Option<Step>>,
}

/// The moments of a write, for tests that crash there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The temporary file is half written.
    HalfWritten,
    /// It is whole and flushed.
    Flushed,
    /// The lock is held and the comparison done.
    Compared,
    /// The object is at its key, the directory not flushed.
    Moved,
}

impl Files {
    /// Opens the directory, or makes it; removes what dead processes left.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        let own = root.join(OWN);
        fs::create_dir_all(&own)?;
        let locks = Locks::open(&own.join("locks"))?;
        let temporaries = Temporaries::open(&own.join("tmp"))?;
        Ok(Self {
            inner: Arc::new(Inner {
                root,
                locks,
                temporaries,
                #[cfg(test)]
                crash: std::sync::Mutex::new(None),
            }),
        })
    }

    /// Makes the next write stop at `step` as if the process had been killed there.
    #[cfg(test)]
    pub(crate) fn crash_at(&self, step: Step) {
        *self.inner.crash.lock().unwrap() = Some(step);
    }

    /// Runs blocking work off the async threads.
    async fn run<R: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(&Inner) -> io::Result<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        let inner = Arc::clone(&self.inner);
        match tokio::task::spawn_blocking(move || work(&inner)).await {
            Ok(result) => result.map_err(|error| StoreError::unavailable(key, error)),
            Err(error) => Err(StoreError::unavailable(key, error)),
        }
    }
}

#[async_trait]
impl Backend for Files {
    async fn read(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreError> {
        let path = self.inner.path(key);
        self.run(key, move |_| {
            Ok(present(fs::read(path))?.map(|bytes| {
                let version = version(&bytes);
                (Bytes::from(bytes), version)
            }))
        })
        .await
    }

    async fn create(&self, objects: Vec<(String, Bytes)>) -> Result<Vec<bool>, StoreError> {
        let key = objects
            .first()
            .map_or_else(String::new, |(key, _)| key.clone());
        self.run(&key, move |inner| inner.create(&objects)).await
    }

    async fn swap(
        &self,
        key: &str,
        bytes: Bytes,
        expected: Option<&Version>,
    ) -> Result<Option<Version>, StoreError> {
        let (expected, name) = (expected.cloned(), key.to_owned());
        self.run(key, move |inner| {
            inner.swap(&name, &bytes, expected.as_ref())
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let name = key.to_owned();
        self.run(key, move |inner| {
            let _lock = inner.locks.lock(&name)?;
            let path = inner.path(&name);
            let there = present(fs::remove_file(&path))?.is_some();
            if there {
                inner.flush_parent(&path)?;
            }
            Ok(there)
        })
        .await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        let path = self.inner.path(key);
        self.run(key, move |_| {
            Ok(present(fs::metadata(path))?.map(|meta| head(&meta)))
        })
        .await
    }

    async fn discard(&self, key: &str, stamp: &str) -> Result<(), StoreError> {
        self.remove(key, stamp).await.map(|_| ())
    }

    async fn remove(&self, key: &str, stamp: &str) -> Result<bool, StoreError> {
        let (name, stamp) = (key.to_owned(), stamp.to_owned());
        self.run(key, move |inner| {
            let _lock = inner.locks.lock(&name)?;
            let path = inner.path(&name);
            let there = present(fs::metadata(&path))?;
            let same = there.is_some_and(|meta| head(&meta).stamp == stamp);
            if same {
                fs::remove_file(&path)?;
                inner.flush_parent(&path)?;
            }
            Ok(same)
        })
        .await
    }

    async fn sizes(&self, keys: Vec<String>) -> Result<Vec<Option<u64>>, StoreError> {
        let first = keys.first().cloned().unwrap_or_default();
        self.run(&first, move |inner| {
            keys.iter()
                .map(|key| Ok(present(fs::metadata(inner.path(key)))?.map(|meta| meta.len())))
                .collect()
        })
        .await
    }

    async fn list(&self, directory: &str) -> Result<Vec<Listed>, StoreError> {
        let path = self.inner.path(directory);
        self.run(directory, move |_| list(&path)).await
    }

    async fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let path = self.inner.path(key);
        let file = self.run(key, move |_| present(File::open(path))).await?;
        Ok(file.map(|file| Box::new(file) as Box<dyn Read + Send>))
    }

    fn root(&self) -> Option<&Path> {
        Some(&self.inner.root)
    }
}

impl Inner {
    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// All temporary files first, then all flushes, then all links: the disk's journal is then
    /// forced out once for many files and not once for each.
    fn create(&self, objects: &[(String, Bytes)]) -> io::Result<Vec<bool>> {
        let mut written = Vec::with_capacity(objects.len());
        for (key, bytes) in objects {
            let target = self.path(key);
            let there = fs::exists(&target)?;
            written.push(if there {
                None
            } else {
                Some((self.write(bytes)?, target))
            });
        }
        for (temporary, _) in written.iter().flatten() {
            temporary.flush()?;
        }
        self.step(Step::Flushed)?;
        let mut parents: Vec<&Path> = Vec::new();
        let mut created = Vec::with_capacity(objects.len());
        for entry in &written {
            let Some((temporary, target)) = entry else {
                created.push(false);
                continue;
            };
            created.push(self.move_in(target, || temporary.link(target))?);
            if let Some(parent) = target.parent()
                && !parents.contains(&parent)
            {
                parents.push(parent);
            }
        }
        self.step(Step::Moved)?;
        parents.into_iter().try_for_each(flush_directory)?;
        Ok(created)
    }

    fn swap(
        &self,
        key: &str,
        bytes: &[u8],
        expected: Option<&Version>,
    ) -> io::Result<Option<Version>> {
        let target = self.path(key);
        let temporary = self.write(bytes)?;
        temporary.flush()?;
        self.step(Step::Flushed)?;
        let lock = self.locks.lock(key)?;
        let current = present(fs::read(&target))?.map(|bytes| version(&bytes));
        if current.as_ref() != expected {
            return Ok(None);
        }
        self.step(Step::Compared)?;
        let moved = match expected {
            // Linked, since a create-only write takes no lock.
            None => self.move_in(&target, || temporary.link(&target))?,
            Some(_) => self.move_in(&target, || temporary.rename(&target).map(|()| true))?,
        };
        drop(lock);
        self.step(Step::Moved)?;
        self.flush_parent(&target)?;
        Ok(moved.then(|| version(bytes)))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<temporary::Temporary> {
        use std::io::Write as _;
        let mut temporary = self.temporaries.create()?;
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        temporary.file.write_all(first)?;
        if let Err(error) = self.step(Step::HalfWritten) {
            temporary.leave();
            return Err(error);
        }
        temporary.file.write_all(rest)?;
        Ok(temporary)
    }

    /// Moves a temporary file to its key, making the directories on the way when they lack.
    fn move_in(
        &self,
        target: &Path,
        mut attempt: impl FnMut() -> io::Result<bool>,
    ) -> io::Result<bool> {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.make_parent(target)?;
                attempt()
            }
            other => other,
        }
    }

    fn make_parent(&self, target: &Path) -> io::Result<()> {
        let Some(parent) = target.parent() else {
            return Ok(());
        };
        fs::create_dir_all(parent)?;
        // The names of new directories must last as long as what is put into them.
        let inside = parent
            .ancestors()
            .take_while(|path| path.starts_with(&self.root));
        inside.into_iter().try_for_each(flush_directory)
    }

    fn flush_parent(&self, path: &Path) -> io::Result<()> {
        path.parent().map_or(Ok(()), flush_directory)
    }

    #[cfg(not(test))]
    #[allow(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the hook of tests"
    )]
    fn step(&self, _: Step) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn step(&self, step: Step) -> io::Result<()> {
        let mut crash = self.crash.lock().unwrap();
        if *crash == Some(step) {
            *crash = None;
            self.temporaries.leave_all();
            return Err(io::Error::other("crash"));
        }
        Ok(())
    }
}

fn version(bytes: &[u8]) -> Version {
    Version(Digest::of(bytes).to_hex())
}

/// Files are replaced whole: another one has another inode or, if the number is used again,
/// another time.
fn head(meta: &fs::Metadata) -> Head {
    use std::os::unix::fs::MetadataExt as _;
    let modified = modified(meta);
    Head {
        stamp: format!("{modified}@{}@{}", meta.len(), meta.ino()),
        modified,
        size: meta.len(),
    }
}

fn modified(meta: &fs::Metadata) -> Timestamp {
    let modified = meta.modified().ok();
    modified
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or_default()
}

/// `None` for what is not there.
fn present<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn flush_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn list(directory: &Path) -> io::Result<Vec<Listed>> {
    let Some(entries) = present(fs::read_dir(directory))? else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for entry in entries {
        let entry = entry?;
        // Names that are no text are none of ours.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // What goes away meanwhile was not there.
        let Some(meta) = present(entry.metadata())? else {
            continue;
        };
        let directory = meta.is_dir();
        all.push(Listed {
            name,
            size: if directory { 0 } else { meta.len() },
            modified: (!directory).then(|| modified(&meta)),
            stamp: if directory {
                String::new()
            } else {
                head(&meta).stamp
            },
            directory,
        });
    }
    all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}
