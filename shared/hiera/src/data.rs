//! Data files: what `yaml_data` and `json_data` make of a text.

use bunraku_pcore::Value;

use crate::{Result, Strict};

/// The function that reads a data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataFormat {
    /// `yaml_data`
    Yaml,
    /// `json_data`
    Json,
}

/// A parsed data file: immutable, to be shared by all compiles of a release.
#[derive(Debug, Clone, Default)]
pub struct DataFile {}

impl DataFile {
    /// Parses a file's text.
    ///
    /// # Errors
    /// The reference's message for a text that is no YAML or JSON, or (under strict) no hash.
    pub fn parse(_text: &[u8], _display_path: &str, _format: DataFormat, _strict: Strict) -> Result<Self> {
        Ok(Self {})
    }

    /// Value of a top-level key, shared, not copied.
    ///
    /// # Errors
    /// When the value holds what is no Puppet value (a Ruby symbol).
    pub fn value(&self, _key: &str) -> Result<Option<Value>> {
        Ok(None)
    }

    /// What is to be logged when the file is first used, as data of `module` if given.
    #[must_use]
    pub fn warnings(&self, _module: Option<&str>) -> Vec<String> {
        Vec::new()
    }
}
