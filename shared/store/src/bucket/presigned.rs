//! Uploads by whoever has a URL and no credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use bunraku_farm::documents::UploadKey;
use serde::{Deserialize, Serialize};

use super::Bucket;
use crate::StoreError;

/// Leave to `PUT` one upload, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresignedUpload {
    /// Where to send the archive.
    pub url: String,
    /// Headers that must be sent with it as they stand here, as they are signed.
    pub headers: BTreeMap<String, String>,
}

impl Bucket {
    /// Signs leave to write an upload that is not there yet, for a time of at most seven days and
    /// no longer than the credentials that it is signed with hold.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a longer time, [`StoreError::Unavailable`] without credentials.
    pub async fn presigned_upload(
        &self,
        upload: &UploadKey,
        expires: Duration,
    ) -> Result<PresignedUpload, StoreError> {
        let expires = PresigningConfig::expires_in(expires).map_err(|error| {
            StoreError::invalid(format!(
                "an upload can't be signed for {expires:?}: {error}"
            ))
        })?;
        let signed = self
            .client
            .put_object()
            .bucket(self.name())
            .key(self.object(upload))
            .if_none_match("*")
            .presigned(expires)
            .await
            .map_err(|error| self.failed(upload, &error))?;
        let headers = signed
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Ok(PresignedUpload {
            url: signed.uri().to_owned(),
            headers,
        })
    }
}
