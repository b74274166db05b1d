//! YAML errors, in Psych's words.

use std::fmt;

/// A text that is no YAML, or holds what may not be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlError {
    /// The reference's whole message; syntax errors and disallowed classes name the file in it.
    pub message: String,
    /// The file name given.
    pub file: Option<String>,
    /// 1-based line of a syntax error.
    pub line: Option<u64>,
    /// 1-based column of a syntax error.
    pub column: Option<u64>,
}

impl YamlError {
    #[cold]
    pub(super) fn new(message: impl Into<String>, file: Option<&str>) -> Self {
        Self {
            message: message.into(),
            file: file.map(str::to_owned),
            line: None,
            column: None,
        }
    }

    /// A document beyond the bounds of this crate; Ruby would run out of stack or memory.
    #[cold]
    pub(super) fn too_large(file: Option<&str>) -> Self {
        let shown = file.unwrap_or("<unknown>");
        Self::new(
            format!(
                "({shown}): the document is nested deeper than {} levels or larger than {} nodes with its \
                 aliases expanded",
                super::MAX_DEPTH,
                super::MAX_NODES
            ),
            file,
        )
    }

    /// The scanner gave up on an assertion of its own; libyaml has an answer there.
    #[cold]
    pub(super) fn scanner_failed(file: Option<&str>) -> Self {
        let shown = file.unwrap_or("<unknown>");
        Self::new(
            format!("({shown}): Bunraku's YAML scanner does not support what stands in this text"),
            file,
        )
    }

    /// `Psych::DisallowedClass`, as `Puppet::Util::Yaml` words it.
    #[cold]
    pub(super) fn disallowed(class: &str, file: Option<&str>) -> Self {
        let shown = file.unwrap_or("<unknown>");
        Self::new(
            format!("({shown}): Tried to load unspecified class: {class}"),
            file,
        )
    }
}

impl fmt::Display for YamlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for YamlError {}
