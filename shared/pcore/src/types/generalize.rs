//! Types without their narrow parameters.

use super::Type;

pub(super) fn generalize(data_type: &Type) -> Type {
    data_type.clone()
}
