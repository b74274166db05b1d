//! `String.new(value, format)` and interpolation, as `StringConverter`.

use ecow::EcoString;

use crate::{Result, Value};

mod containers;
mod directive;
mod display;
mod map;
mod quote;
mod scalars;

pub(crate) use quote::puppet_quote;

/// The text of a value in an interpolated string.
pub(crate) fn to_display_string(value: &Value) -> EcoString {
    display::to_display_string(value)
}

/// `String.new(value, formats)`: `formats` is `Undef`/`Default`, a format string or a hash of formats by type.
///
/// # Errors
/// Puppet's message when a format is malformed or does not suit the type.
pub fn convert(value: &Value, formats: &Value) -> Result<EcoString> {
    match map::FormatMap::for_value(value, formats)? {
        None => Ok(display::to_default_string(value)),
        Some(map) => Ok(containers::convert(value, &map)?.into()),
    }
}

/// The value as source text (`%p`): strings quoted, nested values in Puppet's notation.
#[must_use]
pub fn to_program_string(value: &Value) -> EcoString {
    display::to_program_string(value)
}
