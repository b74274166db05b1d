//! Objects that are found in the store, and are to stay there: see [`bunraku_farm::garbage`].

use bytes::Bytes;

use super::{ATTEMPTS, Store, Written};
use crate::{Key, StoreError};

impl Store {
    /// Makes sure that an object stays for half the grace at least, whatever is collected; gives its size,
    /// `None` when it is not there.
    pub(super) async fn keep(&self, key: &str) -> Result<Option<u64>, StoreError> {
        for _ in 0..ATTEMPTS {
            let Some(head) = self.backend.head(key).await? else {
                return Ok(None);
            };
            if !self.wants_renewal(head.modified) {
                return Ok(Some(head.size));
            }
            let Some((bytes, version)) = self.backend.read(key).await? else {
                return Ok(None);
            };
            // Another one may be about to do the same, or to remove it.
            let renewed = self.backend.swap(key, bytes, Some(&version)).await?;
            if renewed.is_some() {
                tracing::debug!(key, "written again, since it is old and wanted");
                return Ok(Some(head.size));
            }
        }
        Err(StoreError::Conflict {
            key: key.to_owned(),
        })
    }

    /// Writes an immutable object; what is there already is as good, and stays.
    pub(super) async fn create_kept(&self, key: &Key, bytes: Bytes) -> Result<Written, StoreError> {
        let key = key.to_string();
        for _ in 0..ATTEMPTS {
            let created = self
                .backend
                .create(vec![(key.clone(), bytes.clone())])
                .await?;
            if created.first() == Some(&true) {
                return Ok(Written::New);
            }
            if self.keep(&key).await?.is_some() {
                return Ok(Written::Same);
            }
        }
        Err(StoreError::Conflict { key })
    }

    /// Writes an immutable object; what is there already must be the same, and stays.
    pub(super) async fn create_same_kept(
        &self,
        key: &Key,
        bytes: Bytes,
    ) -> Result<Written, StoreError> {
        for _ in 0..ATTEMPTS {
            let written = match self.create_same(key, bytes.clone()).await {
                // A collection took it between two looks.
                Err(StoreError::Conflict { .. }) => continue,
                written => written?,
            };
            if self.keep(&key.to_string()).await?.is_some() {
                return Ok(written);
            }
        }
        Err(StoreError::Conflict {
            key: key.to_string(),
        })
    }

    /// Whether an object is there, and none that may be collected soon if nobody names it.
    pub(super) async fn is_young(&self, key: &Key) -> Result<bool, StoreError> {
        let head = self.backend.head(&key.to_string()).await?;
        Ok(head.is_some_and(|head| !self.wants_renewal(head.modified)))
    }

    fn wants_renewal(&self, written: jiff::Timestamp) -> bool {
        self.grace.wants_renewal(written, self.host.now())
    }
}
