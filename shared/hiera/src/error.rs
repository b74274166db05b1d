//! The crate's error: Puppet's words, and where in which file.

use std::fmt;

use ecow::EcoString;

/// Result of this crate.
pub type Result<T, E = LookupError> = std::result::Result<T, E>;

/// Which of the reference's exceptions an error stands for; it decides how outer layers wrap it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// `Puppet::DataBinding::LookupError`.
    Lookup,
    /// `Puppet::DataBinding::RecursiveLookupError`.
    Recursive,
    /// Any other `Puppet::Error`, such as a value of a wrong type.
    Puppet,
    /// A Ruby error that is no `Puppet::Error` (`ArgumentError`, ...).
    Argument,
    /// The reference would go on, this crate does not support it.
    Unsupported,
}

/// A failed lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupError {
    /// Puppet's message without location.
    pub message: String,
    /// Path of the configuration file as Puppet shows it.
    pub file: Option<EcoString>,
    /// 1-based line in `file`.
    pub line: Option<u32>,
    /// Puppet's issue code (`HIERA_MULTIPLE_LOCATION_SPECS`).
    pub issue_code: Option<&'static str>,
    /// Which exception of the reference it is.
    pub kind: ErrorKind,
}

impl LookupError {
    /// An error of a kind, without location.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            file: None,
            line: None,
            issue_code: None,
            kind,
        }
    }

    /// A `LookupError` with Puppet's issue code.
    #[cold]
    pub fn issue(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            issue_code: Some(code),
            ..Self::new(ErrorKind::Lookup, message)
        }
    }

    /// What the reference does and this crate does not do yet, in the configuration `file`.
    #[cold]
    pub fn unsupported(what: impl fmt::Display, file: Option<&str>) -> Self {
        Self {
            file: file.map(EcoString::from),
            issue_code: Some("HIERA_NOT_SUPPORTED"),
            ..Self::new(
                ErrorKind::Unsupported,
                format!("Bunraku's Hiera does not support {what} yet"),
            )
        }
    }

    /// `lookup()` found nothing and was given no default.
    #[cold]
    pub fn not_found<S: AsRef<str>>(names: &[S]) -> Self {
        let message = match names {
            [name] => format!(
                "Function lookup() did not find a value for the name '{}'",
                name.as_ref()
            ),
            names => {
                let list: Vec<_> = names
                    .iter()
                    .map(|name| format!("'{}'", name.as_ref()))
                    .collect();
                format!(
                    "Function lookup() did not find a value for any of the names [{}]",
                    list.join(", ")
                )
            }
        };
        Self::new(ErrorKind::Lookup, message)
    }

    /// A variable that does not exist, under `strict = error` (`Scope#variable_not_found`).
    ///
    /// For implementors of [`crate::World::variable`]. `reason` is empty for an unqualified name.
    #[cold]
    pub fn undefined_variable(name: &str, reason: &str) -> Self {
        Self::new(
            ErrorKind::Argument,
            format!("Undefined variable '{name}'; {reason}"),
        )
    }

    /// The same error at a place in a configuration file.
    #[must_use]
    pub fn at(mut self, file: Option<&str>, line: Option<u32>) -> Self {
        self.file = file.map(EcoString::from);
        self.line = line;
        self
    }

    /// Whether it stands for a `LookupError` of the reference.
    #[must_use]
    pub fn is_lookup_error(&self) -> bool {
        matches!(self.kind, ErrorKind::Lookup | ErrorKind::Recursive)
    }
}

impl fmt::Display for LookupError {
    /// The message with its location, as `Puppet::ExternalFileError#to_s`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(formatter, " (file: {file}, line: {line})"),
            (Some(file), None) => write!(formatter, " (file: {file})"),
            (None, Some(line)) => write!(formatter, " (line: {line})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for LookupError {}
