//! Assignability: is every instance of one type an instance of another.

use super::Type;

/// Whether every instance of `from` is an instance of `to`.
#[must_use]
pub fn is_assignable(to: &Type, from: &Type) -> bool {
    to == from
}
