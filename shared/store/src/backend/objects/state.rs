//! What tells a state of an object from the one before, and from the one after.

use object_store::{ObjectMeta, PutResult, UpdateVersion};

use crate::{StoreError, Version};

/// By what a store compares states.
#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// The `ETag`, as on S3 and Azure.
    ETag,
    /// The number of the writing, which Google compares.
    #[cfg_attr(
        not(feature = "gcs"),
        expect(dead_code, reason = "no other cloud has it")
    )]
    Generation,
}

impl State {
    /// The version that a put has written.
    pub(super) fn written(self, key: &str, put: PutResult) -> Result<Version, StoreError> {
        self.pick(key, put.e_tag, put.version)
    }

    /// The version of what is there.
    pub(super) fn there(self, key: &str, meta: ObjectMeta) -> Result<Version, StoreError> {
        self.pick(key, meta.e_tag, meta.version)
    }

    fn pick(
        self,
        key: &str,
        e_tag: Option<String>,
        generation: Option<String>,
    ) -> Result<Version, StoreError> {
        let (found, name) = match self {
            Self::ETag => (e_tag, "ETag"),
            Self::Generation => (generation, "generation"),
        };
        let missing = || StoreError::unavailable(key, format!("the store gives no {name}"));
        found.map(Version).ok_or_else(missing)
    }

    /// The condition that a version is still there.
    pub(super) fn condition(self, version: &Version) -> UpdateVersion {
        let version = Some(version.0.clone());
        match self {
            Self::ETag => UpdateVersion {
                e_tag: version,
                version: None,
            },
            Self::Generation => UpdateVersion {
                e_tag: None,
                version,
            },
        }
    }
}
