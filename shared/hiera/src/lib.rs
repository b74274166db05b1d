//! Hiera 5: data by key from a hierarchy of files, as Puppet's `pops/lookup` finds it.
//!
//! A compile makes one [`Hiera`] and asks it for keys; everything that decides the answer
//! (configuration, data, variables) comes through [`World`], which the caller implements, so that
//! each read can be recorded. Nothing here touches files, clock or environment.
//!
//! - [`Hiera::lookup`] is the function `lookup()`, [`Hiera::lookup_parameter`] automatic parameter lookup.
//! - [`Config`] is a parsed `hiera.yaml`: immutable, shared by all compiles of a release.
//! - [`DataFile`] is a parsed data file, for implementors of [`World::data`].
//! - [`yaml`] reads YAML as Ruby's Psych does.

mod adapter;
mod config;
mod data;
mod error;
mod glob;
mod hierarchy;
mod interpolate;
mod invocation;
mod key;
mod merge;
mod options;
mod paths;
mod ruby;
mod session;
mod world;
pub mod yaml;

pub use config::Config;
pub use data::{DataFile, DataFormat};
pub use error::{ErrorKind, LookupError, Result};
pub use key::{LookupKey, Segment, VariablePath};
pub use session::{Found, FoundIn, Hiera, LayerSet, LookupOptions};
pub use world::{ConvertError, DataProvider, DataSource, DirEntry, Layer, Strict, World};
