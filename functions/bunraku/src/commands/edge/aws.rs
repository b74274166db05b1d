//! What AWS has for edges: a topic that tells of new catalogs, and a bucket that takes uploads itself.

use std::time::Duration;

use async_trait::async_trait;
use bunraku_edge::UploadPlaces;
use bunraku_edge::api::UploadPlace;
use bunraku_farm::documents::UploadKey;
use bunraku_queue::sqs::{Announcements, SqsQueue};
use bunraku_store::{Bucket, StoreError};

use super::announcements::{Source, Subscription};

/// How long a place for an upload is good: it is used at once, but the archive takes its time to be sent.
const GOOD_FOR: Duration = Duration::from_secs(3600);

/// The topic of published catalogs.
pub(super) struct Topic {
    pub(super) arn: String,
    /// The farm's queue, whose prefix the edge's own has.
    pub(super) queue: SqsQueue,
}

#[async_trait]
impl Source for Topic {
    async fn subscribe(&self) -> Result<Box<dyn Subscription>, String> {
        let announcements = Announcements::subscribe(&self.arn, &self.queue).await;
        Ok(Box::new(announcements.map_err(|error| error.to_string())?))
    }
}

#[async_trait]
impl Subscription for Announcements {
    async fn next(&mut self) -> Result<Vec<String>, String> {
        Self::next(self).await.map_err(|error| error.to_string())
    }

    async fn close(self: Box<Self>) -> Result<(), String> {
        Self::close(*self).await.map_err(|error| error.to_string())
    }
}

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
