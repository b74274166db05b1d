//! What a place for objects must be able to do, and the places there are.

mod address;
#[cfg(any(feature = "azure", feature = "gcs"))]
mod cloud;
mod credentials;
mod failure;
mod files;
mod objects;
mod s3;
#[cfg(test)]
mod scripted;
mod transport;

use std::fmt::Debug;
use std::io::Read;
use std::path::Path;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

#[cfg(feature = "azure")]
pub(crate) use cloud::AzureUrl;
#[cfg(feature = "gcs")]
pub(crate) use cloud::GcsUrl;
pub(crate) use files::Files;
#[cfg(test)]
pub(crate) use files::Step;
pub(crate) use objects::Objects;
pub(crate) use s3::S3Url;

use crate::{Bucket, StoreError};

/// The state that a document was read in; equal when nothing was written between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub(crate) String);

impl Version {
    /// What a back end calls a state.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The last part of its key.
    pub name: String,
    /// Its size in bytes; 0 for a directory.
    pub size: u64,
    /// When it was last written; unknown for a directory.
    pub modified: Option<Timestamp>,
    /// Another text after each writing, as in [`Head`]; empty for a directory.
    pub stamp: String,
    /// Whether more keys begin with it and a `/`.
    pub directory: bool,
}

/// What tells one writing of an object from another, without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Another text after each writing, also of the same bytes.
    pub stamp: String,
    /// When it was written.
    pub modified: Timestamp,
    /// Its size in bytes.
    pub size: u64,
}

/// Objects under keys. The keys come from [`crate::Key`] and need no checking.
///
/// Every write is atomic: readers see the old object, the new one or none, whatever crashes.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// An object and the version for [`Backend::swap`].
    async fn read(&self, key: &str) -> Result<Option<(Bytes, Version)>, StoreError>;

    /// Writes objects that are not there yet; says of each whether it was written.
    async fn create(&self, objects: Vec<(String, Bytes)>) -> Result<Vec<bool>, StoreError>;

    /// Replaces an object that still has the version `expected`, or writes one that is not there
    /// (`None`); `None` when that is not so.
    async fn swap(
        &self,
        key: &str,
        bytes: Bytes,
        expected: Option<&Version>,
    ) -> Result<Option<Version>, StoreError>;

    /// Removes an object; says whether it was there.
    async fn delete(&self, key: &str) -> Result<bool, StoreError>;

    /// Which writing of an object is there.
    async fn head(&self, key: &str) -> Result<Option<Head>, StoreError>;

    /// Removes an object that has served its purpose, if it still is the writing that `stamp` tells.
    /// A back end that can't do both in one step leaves it to the bucket's lifecycle.
    async fn discard(&self, key: &str, stamp: &str) -> Result<(), StoreError>;

    /// Removes an object if it still is the writing that `stamp` tells, as [`Backend::head`] gave it; says
    /// whether it was. One step: a writing that comes meanwhile stays. [`StoreError::Invalid`] when the back
    /// end can't do that.
    async fn remove(&self, key: &str, stamp: &str) -> Result<bool, StoreError>;

    /// The sizes of objects, `None` for those that are not there.
    async fn sizes(&self, keys: Vec<String>) -> Result<Vec<Option<u64>>, StoreError>;

    /// What lies directly under `directory`, by name; nothing when it is not there.
    async fn list(&self, directory: &str) -> Result<Vec<Listed>, StoreError>;

    /// An object as a stream; for big ones.
    async fn open(&self, key: &str) -> Result<Option<Box<dyn Read + Send>>, StoreError>;

    /// The directory, when the objects are files under their keys.
    fn root(&self) -> Option<&Path> {
        None
    }

    /// The bucket, when the objects lie in one.
    fn bucket(&self) -> Option<&Bucket> {
        None
    }
}
