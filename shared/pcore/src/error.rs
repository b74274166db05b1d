//! The crate's one error: Puppet's message, its issue code and the argument it is about.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The name used where the error is about a type expression; the same as [`Error`].
pub type TypeError = Error;

/// A message in Puppet's words, without location.
///
/// The caller adds position and prefix (`Evaluation Error: ...`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Puppet's issue code (`BAD_TYPE_SLICE_TYPE`), when the rule has one.
    pub code: Option<&'static str>,
    /// Puppet's message.
    pub message: String,
    /// 0-based index of the offending argument or type parameter: Puppet reports its position.
    pub argument: Option<usize>,
}

impl Error {
    /// An error without an issue code (Ruby's `ArgumentError` in the reference).
    #[cold]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            code: None,
            message: message.into(),
            argument: None,
        }
    }

    /// An error with Puppet's issue code.
    #[cold]
    pub fn with_code(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code: Some(code),
            message: message.into(),
            argument: None,
        }
    }

    /// The same error, about the argument at `index`.
    #[must_use]
    pub fn at_argument(mut self, index: usize) -> Self {
        self.argument = Some(index);
        self
    }
}
