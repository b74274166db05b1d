//! Where objects lie, for the words of errors.

use object_store::Error;

use crate::{Bucket, StoreError};

/// Where objects lie.
#[derive(Debug)]
pub(crate) enum Home {
    /// In this process.
    Memory,
    /// In a bucket of S3.
    S3(Bucket),
    /// In a bucket of another cloud.
    #[cfg(any(feature = "azure", feature = "gcs"))]
    Cloud(crate::backend::cloud::Cloud),
}

impl Home {
    /// The error of a request for a key that failed.
    pub(super) fn unavailable(&self, key: &str, error: &Error) -> StoreError {
        match self {
            Self::Memory => StoreError::unavailable(key, error),
            Self::S3(bucket) => StoreError::unavailable(key, bucket.place().reason(error, None)),
            #[cfg(any(feature = "azure", feature = "gcs"))]
            Self::Cloud(cloud) => StoreError::unavailable(key, cloud.reason(error)),
        }
    }
}
