//! Big objects in parts, and the removal of parts that nobody will complete.
//!
//! `object_store` has no create-only upload in parts, and one put of a big object would begin from
//! nothing after each lost connection; so these go by S3's own verbs.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{Bucket, code};
use crate::StoreError;

/// The size of a part in bytes.
const PART: usize = 8 * 1024 * 1024;
/// S3 takes no more parts than this.
const MAX_PARTS: usize = 10_000;
/// How many parts are sent at once.
const CONCURRENCY: usize = 4;
/// A part must be sent after this time: [`CONCURRENCY`] of them at 3 Mbit/s.
const SENDING: Duration = Duration::from_secs(90);
/// How often a part is sent.
const TRIES: u32 = 4;

impl Bucket {
    /// Writes an object that is not there yet in parts; says whether it was written.
    pub(crate) async fn create_in_parts(
        &self,
        key: &str,
        bytes: Bytes,
    ) -> Result<bool, StoreError> {
        if self.is_there(key).await? {
            return Ok(false);
        }
        let started = self
            .client
            .create_multipart_upload()
            .bucket(self.name())
            .key(self.object(key))
            .send()
            .await
            .map_err(|error| self.failed(key, &error))?;
        let Some(upload) = started.upload_id() else {
            return Err(StoreError::unavailable(
                key,
                "the store gives no id of an upload",
            ));
        };
        let created = match self.send_parts(key, upload, bytes).await {
            Ok(parts) => self.complete(key, upload, parts).await,
            Err(error) => Err(error),
        };
        if !matches!(created, Ok(true)) {
            // What can't be removed now, the bucket's lifecycle removes.
            if let Err(error) = self.abort(&self.object(key), upload).await {
                tracing::debug!(key, error, "an upload in parts is left over");
            }
        }
        created
    }

    async fn send_parts(
        &self,
        key: &str,
        upload: &str,
        bytes: Bytes,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let size = PART.max(bytes.len().div_ceil(MAX_PARTS));
        let client = &patient(&self.client);
        let starts = (0..bytes.len()).step_by(size);
        stream::iter((1_i32..).zip(starts))
            .map(|(number, start)| {
                let part = bytes.slice(start..bytes.len().min(start + size));
                async move {
                    let sent = client
                        .upload_part()
                        .bucket(self.name())
                        .key(self.object(key))
                        .upload_id(upload)
                        .part_number(number)
                        .body(ByteStream::from(part))
                        .send()
                        .await
                        .map_err(|error| self.failed(key, &error))?;
                    Ok(CompletedPart::builder()
                        .part_number(number)
                        .set_e_tag(sent.e_tag)
                        .build())
                }
            })
            .buffered(CONCURRENCY)
            .try_collect()
            .await
    }

    async fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: Vec<CompletedPart>,
    ) -> Result<bool, StoreError> {
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let completed = patient(&self.client)
            .complete_multipart_upload()
            .bucket(self.name())
            .key(self.object(key))
            .upload_id(upload)
            .multipart_upload(parts)
            .if_none_match("*")
            .send()
            .await;
        let error = match completed {
            Ok(_) => return Ok(true),
            Err(error) => error,
        };
        match code(&error) {
            Some("PreconditionFailed") => Ok(false),
            // This call's own first try completed it, unless the bucket removed the parts.
            Some("NoSuchUpload") if self.is_there(key).await? => Ok(true),
            Some("NoSuchUpload" | "ConditionalRequestConflict" | "OperationAborted") => {
                Err(StoreError::Conflict {
                    key: key.to_owned(),
                })
            }
            _ => Err(self.failed(key, &error)),
        }
    }

    async fn is_there(&self, key: &str) -> Result<bool, StoreError> {
        let head = self
            .client
            .head_object()
            .bucket(self.name())
            .key(self.object(key))
            .send()
            .await;
        match head {
            Ok(_) => Ok(true),
            Err(error) if matches!(code(&error), Some("NotFound" | "NoSuchKey")) => Ok(false),
            Err(error) => Err(self.failed(key, &error)),
        }
    }

    async fn abort(&self, object: &str, upload: &str) -> Result<(), String> {
        let aborted = self
            .client
            .abort_multipart_upload()
            .bucket(self.name())
            .key(object)
            .upload_id(upload)
            .send()
            .await;
        match aborted {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("NoSuchUpload") => Ok(()),
            Err(error) => Err(self.reason(&error)),
        }
    }

    /// Removes the parts of uploads that were begun before `older_than` and never completed; says
    /// how many. They cost as much as objects and are seen by nobody.
    pub async fn abort_stale_uploads(&self, older_than: Duration) -> Result<usize, StoreError> {
        let before = SystemTime::now()
            .checked_sub(older_than)
            .map_or(DateTime::from_secs(0), DateTime::from);
        let mut stale = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_multipart_uploads()
                .bucket(self.name())
                .prefix(&self.prefix)
                .set_key_marker(key_marker)
                .set_upload_id_marker(id_marker)
                .send()
                .await
                .map_err(|error| self.failed("uploads in parts", &error))?;
            for upload in page.uploads() {
                let is_stale = upload.initiated().is_some_and(|begun| *begun <= before);
                if let (true, Some(key), Some(id)) = (is_stale, upload.key(), upload.upload_id()) {
                    stale.push((key.to_owned(), id.to_owned()));
                }
            }
            if page.is_truncated() != Some(true) {
                break;
            }
            key_marker = page.next_key_marker().map(str::to_owned);
            id_marker = page.next_upload_id_marker().map(str::to_owned);
        }
        for (object, upload) in &stale {
            self.abort(object, upload)
                .await
                .map_err(|reason| StoreError::unavailable(object, reason))?;
        }
        Ok(stale.len())
    }
}

/// The client with time for a part, or for S3 to put parts together.
fn patient(client: &Client) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(SENDING)
        .operation_timeout(SENDING * TRIES)
        .build();
    let settings = client.config().to_builder();
    Client::from_conf(settings.timeout_config(timeouts).build())
}
