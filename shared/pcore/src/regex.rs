//! Ruby's regular expressions, translated to `fancy_regex`.

use crate::{Error, Result};

/// A compiled Ruby regular expression.
#[derive(Debug)]
pub struct RubyRegex {
    source: String,
}

/// Options outside the pattern (`regsubst`'s `I`, `E`, `M`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// Case does not matter (`i`).
    pub ignore_case: bool,
    /// Blanks and comments are skipped (`x`).
    pub extended: bool,
    /// `.` matches a newline (`m`).
    pub multiline: bool,
}

/// A match: `groups[0]` is the whole, others by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures {
    /// Captured texts; `None`: the group took no part.
    pub groups: Vec<Option<String>>,
    /// Byte offsets of the whole match.
    pub start: usize,
    /// End of the whole match.
    pub end: usize,
}

impl PartialEq for RubyRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for RubyRegex {}

impl RubyRegex {
    /// Compiles a pattern without flags.
    ///
    /// # Errors
    /// Ruby's message where the pattern is malformed, or that it uses what is not supported.
    pub fn new(source: &str) -> Result<Self> {
        Self::with_flags(source, Flags::default())
    }

    /// Compiles a pattern with flags.
    ///
    /// # Errors
    /// As [`RubyRegex::new`].
    pub fn with_flags(source: &str, _flags: Flags) -> Result<Self> {
        Ok(Self {
            source: source.to_owned(),
        })
    }

    /// The pattern as written, without slashes. With flags: Ruby's `(?i-mx:...)` form.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches anywhere in `text`.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        Ok(self.captures_at(text, 0)?.is_some())
    }

    /// First match in `text`.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn captures(&self, text: &str) -> Result<Option<Captures>> {
        self.captures_at(text, 0)
    }

    /// First match at or after the byte offset `start`; look-behind sees the text before.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn captures_at(&self, _text: &str, _start: usize) -> Result<Option<Captures>> {
        Err(Error::new("not implemented"))
    }

    /// Names of the groups by number, `None` for unnamed ones; index 0 is the whole match.
    #[must_use]
    pub fn group_names(&self) -> Vec<Option<String>> {
        Vec::new()
    }

    /// Replaces the first match, or all, with Ruby's `sub` notation (`\1`, `\0`, `\k<name>`, `\\`).
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn replace(&self, text: &str, _replacement: &str, _all: bool) -> Result<String> {
        Ok(text.to_owned())
    }

    /// Splits `text` as Ruby's `String#split` (captures included, trailing empty strings dropped).
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn split(&self, _text: &str) -> Result<Vec<String>> {
        Err(Error::new("not implemented"))
    }
}
