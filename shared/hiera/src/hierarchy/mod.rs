//! A layer's hierarchy for one compile: configuration with its interpolations resolved.

use std::sync::Arc;

use bunraku_pcore::Value;
use ecow::EcoString;

use crate::config::FunctionKind;
use crate::invocation::Remembered;

mod provider;
mod resolve;

pub(crate) use resolve::resolve;

/// The levels of a configuration, with real paths.
#[derive(Debug)]
pub(crate) struct Hierarchy {
    pub(crate) providers: Vec<Provider>,
    pub(crate) default_providers: Vec<Provider>,
    /// Variables that the paths depend on and that may differ in another scope.
    pub(crate) variables: Vec<Remembered>,
}

/// One level.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) name: EcoString,
    pub(crate) kind: FunctionKind,
    pub(crate) function: EcoString,
    /// Options of the function; unused until functions other than the built-in ones are called.
    #[allow(dead_code, reason = "lookup_key functions take them")]
    pub(crate) options: Option<Value>,
    /// `None`: the level names no location.
    pub(crate) locations: Option<Vec<Location>>,
    /// The configuration file, for errors.
    pub(crate) config: Option<EcoString>,
}

/// One place of a level's data.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    /// Path as Puppet shows it, or a URI.
    pub(crate) display: EcoString,
    /// Code path; empty for a URI.
    pub(crate) path: EcoString,
    pub(crate) exists: bool,
    pub(crate) is_uri: bool,
}

/// Shared by the lookups of one compile.
pub(crate) type SharedHierarchy = Arc<Hierarchy>;
