//! The string form of types, as `TypeFormatter`.

use std::fmt;

use super::Type;

impl fmt::Display for Type {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&short_name(self))
    }
}

/// Name of the type without parameters (`Integer`).
#[must_use]
pub fn short_name(data_type: &Type) -> String {
    format!("{data_type:?}")
}
