//! Files' contents under their digests: of releases (`blobs/`) and of agents (`bucket/`).

use std::collections::{BTreeSet, HashMap};

use bunraku_farm::{Digest, EnvironmentName};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{Store, Written};
use crate::{Key, StoreError};

/// How many blobs are asked for at once.
const AT_ONCE: usize = 32;

impl Store {
    /// Stores a file's content.
    pub async fn put_blob(&self, bytes: impl Into<Bytes>) -> Result<(Digest, Written), StoreError> {
        self.put_content(Key::Blob, bytes.into()).await
    }

    /// Stores many contents at once, which is much faster than one by one; says how many the store
    /// did not have.
    pub async fn put_blobs(
        &self,
        blobs: impl IntoIterator<Item = Bytes> + Send,
    ) -> Result<usize, StoreError> {
        let objects: Vec<(Key, Bytes)> = blobs
            .into_iter()
            .map(|bytes| (Key::Blob(Digest::of(&bytes)), bytes))
            .collect();
        self.put_contents(objects).await
    }

    /// A file's content. [`StoreError::Corrupt`] when it is not what its digest says.
    pub async fn blob(&self, digest: Digest) -> Result<Bytes, StoreError> {
        self.content(Key::Blob(digest), digest).await
    }

    /// Of each digest, whether the store has that blob; in the order given.
    pub async fn has_blobs(&self, digests: &[Digest]) -> Result<Vec<bool>, StoreError> {
        let sizes = self.blob_sizes(digests).await?;
        Ok(sizes.iter().map(Option::is_some).collect())
    }

    /// Of each digest, the size of its blob in bytes, `None` when the store lacks it; in the order
    /// given.
    pub async fn blob_sizes(&self, digests: &[Digest]) -> Result<Vec<Option<u64>>, StoreError> {
        let keys = digests.iter().map(|digest| Key::Blob(*digest).to_string());
        self.backend.sizes(keys.collect()).await
    }

    /// Those of the digests whose blobs the store lacks. Who asks is about to name the others: they stay
    /// for half the grace, whatever is collected.
    pub async fn missing_blobs(
        &self,
        digests: impl IntoIterator<Item = Digest> + Send,
    ) -> Result<BTreeSet<Digest>, StoreError> {
        let digests: BTreeSet<Digest> = digests.into_iter().collect();
        let sizes = self.keep_blobs(digests.iter().copied()).await?;
        Ok(digests
            .into_iter()
            .filter(|digest| !sizes.contains_key(digest))
            .collect())
    }

    /// The sizes of blobs that the store has, in bytes; they stay for half the grace.
    pub async fn keep_blobs(
        &self,
        digests: impl IntoIterator<Item = Digest> + Send,
    ) -> Result<HashMap<Digest, u64>, StoreError> {
        let digests: Vec<Digest> = digests.into_iter().collect();
        let kept = stream::iter(digests)
            .map(|digest| async move {
                let size = self.keep(&Key::Blob(digest).to_string()).await?;
                Ok::<_, StoreError>(size.map(|size| (digest, size)))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(kept.into_iter().flatten().collect())
    }

    /// Those of the digests whose blobs the store lacks, of a push to an environment: what its current
    /// release names is there, and next to all of a push is among it. Two requests and one for each
    /// other digest.
    pub async fn missing_blobs_of_push(
        &self,
        environment: &EnvironmentName,
        digests: impl IntoIterator<Item = Digest> + Send,
    ) -> Result<BTreeSet<Digest>, StoreError> {
        let mut asked: BTreeSet<Digest> = digests.into_iter().collect();
        if let Some(document) = self.environment(environment).await? {
            match self.release_manifest(environment, document.release).await {
                Ok(manifest) => {
                    for entry in manifest.files.values() {
                        asked.remove(&entry.digest);
                    }
                }
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => tracing::warn!(%error, "the current release is no help"),
            }
        }
        self.missing_blobs(asked).await
    }

    /// Stores a file that an agent saves before changing it.
    pub async fn put_bucket(
        &self,
        bytes: impl Into<Bytes>,
    ) -> Result<(Digest, Written), StoreError> {
        self.put_content(Key::Bucket, bytes.into()).await
    }

    /// A file that an agent saved.
    pub async fn bucket(&self, digest: Digest) -> Result<Bytes, StoreError> {
        self.content(Key::Bucket(digest), digest).await
    }

    /// Whether an agent saved this file before.
    pub async fn has_bucket(&self, digest: Digest) -> Result<bool, StoreError> {
        self.exists(&Key::Bucket(digest)).await
    }

    async fn put_content(
        &self,
        key: fn(Digest) -> Key,
        bytes: Bytes,
    ) -> Result<(Digest, Written), StoreError> {
        let digest = Digest::of(&bytes);
        let new = self.put_contents(vec![(key(digest), bytes)]).await?;
        Ok((
            digest,
            if new == 0 {
                Written::Same
            } else {
                Written::New
            },
        ))
    }

    async fn put_contents(&self, objects: Vec<(Key, Bytes)>) -> Result<usize, StoreError> {
        let mut new = 0;
        // Batches bound the open files and the memory of a call.
        for batch in objects.chunks(256) {
            let texts = batch
                .iter()
                .map(|(key, bytes)| (key.to_string(), bytes.clone()));
            let created = self.backend.create(texts.collect()).await?;
            for ((key, bytes), created) in batch.iter().zip(created) {
                if created {
                    new += 1;
                } else {
                    self.check_same(key, bytes).await?;
                    // Between these two looks a collection may take it.
                    if self.keep(&key.to_string()).await?.is_none() {
                        self.create_kept(key, bytes.clone()).await?;
                    }
                }
            }
        }
        Ok(new)
    }

    /// Verifies content that was there already; puts it right when the disk spoilt it.
    async fn check_same(&self, key: &Key, bytes: &Bytes) -> Result<(), StoreError> {
        let text = key.to_string();
        let expected = match self.backend.read(&text).await? {
            Some((there, _)) if there == *bytes => return Ok(()),
            Some((_, version)) => {
                tracing::warn!(key = text, "damaged content is replaced");
                Some(version)
            }
            None => None,
        };
        match self
            .backend
            .swap(&text, bytes.clone(), expected.as_ref())
            .await?
        {
            Some(_) => Ok(()),
            None => Err(StoreError::Conflict { key: text }),
        }
    }

    async fn content(&self, key: Key, digest: Digest) -> Result<Bytes, StoreError> {
        let bytes = self.bytes(&key).await?;
        if Digest::of(&bytes) != digest {
            return Err(StoreError::corrupt(key, "its content has another digest"));
        }
        Ok(bytes)
    }
}
