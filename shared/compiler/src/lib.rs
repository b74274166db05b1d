//! Tree and inputs to catalog and trace.
//!
//! [`compile`] takes a [`Request`], the one door to the world ([`inputs::Inputs`]) and a
//! [`CodeCache`], and gives a [`Compilation`]: a catalog or an error, the trace of every read, and
//! what was logged. It does no I/O, knows no clock and never panics on what users write.
//!
//! - [`evaluator`](crate::evaluator): expressions to values; [`scope`](crate::scope): variables
//! - [`loader`](crate::loader): finds classes, defines, functions, types and nodes
//! - [`functions`](crate::functions): the built-in functions and the interface they are written to
//! - `catalog_builder`: resources, classes, collectors, relationships
//! - `recorder`: the trace

pub(crate) mod catalog_builder;
pub mod code;
mod compile;
pub(crate) mod data_lookup;
mod error;
mod evaluate;
pub(crate) mod evaluator;
pub(crate) mod frame;
pub(crate) mod functions;
pub mod inputs;
pub(crate) mod loader;
pub mod log;
pub(crate) mod recorder;
pub mod release;
pub(crate) mod resource_types;
pub(crate) mod scope;
pub mod settings;
mod verify;

pub use code::CodeCache;
pub use compile::{ClassAssignment, Compilation, Manifest, Request, compile};
pub use error::Error;
pub use evaluate::{Evaluation, Program, evaluate};
pub use inputs::Inputs;
pub use recorder::{existence_digest, file_digest, listing_digest, metadata_digest};
pub use verify::{verify, verify_code};
