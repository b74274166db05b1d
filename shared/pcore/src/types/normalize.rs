//! Types in their shortest form.

use super::Type;

pub(super) fn normalize(data_type: &Type) -> Type {
    data_type.clone()
}
