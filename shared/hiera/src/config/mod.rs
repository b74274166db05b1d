//! `hiera.yaml`: what a layer's hierarchy is.

use std::sync::Arc;

use bunraku_pcore::Value;
use ecow::EcoString;

use crate::{Layer, LookupError, Result, Strict};

mod lines;
mod parse;
mod shape;

/// A parsed and validated `hiera.yaml` of version 5: immutable, shared by all compiles of a release.
#[derive(Debug)]
pub struct Config {
    /// Path as Puppet shows it; `None`: the default configuration, there is no file.
    pub(crate) path: Option<EcoString>,
    /// The file's text, to find the lines of errors that show only when the hierarchy is resolved.
    pub(crate) text: String,
    /// Data directory where an entry names none.
    pub(crate) datadir: EcoString,
    /// Options where an entry has none.
    pub(crate) options: Option<Value>,
    /// The levels, highest priority first.
    pub(crate) hierarchy: Vec<Entry>,
    /// The levels asked after all layers; only in modules.
    pub(crate) default_hierarchy: Option<Vec<Entry>>,
    /// Why the file can't be used, after its warnings are logged.
    pub(crate) error: Option<LookupError>,
    /// `strict` lets a file of version 3 pass unread where it may not stand.
    pub(crate) is_ignored: bool,
    /// To be logged when the configuration is first used.
    pub(crate) warnings: Vec<String>,
}

/// One level of a hierarchy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: EcoString,
    pub(crate) kind: FunctionKind,
    pub(crate) function: EcoString,
    pub(crate) datadir: Option<EcoString>,
    pub(crate) locations: Option<Locations>,
    pub(crate) options: Option<Value>,
}

/// How a level's function answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FunctionKind {
    DataHash,
    LookupKey,
    DataDig,
    Hiera3Backend,
    /// A function of the deprecated data provider API; accepted in a configuration, never supported.
    V4DataHash,
}

impl FunctionKind {
    /// The kinds in the order in which the reference looks for them, with their keys.
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::DataHash, "data_hash"),
        (Self::LookupKey, "lookup_key"),
        (Self::DataDig, "data_dig"),
        (Self::Hiera3Backend, "hiera3_backend"),
        (Self::V4DataHash, "v4_data_hash"),
    ];

    /// Its key in a configuration.
    pub(crate) fn tag(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("data_hash", |(_, tag)| tag)
    }
}

/// Where a level's data lies, before interpolation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Locations {
    Paths(Vec<EcoString>),
    Globs(Vec<EcoString>),
    Uris(Vec<EcoString>),
    /// Expression of the values, name of the variable, template.
    Mapped([EcoString; 3]),
}

impl Config {
    /// Parses and validates the text of a `hiera.yaml`.
    ///
    /// # Errors
    /// The reference's message for text that is no YAML or no valid configuration; a named error for
    /// versions 3 (global layer) and 4, which are not supported yet.
    pub fn parse(
        text: &[u8],
        display_path: &str,
        layer: &Layer,
        strict: Strict,
    ) -> Result<Arc<Self>> {
        parse::parse(text, display_path, layer, strict).map(Arc::new)
    }

    /// Why the file can't be used although it is well formed: told when it is first used.
    #[must_use]
    pub fn refusal(&self) -> Option<&LookupError> {
        self.error.as_ref()
    }

    /// What is to be logged when the configuration is first used.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The configuration where there is no file: `data/common.yaml`, if it exists.
    pub(crate) fn default_config() -> Self {
        Self {
            path: None,
            text: String::new(),
            datadir: "data".into(),
            options: None,
            hierarchy: vec![parse::default_entry()],
            default_hierarchy: None,
            error: None,
            is_ignored: false,
            warnings: Vec::new(),
        }
    }

    /// `find_line_matching(/\s+name:\s+['"]?NAME(?:[^\w]|$)/)`, from line `start` on.
    pub(crate) fn line_of_name(&self, name: &str, start: u32) -> Option<u32> {
        lines::find_setting(&self.text, "name:", Some(name), start)
    }

    /// `find_line_matching(/%\{['"]?VAR['"]?}/)`
    pub(crate) fn line_of_variable(&self, name: &str) -> Option<u32> {
        lines::find_variable(&self.text, name)
    }
}
