//! Semantic versions and ranges, as `SemanticPuppet`.

use crate::{Error, Result};

/// A semantic version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SemVer {
    /// Major.
    pub major: u64,
    /// Minor.
    pub minor: u64,
    /// Patch.
    pub patch: u64,
    /// Pre-release identifiers, dot-separated.
    pub prerelease: Option<String>,
    /// Build identifiers, dot-separated.
    pub build: Option<String>,
}

/// A range of versions, with the text it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SemVerRange {
    text: String,
}

impl SemVer {
    /// Parses `1.2.3-pre+build`.
    ///
    /// # Errors
    /// Puppet's message when the text is no version.
    pub fn parse(text: &str) -> Result<Self> {
        Err(Error::new(format!(
            "Unable to parse '{text}' as a semantic version identifier"
        )))
    }
}

impl SemVerRange {
    /// Parses a range (`>=1.0.0 <2.0.0`, `1.x`, `~1.2`).
    ///
    /// # Errors
    /// Puppet's message when the text is no range.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// Whether `version` lies within.
    #[must_use]
    pub fn includes(&self, _version: &SemVer) -> bool {
        false
    }
}

impl std::fmt::Display for SemVerRange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}
