//! What only a bucket can do, by S3's own verbs: signed uploads, checks, versions, parts.

mod check;
mod finding;
mod judge;
mod parts;
mod place;
mod presigned;
mod probe;
#[cfg(test)]
mod tests;
mod versions;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

pub use finding::{Finding, Level};
pub(crate) use place::Place;
pub use presigned::PresignedUpload;
pub use versions::ObjectVersion;

use crate::StoreError;

/// The bucket of a store on S3; see [`crate::Store::s3_bucket`].
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    place: Place,
    /// What stands before the store's keys; empty, or with a `/` at its end.
    prefix: String,
}

impl Bucket {
    /// A bucket, and the part of it that is the store.
    pub(crate) fn new(client: Client, place: Place, prefix: &str) -> Self {
        Self {
            client,
            place,
            prefix: if prefix.is_empty() {
                String::new()
            } else {
                format!("{prefix}/")
            },
        }
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.place.bucket
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &str {
        &self.place.region
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// The name in the bucket of a key of the store.
    fn object(&self, key: impl std::fmt::Display) -> String {
        format!("{}{key}", self.prefix)
    }

    fn failed<E>(&self, key: impl ToString, error: &SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        StoreError::unavailable(key, self.reason(error))
    }

    fn reason<E>(&self, error: &SdkError<E>) -> String
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        self.place.reason(error, code(error))
    }
}

/// S3's code of an error; of an answer without a body the one that fits its status.
fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    let status = error
        .raw_response()
        .map(|response| response.status().as_u16());
    error.code().or(match status? {
        301 => Some("PermanentRedirect"),
        403 => Some("AccessDenied"),
        404 => Some("NotFound"),
        409 => Some("ConditionalRequestConflict"),
        412 => Some("PreconditionFailed"),
        503 => Some("SlowDown"),
        _ => None,
    })
}
