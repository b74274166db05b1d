//! Where a PEM document comes from: a file, or the text itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use crate::error::{PkiError, Result};

/// A PEM document as an option names it: a file's path, or the text itself (secrets of containers come so).
#[derive(Clone, PartialEq, Eq)]
pub enum PemSource {
    /// A file, read when it is needed.
    File(PathBuf),
    /// The document.
    Text(String),
}

/// The state of a file: differs when the file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) modified: SystemTime,
    length: u64,
}

impl Stamp {
    /// The state of a file now.
    pub(crate) fn of_file(path: &Path) -> Result<Self> {
        fs::metadata(path)
            .and_then(|metadata| {
                Ok(Self {
                    modified: metadata.modified()?,
                    length: metadata.len(),
                })
            })
            .map_err(|source| PkiError::Io {
                path: path.to_owned(),
                source,
            })
    }

    /// The state of a text that never changes.
    pub(crate) fn of_text(text: &str) -> Self {
        Self {
            modified: SystemTime::now(),
            length: text.len() as u64,
        }
    }
}

impl PemSource {
    /// The document.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> Result<String> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::File(path) => fs::read_to_string(path).map_err(|source| PkiError::Io {
                path: path.clone(),
                source,
            }),
        }
    }

    /// What to call it in messages; never the text, which may be a key.
    #[must_use]
    pub fn name(&self, what: &str) -> String {
        match self {
            Self::Text(_) => format!("the {what} given as text"),
            Self::File(path) => format!("the {what} {}", path.display()),
        }
    }
}

impl FromStr for PemSource {
    type Err = std::convert::Infallible;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Ok(if value.contains("-----BEGIN ") {
            Self::Text(value.to_owned())
        } else {
            Self::File(value.into())
        })
    }
}

impl std::fmt::Debug for PemSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}
