//! The catalog: model, wire formats, canonical form, diff, and the trace of what it rests on.
//!
//! - [`model`]: [`Catalog`], [`Resource`], [`Edge`], in the order in which Puppet writes them
//! - [`wire`]: rich and plain JSON as agents read it, and back
//! - [`fault`]: what an agent could do nothing with, in a catalog made elsewhere
//! - [`canonical`], [`diff`]: when are two catalogs the same, and where do they differ
//! - [`ExportedResource`], [`Exports`], [`ExportQuery`]: what nodes export, and how it is asked for
//! - [`scoreboard`]: the result of comparing many nodes
//! - [`trace`]: every read that a compile made of its world, with the digest of the answer

pub mod canonical;
pub mod diff;
mod digest;
mod export_query;
mod exported;
pub mod fault;
pub mod model;
mod read;
pub mod scoreboard;
pub mod trace;
pub mod wire;

pub use export_query::{Condition, ExportQuery, QueryError};
pub use exported::{AnswerDigests, ExportedResource, Exports, exported_digest};
pub use model::{
    Catalog, Checksum, Edge, FileKind, FileMetadata, Kind, Parameters, Resource, Version,
};
pub use trace::{AnswerDigest, Broken, Read, ReadChange, Trace};
