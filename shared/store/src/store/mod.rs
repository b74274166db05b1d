//! The store: documents and blobs by their names.

mod blobs;
mod catalogs;
mod documents;
mod exports;
mod garbage;
mod keep;
mod open;
mod releases;
mod reports;
mod rollouts;
mod uploads;

pub use rollouts::OutcomeMemory;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::garbage::Grace;
use bunraku_host::Host;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::broadcast;

pub use garbage::{Collected, Kind, Swept};

use crate::backend::{Backend, Objects};
use crate::{Bucket, Key, StoreError, Version};
pub(crate) use open::{directory, objects};

/// How many events a slow subscriber may lag behind.
const EVENTS: usize = 4096;
/// How often [`Store::update`] reads again after a lost race.
const ATTEMPTS: u32 = 64;

/// The farm's object store. Cheap to clone; clones share notifications.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) backend: Arc<dyn Backend>,
    host: Host,
    grace: Grace,
    events: broadcast::Sender<StoreEvent>,
}

/// Something was written by this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// An environment, a pointer, an upload or an upload's result was written.
    Written(Key),
}

/// A document with the version for [`Store::swap`].
#[derive(Clone, Debug, PartialEq)]
pub struct Versioned<T> {
    /// The document.
    pub value: T,
    /// The state that it was read in.
    pub version: Version,
}

/// What [`Store::update`] left behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Updated<T> {
    /// The document as it is now, if there is one.
    pub value: Option<T>,
    /// Whether this call wrote it.
    pub written: bool,
}

/// What came of writing an immutable object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It was written.
    New,
    /// The same was there already.
    Same,
}

impl Store {
    /// An empty store in memory.
    pub fn memory() -> Self {
        Self::over(Arc::new(Objects::memory()))
    }

    /// A store whose objects lie in `backend`.
    pub fn over(backend: Arc<dyn Backend>) -> Self {
        Self {
            backend,
            host: Host::default(),
            grace: Grace::default(),
            events: broadcast::Sender::new(EVENTS),
        }
    }

    /// The same on another host than the system.
    #[must_use]
    pub fn on(self, host: Host) -> Self {
        Self { host, ..self }
    }

    /// The same with another time that objects are kept which nobody names. All who write into a store
    /// must have the same.
    #[must_use]
    pub fn with_grace(self, grace: Grace) -> Self {
        Self { grace, ..self }
    }

    /// The host that the store is used on.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The directory, when the store is one: its files lie under their keys.
    pub fn root(&self) -> Option<&Path> {
        self.backend.root()
    }

    /// The bucket, when the store is on S3: what only a bucket can do.
    pub fn s3_bucket(&self) -> Option<&Bucket> {
        self.backend.bucket()
    }

    /// What this process writes from now on. Who gets `Lagged` has to look for itself; writes of
    /// other processes are not told.
    pub fn subscribe(&self) -> broadcast::Receiver<StoreEvent> {
        self.events.subscribe()
    }

    fn tell(&self, key: &Key) {
        let told = matches!(
            key,
            Key::Environment(_) | Key::Pointer { .. } | Key::Upload(_) | Key::UploadResult { .. }
        );
        if told {
            // No subscriber is no error.
            let _ = self.events.send(StoreEvent::Written(key.clone()));
        }
    }

    /// Reads a document with its version; `None` when it is not there.
    pub async fn read_versioned<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<Versioned<T>>, StoreError> {
        let Some((bytes, version)) = self.backend.read(&key.to_string()).await? else {
            return Ok(None);
        };
        let value = from_json(key, &bytes)?;
        Ok(Some(Versioned { value, version }))
    }

    /// Reads a document; `None` when it is not there.
    pub async fn read<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, StoreError> {
        Ok(self
            .read_versioned(key)
            .await?
            .map(|versioned| versioned.value))
    }

    /// Writes a document that still has the version `expected` (`None`: is not there);
    /// [`StoreError::Conflict`] when that is not so.
    pub async fn swap<T: Serialize>(
        &self,
        key: &Key,
        value: &T,
        expected: Option<&Version>,
    ) -> Result<Version, StoreError> {
        let swapped = self
            .backend
            .swap(&key.to_string(), to_json(value)?, expected)
            .await?;
        let version = swapped.ok_or_else(|| StoreError::Conflict {
            key: key.to_string(),
        })?;
        self.tell(key);
        Ok(version)
    }

    /// Reads a document, lets `change` say what to write in its place (`None`: nothing), and writes
    /// that unless someone else wrote meanwhile; then reads again, 64 times at most before it
    /// gives up with [`StoreError::Conflict`]. `change` may run several times.
    pub async fn update<T: Serialize + DeserializeOwned + Send + Sync>(
        &self,
        key: &Key,
        change: impl FnMut(Option<&T>) -> Option<T> + Send,
    ) -> Result<Updated<T>, StoreError> {
        let current = self.read_versioned(key).await?;
        self.update_from(key, current, change).await
    }

    /// [`Store::update`] from a state that was read before: nothing is read again unless someone
    /// else wrote since.
    pub async fn update_from<T: Serialize + DeserializeOwned + Send + Sync>(
        &self,
        key: &Key,
        mut current: Option<Versioned<T>>,
        mut change: impl FnMut(Option<&T>) -> Option<T> + Send,
    ) -> Result<Updated<T>, StoreError> {
        for attempt in 0..ATTEMPTS {
            let Some(next) = change(current.as_ref().map(|current| &current.value)) else {
                return Ok(Updated {
                    value: current.map(|current| current.value),
                    written: false,
                });
            };
            match self
                .swap(key, &next, current.as_ref().map(|current| &current.version))
                .await
            {
                Ok(_) => {
                    return Ok(Updated {
                        value: Some(next),
                        written: true,
                    });
                }
                Err(StoreError::Conflict { .. }) => {
                    tokio::time::sleep(Duration::from_micros(u64::from(attempt) * 200)).await;
                    current = self.read_versioned(key).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict {
            key: key.to_string(),
        })
    }

    /// Removes an object; says whether it was there.
    pub async fn delete(&self, key: &Key) -> Result<bool, StoreError> {
        self.backend.delete(&key.to_string()).await
    }

    /// Whether an object is there.
    pub async fn exists(&self, key: &Key) -> Result<bool, StoreError> {
        let sizes = self.backend.sizes(vec![key.to_string()]).await?;
        Ok(sizes.iter().any(Option::is_some))
    }

    /// An object's bytes.
    async fn bytes(&self, key: &Key) -> Result<Bytes, StoreError> {
        let text = key.to_string();
        match self.backend.read(&text).await? {
            Some((bytes, _)) => Ok(bytes),
            None => Err(StoreError::NotFound { key: text }),
        }
    }

    /// Writes an immutable object; what is there already must be the same.
    async fn create_same(&self, key: &Key, bytes: Bytes) -> Result<Written, StoreError> {
        let text = key.to_string();
        let created = self
            .backend
            .create(vec![(text.clone(), bytes.clone())])
            .await?;
        if created.first() == Some(&true) {
            self.tell(key);
            return Ok(Written::New);
        }
        match self.backend.read(&text).await? {
            Some((there, _)) if there == bytes => Ok(Written::Same),
            Some(_) => Err(StoreError::AlreadyExists { key: text }),
            None => Err(StoreError::Conflict { key: text }),
        }
    }

    /// Does work that takes a processor for a while.
    async fn blocking<R: Send + 'static>(
        &self,
        what: &str,
        work: impl FnOnce() -> std::io::Result<R> + Send + 'static,
    ) -> Result<R, StoreError> {
        match self.host.compute(work).await {
            Ok(result) => result.map_err(|error| StoreError::unavailable(what, error)),
            Err(error) => Err(StoreError::unavailable(what, error)),
        }
    }

    /// The keys right under a directory of the layout, in the order of their texts; files that are
    /// no keys are passed over.
    async fn keys(&self, directory: &str) -> Result<Vec<(Key, u64)>, StoreError> {
        let listed = self.backend.list(directory).await?;
        let keys = listed
            .into_iter()
            .filter(|entry| !entry.directory)
            .filter_map(|entry| {
                Some((
                    format!("{directory}/{}", entry.name).parse().ok()?,
                    entry.size,
                ))
            });
        Ok(keys.collect())
    }

    /// The directories right under one.
    async fn directories(&self, directory: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.backend.list(directory).await?;
        Ok(listed
            .into_iter()
            .filter(|entry| entry.directory)
            .map(|entry| entry.name)
            .collect())
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Bytes, StoreError> {
    serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|error| StoreError::invalid(format!("the document can't be written: {error}")))
}

fn from_json<T: DeserializeOwned>(key: &Key, bytes: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::corrupt(key, error))
}
