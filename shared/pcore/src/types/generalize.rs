//! Types without their narrow parameters (`generalize`).

use std::sync::Arc;

use super::{CallableType, Range, Size, StringType, StructElement, Type};

pub(super) fn generalize(data_type: &Type) -> Type {
    let inner = |inner: &Option<Arc<Type>>| inner.as_ref().map(|inner| Arc::new(generalize(inner)));
    match data_type {
        Type::Integer(_) => Type::integer(),
        Type::Float(_) => Type::Float(Range::ANY),
        Type::Timestamp(_) => Type::Timestamp(Range::ANY),
        Type::Timespan(_) => Type::Timespan(Range::ANY),
        Type::String(_) => Type::string(),
        Type::Boolean(_) => Type::Boolean(None),
        Type::Enum { values, .. } => {
            let sizes = || {
                values
                    .iter()
                    .map(|text| Size::exactly(text.chars().count()).from)
            };
            match (sizes().min(), sizes().max()) {
                (Some(from), to) => Type::String(StringType::Size(Size { from, to })),
                (None, _) => Type::string(),
            }
        }
        Type::Collection(_) => Type::Collection(None),
        Type::Array { element, .. } => Type::array_of(generalize(element)),
        Type::Hash { key, value, size } => {
            if **key == Type::Unit && **value == Type::Unit && *size == Some(Size::exactly(0)) {
                data_type.clone()
            } else {
                Type::hash_of(generalize(key), generalize(value))
            }
        }
        Type::Tuple { types, size } => Type::Tuple {
            types: types.iter().map(generalize).collect(),
            size: *size,
        },
        Type::Struct(elements) => Type::Struct(
            elements
                .iter()
                .map(|element| StructElement {
                    key: element.key.clone(),
                    value: generalize(&element.value),
                })
                .collect(),
        ),
        Type::Variant(types) if types.is_empty() => data_type.clone(),
        Type::Variant(types) => {
            super::normalize::variant_of(types.iter().map(generalize).collect())
        }
        Type::Optional(part) => Type::Optional(inner(part)),
        Type::NotUndef(part) => Type::NotUndef(inner(part)),
        Type::Iterable(part) => Type::Iterable(inner(part)),
        Type::Iterator(part) => Type::Iterator(inner(part)),
        Type::Type(part) => Type::Type(inner(part)),
        Type::Sensitive(part) => Type::Sensitive(inner(part)),
        Type::Callable(Some(callable)) => Type::Callable(Some(Arc::new(CallableType {
            params: callable
                .params
                .as_ref()
                .map(|params| params.iter().map(generalize).collect()),
            size: callable.size,
            block: callable.block.as_ref().map(generalize),
            return_type: callable.return_type.as_ref().map(generalize),
        }))),
        Type::Uri(_) => Type::Uri(None),
        Type::Error(_) => Type::Error(None),
        _ => data_type.clone(),
    }
}
