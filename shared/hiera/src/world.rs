//! The door through which a lookup reaches configuration, data and variables.

use std::sync::Arc;

use bunraku_pcore::Value;
use ecow::EcoString;

use crate::{Config, DataFormat, Result, VariablePath};

/// What a lookup can read. Each method's answer must be a function of its arguments for the time
/// of a compile, so that reads can be recorded and verified.
///
/// **Paths** are code paths: relative to the environment's root with `/` (`data/common.yaml`), or
/// absolute when they lie outside of it. They are clean (no `.`, `..`, double slash).
pub trait World {
    /// The configuration at `path`; `None` when there is no such file.
    ///
    /// The implementor reads the text, calls [`Config::parse`] and keeps the result for as long as
    /// the release lives.
    ///
    /// # Errors
    /// Those of [`Config::parse`].
    fn config(&self, path: &str, layer: &Layer) -> Result<Option<Arc<Config>>>;

    /// The data provider that a layer without a `hiera.yaml` names in the manner of Puppet 4: `data_provider` in a
    /// module's `metadata.json`, `environment_data_provider` in `environment.conf`.
    ///
    /// # Errors
    /// When the file can't be read.
    fn data_provider(&self, layer: &Layer) -> Result<Option<DataProvider>> {
        let _ = layer;
        Ok(None)
    }

    /// Value of the top-level `key` of a data file; `None` when the file has no such key.
    ///
    /// Asked only for files for which [`World::exists`] said `true`. The implementor parses with
    /// [`DataFile::parse`](crate::DataFile::parse), keeps the file and answers with
    /// [`DataFile::value`](crate::DataFile::value).
    ///
    /// # Errors
    /// Those of parsing and of [`DataFile::value`](crate::DataFile::value).
    fn data(&self, source: &DataSource<'_>, key: &str) -> Result<Option<Value>>;

    /// Warnings to log when a data file is used for the first time in a compile:
    /// [`DataFile::warnings`](crate::DataFile::warnings). Module data has `module`.
    ///
    /// # Errors
    /// Those of parsing; they may be left to [`World::data`], which is asked next.
    fn data_warnings(&self, source: &DataSource<'_>, module: Option<&str>) -> Result<Vec<String>> {
        let _ = (source, module);
        Ok(Vec::new())
    }

    /// Whether there is a file or directory at `path`.
    fn exists(&self, path: &str) -> bool;

    /// Entries of a directory in any order; empty when it does not exist.
    fn list(&self, directory: &str) -> Vec<DirEntry>;

    /// `path` as Puppet shows it: absolute. The empty path is the environment's root.
    fn display_path(&self, path: &str) -> EcoString;

    /// Directory of a module of the environment; `None`: there is no such module.
    fn module_path(&self, module: &str) -> Option<EcoString>;

    /// Value of a variable in the calling scope, dug by the rest of the path.
    ///
    /// `None`: the variable is undef, or the path leads nowhere in it. `path.dig(value)` does the
    /// digging; implementors that know facts by path may read only what is asked.
    ///
    /// # Errors
    /// [`LookupError::undefined_variable`](crate::LookupError::undefined_variable) when the variable
    /// does not exist and [`World::strict`] is `Error`; those of `path.dig`.
    fn variable(&self, path: &VariablePath<'_>) -> Result<Option<Value>>;

    /// `new(Type, value, args...)` for the lookup option `convert_to`.
    ///
    /// `target[0]` is a string with the source of a type, or a type value; the rest are arguments.
    ///
    /// # Errors
    /// The reason without the lookup's own words.
    fn convert(&self, target: &[Value], value: Value) -> Result<Value, ConvertError>;

    /// Puppet's setting `strict`.
    fn strict(&self) -> Strict {
        Strict::Error
    }

    /// Puppet's setting `environment`; only for messages.
    fn environment(&self) -> EcoString {
        "production".into()
    }

    /// Logs a warning.
    fn warn(&self, message: &str) {
        let _ = message;
    }
}

/// A data provider of Puppet 4's manner, and where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataProvider {
    /// Its name: `none`, `hiera`, `function`.
    pub name: String,
    /// The file that names it, as Puppet shows it.
    pub file: EcoString,
    /// 1-based line.
    pub line: Option<u32>,
}

/// A data file and how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataSource<'a> {
    /// Code path.
    pub path: &'a str,
    /// The path as Puppet shows it, for messages.
    pub display_path: &'a str,
    /// Which function reads it.
    pub format: DataFormat,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirEntry {
    /// Name without path.
    pub name: EcoString,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// The layer that a configuration belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Layer {
    /// The site's, over all environments.
    Global,
    /// The environment's.
    Environment,
    /// A module's.
    Module(EcoString),
}

impl Layer {
    /// The module's name.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Module(name) => Some(name),
            Self::Global | Self::Environment => None,
        }
    }
}

/// Puppet's setting `strict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strict {
    /// Say nothing.
    Off,
    /// Warn.
    Warning,
    /// Fail.
    #[default]
    Error,
}

/// Why `convert_to` failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConvertError {
    /// The source of the type can't be parsed: the parser's message.
    InvalidType(String),
    /// `new` failed: its message.
    Failed(String),
}
