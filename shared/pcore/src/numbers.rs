//! Puppet's string to number rules (`Utils.to_n`).

use crate::Value;

/// The number in `text`: decimal, `0x` hex, leading-`0` octal or float, with optional sign and
/// surrounding blanks; `None` when it is no number.
#[must_use]
pub fn parse_number(_text: &str) -> Option<Value> {
    None
}

/// A float as Ruby prints it (`1.0`, `1.0e+20`, `Infinity`).
#[must_use]
pub fn float_to_string(number: f64) -> String {
    number.to_string()
}
