//! `String.new(value, format)` and interpolation, as `StringConverter`.

use ecow::EcoString;

use crate::{Error, Result, Value};

/// The text of a value in an interpolated string.
pub(crate) fn to_display_string(value: &Value) -> EcoString {
    format!("{value:?}").into()
}

/// `String.new(value, formats)`: `formats` is `Undef`/`Default`, a format string or a hash of formats by type.
///
/// # Errors
/// Puppet's message when a format is malformed or does not suit the type.
pub fn convert(_value: &Value, _formats: &Value) -> Result<EcoString> {
    Err(Error::new("not implemented"))
}

/// The value as source text (`%p`): strings quoted, nested values in Puppet's notation.
#[must_use]
pub fn to_program_string(value: &Value) -> EcoString {
    format!("{value:?}").into()
}
