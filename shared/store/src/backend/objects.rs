//! Objects through `object_store`: in memory, and in buckets.

mod conditions;
mod home;
mod state;
#[cfg(test)]
mod tests;

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore,
    ObjectStoreExt, PutMode, PutOptions,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::failure::{self, Failure};
use super::{Backend, Head, Listed, Version};
use crate::{Bucket, StoreError};
pub(crate) use home::Home;
use state::State;

/// How many requests of one call are under way at once.
const CONCURRENCY: usize = 32;
/// How often a conditional put is sent whose outcome is unknown.
const PUTS: u32 = 4;
/// After this time no further put is begun.
const PUT_TIME: Duration = Duration::from_secs(20);
/// Objects above this size are written in parts, and read by way of a file, in bytes.
pub(crate) const LARGE: u64 = 8 * 1024 * 1024;
/// No bigger object is read by way of a file, in bytes; the limit of S3 for one put.
const MAX_SPOOLED: u64 = 5 * 1024 * 1024 * 1024;
/// Metadata that tells who wrote an object: the id of one call. Azure takes no other names than those
/// of variables.
const WRITE_ID: &str = "writeid";

/// Any `ObjectStore` that has conditional puts.
///
/// A put whose answer was lost is sent again, and is then refused because of its own first try. So
/// every put has an id, stored with the object: whoever finds its own id has won. Equal bytes
/// would not do, as two writers may count to the same number.
#[derive(Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    home: Home,
    state: State,
    /// Filled when conditions were tried; `None` when that is not needed.
    untried: Option<OnceCell<()>>,
}

impl Objects {
    pub(crate) fn memory() -> Self {
        Self::over(
            Arc::new(object_store::memory::InMemory::new()),
            Home::Memory,
        )
    }

    /// Over a store that compares `ETag`s, and where it is.
    pub(crate) fn over(store: Arc<dyn ObjectStore>, home: Home) -> Self {
        Self {
            store,
            home,
            state: State::ETag,
            untried: None,
        }
    }

    /// The same over a store that compares generations.
    #[cfg(feature = "gcs")]
    pub(crate) fn by_generation(self) -> Self {
        Self {
            state: State::Generation,
            ..self
        }
    }

    /// The error of a read, `None` when the object is not there.
    fn read_error(&self, key: &str, error: &Error) -> Option<StoreError> {
        match failure::of(error) {
            Failure::Missing => None,
            _ => Some(self.home.unavailable(key, error)),
        }
    }

    /// Puts on a condition; `None` when that does not hold. Whether a refusal may be the work of
    /// the put's own first try is looked up, which is a request more, when `looks` or when that is
    /// likely.
    async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        mode: PutMode,
        looks: bool,
    ) -> Result<Option<Version>, StoreError> {
        let path = Path::from(key);
        let id = Uuid::new_v4().to_string();
        let began = Instant::now();
        let mut tries = 0;
        loop {
            tries += 1;
            let options = PutOptions {
                mode: mode.clone(),
                attributes: Attributes::from_iter([(
                    Attribute::Metadata(WRITE_ID.into()),
                    id.clone(),
                )]),
                ..PutOptions::default()
            };
            let put = self
                .store
                .put_opts(&path, bytes.clone().into(), options)
                .await;
            let error = match put {
                Ok(result) => return self.state.written(key, result).map(Some),
                Err(error) => error,
            };
            let again = tries < PUTS && began.elapsed() < PUT_TIME;
            match failure::of(&error) {
                Failure::Refused | Failure::Missing if looks || tries > 1 => {
                    return self.own(key, &id).await;
                }
                Failure::Refused | Failure::Missing => return Ok(None),
                Failure::Raced | Failure::Unknown if again => {
                    tracing::debug!(key, %error, "a put is sent again");
                    tokio::time::sleep(Duration::from_millis(50 << tries)).await;
                }
                Failure::Raced => {
                    return Err(StoreError::Conflict {
                        key: key.to_owned(),
                    });
                }
                Failure::Unknown | Failure::Other => {
                    return Err(self.home.unavailable(key, &error));
                }
            }
        }
    }

    /// The version of an object that the put `id` wrote; `None` when another one did.
    async fn own(&self, key: &str, id: &str) -> Result<Option<Version>, StoreError> {
        let options = GetOptions {
            head: true,
            ..GetOptions::default()
        };
        match self.store.get_opts(&Path::from(key), options).await {
            Ok(there) => {
                let written_by = there.attributes.get(&Attribute::Metadata(WRITE_ID.into()));
                if written_by.is_some_and(|written_by| written_by.as_ref() == id) {
                    self.state.there(key, there.meta).map(Some)
                } else {
                    Ok(None)
                }
            }
            Err(error) => self.read_error(key, &error).map_or(Ok(None), Err),
        }
    }

    async fn create_one(&self, key: String, bytes: Bytes) -> Result<bool, StoreError> {
        self.try_conditions().await?;
        match &self.home {
            Home::S3(bucket) if bytes.len() as u64 > LARGE => {
                bucket.create_in_parts(&key, bytes).await
            }
            // What is there already is common here, and what it says then is true enough.
            _ => Ok(self
                .put(&key, bytes, PutMode::Create, false)
                .await?
                .is_some()),
        }
    }

    async fn meta(&self, key: &str) -> Result<Option<ObjectMeta>, StoreError> {
        match self.store.head(&Path::from(key)).await {
            Ok(meta) => Ok(Some(meta)),
            Err(error) => self.read_error(key, &error).map_or(Ok(None), Err),
        }
    }

    async fn get(&self, key: &str, options: GetOptions) -> Result<Option<GetResult>, StoreError> {
        match self.store.get_opts(&Path::from(key), options).await {
            Ok(result) => Ok(Some(result)),
            Err(error) => self.read_error(key, &error).map_or(Ok(None), Err),
        }
    }

    async fn body(&self, key: &str, result: GetResult) -> Result<Bytes, StoreError> {
        result
            .bytes()
            .await
            .map_err(|error| self.home.unavailable(key, &error))
    }

    /// Copies an object to a file without a name, piece by piece: each is a request with its own
    /// tries, and no more than one is in memory.
    async fn spool(&self, key: &str, meta: &ObjectMeta) -> Result<std::fs::File, StoreError> {
        if meta.size > MAX_SPOOLED {
            return Err(StoreError::invalid(format!(
                "{key} has {} bytes; the limit is 5 GiB",
                meta.size
            )));
        }
        let on_disk = |error| {
            StoreError::unavailable(
                key,
                format!(
                    "its {} bytes can't be kept in a temporary file: {error}",
                    meta.size
                ),
            )
        };
        let file = tempfile::tempfile().map_err(on_disk)?;
        let mut file = tokio::fs::File::from_std(file);
        let mut at = 0;
        while at < meta.size {
            let options = GetOptions {
                range: Some(GetRange::Bounded(at..meta.size.min(at + LARGE))),
                if_match: meta.e_tag.clone(),
                ..GetOptions::default()
            };
            let result = self.get(key, options).await?;
            let piece = match result {
                Some(result) => self.body(key, result).await?,
                None => {
                    return Err(StoreError::NotFound {
                        key: key.to_owned(),
                    });
                }
            };
            if piece.is_empty() {
                return Err(StoreError::unavailable(key, "it ended too early"));
            }
            at += piece.len() as u64;
            tokio::io::AsyncWriteExt::write_all(&mut file, &piece)
                .await
                .map_err(on_disk)?;
        }
        tokio::io::AsyncSeekExt::rewind(&mut file)
            .await
            .map_err(on_disk)?;
        Ok(file.into_std().await)
    }
}

/// The `ETag` alone is the same for the same bytes, written again.
fn stamp(meta: &ObjectMeta) -> String {
    let e_tag = meta.e_tag.as_deref().unwrap_or_default().trim_matches('"');
    let version = meta.version.as_deref().unwrap_or_default();
    format!("{e_tag}@{}@{version}", modified(meta))
}

fn modified(meta: &ObjectMeta) -> Timestamp {
    let since = meta.last_modified.timestamp_nanos_opt().unwrap_or_default();
    Timestamp::from_nanosecond(since.into()).unwrap_or_default()
}

#[async_trait]
impl Backend for Objects {
    async fn read(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreError> {
        let Some(result) = self.get(key, GetOptions::default()).await? else {
            return Ok(None);
        };
        let version = self.state.there(key, result.meta.clone())?;
        Ok(Some((self.body(key, result).await?, version)))
    }

    async fn create(&self, objects: Vec<(String, Bytes)>) -> Result<Vec<bool>, StoreError> {
        stream::iter(objects)
            .map(|(key, bytes)| self.create_one(key, bytes))
            .buffered(CONCURRENCY)
            .try_collect()
            .await
    }

    async fn swap(
        &self,
        key: &str,
        bytes: Bytes,
        expected: Option<&Version>,
    ) -> Result<Option<Version>, StoreError> {
        self.try_conditions().await?;
        let mode = match expected {
            None => PutMode::Create,
            Some(version) => PutMode::Update(self.state.condition(version)),
        };
        self.put(key, bytes, mode, true).await
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let there = self.meta(key).await?.is_some();
        match self.store.delete(&Path::from(key)).await {
            Ok(()) => Ok(there),
            Err(error) => self.read_error(key, &error).map_or(Ok(false), Err),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        let meta = self.meta(key).await?;
        Ok(meta.map(|meta| Head {
            stamp: stamp(&meta),
            modified: modified(&meta),
            size: meta.size,
        }))
    }

    /// Deletes are not conditional: a newer object in its place would be lost.
    async fn discard(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn remove(&self, key: &str, stamp: &str) -> Result<bool, StoreError> {
        match (&self.home, stamp.rsplit_once('@')) {
            (Home::S3(bucket), Some((_, version))) if !version.is_empty() => {
                bucket.remove_version(key, version).await
            }
            // One process alone sees it.
            (Home::Memory, _) => match self.head(key).await? {
                Some(head) if head.stamp == stamp => self.delete(key).await,
                _ => Ok(false),
            },
            _ => Err(StoreError::invalid(
                "this store can't remove just the writing of an object that was looked at, so that another \
                 one's could be lost: a bucket of S3 can when it keeps versions, and a directory",
            )),
        }
    }

    async fn sizes(&self, keys: Vec<String>) -> Result<Vec<Option<u64>>, StoreError> {
        stream::iter(keys)
            .map(|key| async move { Ok(self.meta(&key).await?.map(|meta| meta.size)) })
            .buffered(CONCURRENCY)
            .try_collect()
            .await
    }

    async fn list(&self, directory: &str) -> Result<Vec<Listed>, StoreError> {
        let listing = self
            .store
            .list_with_delimiter(Some(&Path::from(directory)))
            .await
            .map_err(|error| self.home.unavailable(directory, &error))?;
        let name = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let directories = listing.common_prefixes.iter().map(|path| Listed {
            name: name(path),
            size: 0,
            modified: None,
            stamp: String::new(),
            directory: true,
        });
        let objects = listing.objects.iter().map(|meta| Listed {
            name: name(&meta.location),
            size: meta.size,
            modified: Some(modified(meta)),
            stamp: stamp(meta),
            directory: false,
        });
        let mut all: Vec<Listed> = directories.chain(objects).collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let Some(meta) = self.meta(key).await? else {
            return Ok(None);
        };
        if meta.size > LARGE {
            let file = self.spool(key, &meta).await?;
            return Ok(Some(Box::new(std::io::BufReader::new(file))));
        }
        let object = self.read(key).await?;
        Ok(object.map(|(bytes, _)| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }

    fn bucket(&self) -> Option<&Bucket> {
        match &self.home {
            Home::S3(bucket) => Some(bucket),
            _ => None,
        }
    }
}
