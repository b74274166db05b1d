//! `sprintf()`: the subset of Ruby's `Kernel#sprintf` that has a meaning for Puppet values.

use crate::{Error, Result, Value};

/// Formats `arguments`; one hash serves `%<name>s` and `%{name}`.
///
/// # Errors
/// Ruby's message (`too few arguments`, `malformed format string - %y`, `invalid value for Integer(): "x"`).
pub fn sprintf(_format: &str, _arguments: &[Value]) -> Result<String> {
    Err(Error::new("not implemented"))
}
