//! Objects in memory, through `object_store`; what S3 will be too.

use std::io::{Cursor, Read};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use object_store::path::Path;
use object_store::{
    Error, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutResult,
    UpdateVersion,
};

use super::{Backend, Head, Listed, Version};
use crate::StoreError;

/// Any `ObjectStore` that has conditional puts by `ETag`.
#[derive(Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
}

impl Objects {
    pub(crate) fn memory() -> Self {
        Self {
            store: Arc::new(object_store::memory::InMemory::new()),
        }
    }

    async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        mode: PutMode,
    ) -> Result<Option<PutResult>, StoreError> {
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        match self
            .store
            .put_opts(&Path::from(key), bytes.into(), options)
            .await
        {
            Ok(result) => Ok(Some(result)),
            Err(
                Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotFound { .. },
            ) => Ok(None),
            Err(error) => Err(StoreError::unavailable(key, error)),
        }
    }

    async fn get(&self, key: &str) -> Result<Option<GetResult>, StoreError> {
        match self.store.get(&Path::from(key)).await {
            Ok(result) => Ok(Some(result)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StoreError::unavailable(key, error)),
        }
    }
}

fn version(key: &str, e_tag: Option<String>) -> Result<Version, StoreError> {
    e_tag
        .map(Version)
        .ok_or_else(|| StoreError::unavailable(key, "the store gives no ETag"))
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
        let Some(result) = self.get(key).await? else {
            return Ok(None);
        };
        let version = version(key, result.meta.e_tag.clone())?;
        let bytes = result
            .bytes()
            .await
            .map_err(|error| StoreError::unavailable(key, error))?;
        Ok(Some((bytes, version)))
    }

    async fn create(&self, objects: Vec<(String, Bytes)>) -> Result<Vec<bool>, StoreError> {
        let mut created = Vec::with_capacity(objects.len());
        for (key, bytes) in objects {
            created.push(self.put(&key, bytes, PutMode::Create).await?.is_some());
        }
        Ok(created)
    }

    async fn swap(
        &self,
        key: &str,
        bytes: Bytes,
        expected: Option<&Version>,
    ) -> Result<Option<Version>, StoreError> {
        let mode = match expected {
            None => PutMode::Create,
            Some(Version(e_tag)) => PutMode::Update(UpdateVersion {
                e_tag: Some(e_tag.clone()),
                version: None,
            }),
        };
        match self.put(key, bytes, mode).await? {
            Some(result) => version(key, result.e_tag).map(Some),
            None => Ok(None),
        }
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let there = self
            .sizes(vec![key.to_owned()])
            .await?
            .iter()
            .any(Option::is_some);
        match self.store.delete(&Path::from(key)).await {
            Ok(()) => Ok(there),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(StoreError::unavailable(key, error)),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError> {
        match self.store.head(&Path::from(key)).await {
            Ok(meta) => Ok(Some(Head {
                stamp: stamp(&meta),
                modified: modified(&meta),
            })),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StoreError::unavailable(key, error)),
        }
    }

    /// Deletes are not conditional: a newer object in its place would be lost.
    async fn discard(&self, _: &str, _: &str) -> Result<(), StoreError> {
        Ok(())
    }

    async fn sizes(&self, keys: Vec<String>) -> Result<Vec<Option<u64>>, StoreError> {
        let mut sizes = Vec::with_capacity(keys.len());
        for key in keys {
            sizes.push(match self.store.head(&Path::from(key.as_str())).await {
                Ok(meta) => Some(meta.size),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(StoreError::unavailable(key, error)),
            });
        }
        Ok(sizes)
    }

    async fn list(&self, directory: &str) -> Result<Vec<Listed>, StoreError> {
        let listing = self
            .store
            .list_with_delimiter(Some(&Path::from(directory)))
            .await
            .map_err(|error| StoreError::unavailable(directory, error))?;
        let name = |path: &Path| path.filename().unwrap_or_default().to_owned();
        let directories = listing.common_prefixes.iter().map(|path| Listed {
            name: name(path),
            size: 0,
            modified: None,
            directory: true,
        });
        let objects = listing.objects.iter().map(|meta| Listed {
            name: name(&meta.location),
            size: meta.size,
            modified: Some(modified(meta)),
            directory: false,
        });
        let mut all: Vec<Listed> = directories.chain(objects).collect();
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    async fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, StoreError> {
        let object = self.read(key).await?;
        Ok(object.map(|(bytes, _)| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }
}
