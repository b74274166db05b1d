//! `== < in`, as `CompareOperator`.

use std::cmp::Ordering;

use crate::{Error, Result, Value};

/// `left == right`: strings without case, `1 == 1.0`.
#[must_use]
pub fn equals(left: &Value, right: &Value) -> bool {
    left == right
}

/// Order for `< <= > >=`.
///
/// # Errors
/// When the values have no order among them (`COMPARISON_NOT_POSSIBLE` in the reference's caller);
/// the message is the detail.
pub fn compare(_left: &Value, _right: &Value) -> Result<Ordering> {
    Err(Error::new("not implemented"))
}

/// `element in collection` (not the regexp-in-string captures; see [`crate::ops::match_pattern`]).
#[must_use]
pub fn includes(_collection: &Value, _element: &Value) -> bool {
    false
}
