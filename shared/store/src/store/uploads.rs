//! Uploads and what came of them.

use std::io::Read;

use bunraku_farm::documents::{UploadKey, UploadResult};
use bytes::Bytes;

use super::{Store, Written, to_json};
use crate::{Key, StoreError};

impl Store {
    /// Puts an upload; [`StoreError::AlreadyExists`] when its id was used for something else.
    pub async fn create_upload(
        &self,
        upload: &UploadKey,
        archive: impl Into<Bytes>,
    ) -> Result<Written, StoreError> {
        self.create_same(&Key::Upload(upload.clone()), archive.into())
            .await
    }

    /// The uploads of all environments that wait to be dealt with, by environment and id.
    pub async fn uploads(&self) -> Result<Vec<UploadKey>, StoreError> {
        let mut uploads = Vec::new();
        for environment in self.directories("uploads").await? {
            let keys = self
                .keys(&format!("uploads/{environment}"))
                .await?
                .into_iter();
            uploads.extend(keys.filter_map(|(key, _)| match key {
                Key::Upload(upload) => Some(upload),
                _ => None,
            }));
        }
        Ok(uploads)
    }

    /// An upload's size in bytes; `None` when it is not there (any more).
    pub async fn upload_size(&self, upload: &UploadKey) -> Result<Option<u64>, StoreError> {
        let sizes = self.backend.sizes(vec![upload.to_string()]).await?;
        Ok(sizes.into_iter().next().flatten())
    }

    /// An upload's bytes as a stream, to be read off the async threads.
    pub async fn open_upload(
        &self,
        upload: &UploadKey,
    ) -> Result<Box<dyn Read + Send>, StoreError> {
        let key = upload.to_string();
        self.backend
            .open(&key)
            .await?
            .ok_or(StoreError::NotFound { key })
    }

    /// Removes an upload; says whether it was there.
    pub async fn delete_upload(&self, upload: &UploadKey) -> Result<bool, StoreError> {
        self.delete(&Key::Upload(upload.clone())).await
    }

    /// What came of an upload; `None` as long as it is not dealt with.
    pub async fn upload_result(
        &self,
        upload: &UploadKey,
    ) -> Result<Option<UploadResult>, StoreError> {
        self.read(&Key::upload_result(upload)).await
    }

    /// Writes what came of an upload, once: a second result changes nothing.
    pub async fn put_upload_result(
        &self,
        upload: &UploadKey,
        result: &UploadResult,
    ) -> Result<Written, StoreError> {
        let key = Key::upload_result(upload);
        let created = self
            .backend
            .create(vec![(key.to_string(), to_json(result)?)])
            .await?;
        if created.first() != Some(&true) {
            return Ok(Written::Same);
        }
        self.tell(&key);
        Ok(Written::New)
    }
}
