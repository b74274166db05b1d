//! `=~`, and what case and selector options match.

use crate::regex::Captures;
use crate::{Error, Result, Value};

/// Outcome of a match.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Whether it matched.
    pub matched: bool,
    /// Captures when a regular expression matched: the caller sets `$0`, `$1`, ...
    pub captures: Option<Captures>,
}

/// `left =~ right`: a type, a regular expression, a string as expression, a version range.
///
/// # Errors
/// `MATCH_NOT_REGEXP`, `MATCH_NOT_STRING`, or a regular expression over its backtrack limit.
pub fn match_pattern(_left: &Value, _right: &Value) -> Result<Matched> {
    Err(Error::new("not implemented"))
}

/// Whether `value` matches the option of a `case` or selector (`is_match?`). `default` options are the caller's business.
///
/// # Errors
/// A regular expression over its backtrack limit.
pub fn match_option(_value: &Value, _option: &Value) -> Result<Matched> {
    Err(Error::new("not implemented"))
}
