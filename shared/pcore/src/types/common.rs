//! The closest type that two types have in common.

use super::Type;

/// The closest common type, as `TypeCalculator#common_type`.
#[must_use]
pub fn common_type(left: &Type, right: &Type) -> Type {
    if left == right {
        left.clone()
    } else {
        Type::Any
    }
}
