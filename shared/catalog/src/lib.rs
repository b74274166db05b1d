//! The catalog: model, wire formats, canonical form, diff, and the trace of what it rests on.
//!
//! - [`model`]: [`Catalog`], [`Resource`], [`Edge`], in the order in which Puppet writes them
//! - [`wire`]: rich and plain JSON as agents read it, and back
//! - [`canonical`], [`diff`]: when are two catalogs the same, and where do they differ
//! - [`scoreboard`]: the result of comparing many nodes
//! - [`trace`]: every read that a compile made of its world, with the digest of the answer

pub mod canonical;
pub mod diff;
mod digest;
pub mod model;
mod read;
pub mod scoreboard;
pub mod trace;
pub mod wire;

pub use model::{
    Catalog, Checksum, Edge, FileKind, FileMetadata, Kind, Parameters, Resource, Version,
};
pub use trace::{AnswerDigest, Broken, Read, ReadChange, Trace};
