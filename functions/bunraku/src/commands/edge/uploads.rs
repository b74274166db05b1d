//! A bucket that takes uploads itself.

use std::time::Duration;

use async_trait::async_trait;
use bunraku_edge::UploadPlaces;
use bunraku_edge::api::UploadPlace;
use bunraku_farm::documents::UploadKey;
use bunraku_store::{Bucket, StoreError};

/// How long a place for an upload is good: it is used at once, but the archive takes its time to be sent.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// A bucket whose uploads are signed with the edge's own rights.
#[derive(Debug)]
pub(super) struct SignedUploads(pub(super) Bucket);

#[async_trait]
impl UploadPlaces for SignedUploads {
    async fn place(&self, upload: &UploadKey) -> Result<UploadPlace, StoreError> {
        let signed = self.0.presigned_upload(upload, GOOD_FOR).await?;
        Ok(UploadPlace {
            url: signed.url,
            headers: signed.headers,
        })
    }
}
