//! Uploads and what came of them.

use std::collections::HashMap;
use std::io::Read;

use bunraku_farm::documents::{Arrival, UploadKey, UploadResult};
use bytes::Bytes;

use super::{Store, Written};
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

    /// The uploads of all environments that wait to be dealt with, by environment and id: on a
    /// directory all that are there, in a bucket those with no result or that of an earlier upload under
    /// the same name.
    pub async fn waiting_uploads(&self) -> Result<Vec<UploadKey>, StoreError> {
        let removed = self.root().is_some();
        let mut waiting = Vec::new();
        for environment in self.directories("uploads").await? {
            let directory = format!("uploads/{environment}");
            let mut uploads = Vec::new();
            let mut results = HashMap::new();
            for entry in self.backend.list(&directory).await? {
                match format!("{directory}/{}", entry.name).parse() {
                    Ok(Key::Upload(upload)) => uploads.push((upload, entry.modified)),
                    Ok(Key::UploadResult { id, .. }) => drop(results.insert(id, entry.modified)),
                    _ => {}
                }
            }
            let open = uploads.into_iter().filter(|(upload, written)| {
                let result = results.get(upload.id());
                removed || result.is_none_or(|answered| answered < written)
            });
            waiting.extend(open.map(|(upload, _)| upload));
        }
        Ok(waiting)
    }

    /// Which arrival of an upload is there; `None` when none is (any more).
    pub async fn arrival(&self, upload: &UploadKey) -> Result<Option<Arrival>, StoreError> {
        let head = self.backend.head(&upload.to_string()).await?;
        Ok(head.map(|head| Arrival {
            at: head.modified,
            id: upload.id().to_owned(),
            stamp: head.stamp,
        }))
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

    /// Removes an upload that was dealt with, unless another one lies in its place by now. In a bucket it
    /// stays, and the bucket's lifecycle removes it.
    pub async fn discard_upload(
        &self,
        upload: &UploadKey,
        arrival: &Arrival,
    ) -> Result<(), StoreError> {
        self.backend
            .discard(&upload.to_string(), &arrival.stamp)
            .await
    }

    /// What came of the last upload of this name that was dealt with; see [`UploadResult::stamp`].
    pub async fn upload_result(
        &self,
        upload: &UploadKey,
    ) -> Result<Option<UploadResult>, StoreError> {
        self.read(&Key::upload_result(upload)).await
    }

    /// Writes what came of an upload, in the place of what came of an earlier one of its name. A
    /// second result for the same arrival changes nothing.
    pub async fn put_upload_result(
        &self,
        upload: &UploadKey,
        result: &UploadResult,
    ) -> Result<Written, StoreError> {
        let key = Key::upload_result(upload);
        let updated = self
            .update(&key, |current: Option<&UploadResult>| {
                let same = current.is_some_and(|current| current.stamp == result.stamp);
                (!same).then(|| result.clone())
            })
            .await?;
        Ok(match updated.written {
            true => Written::New,
            false => Written::Same,
        })
    }
}
