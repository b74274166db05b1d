//! The object store's layout, typed; conditional writes.
//!
//! [`Store`] knows every document and blob of the farm by its [`Key`]. Immutable objects are written
//! create-only: what is there already is fine when it is the same. Documents are written with
//! compare and swap ([`Store::swap`], [`Store::update`]): a lost race means reading again, never
//! overwriting. Content that is named by its digest is checked against it when read.
//!
//! Back ends: a bucket of S3 (`s3://`), of Google (`gs://`, feature `gcs`) or a container of Azure (`az://`,
//! feature `azure`), a local directory (`file://` or a plain path) and memory (`memory://`). What only
//! S3 can do is said by [`Bucket`]. On a directory, compare and swap and crash safety are supplied here
//! (see `backend::files`): no reader ever sees half a file, and any number of threads and processes may
//! share the directory.

mod answer;
mod backend;
mod bucket;
mod bundle;
mod error;
mod held;
mod key;
mod mirror;
mod store;

pub use backend::{Backend, Head, Listed, Version};
pub use bucket::{Bucket, ObjectVersion, PresignedUpload};
pub use bundle::{Bundle, DamagedBundle};
pub use error::StoreError;
pub use held::Held;
pub use key::{Key, ReportId};
pub use mirror::Mirror;
pub use store::{
    Collected, Kind, OutcomeMemory, Store, StoreEvent, Swept, Updated, Versioned, Written,
};

#[cfg(test)]
mod conformance;
