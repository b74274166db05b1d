//! What can be iterated, and over what (`iterable?`, `iterable_type`).

use super::{Size, StringType, StructElement, Type};

/// Whether instances of the type are iterable.
pub(super) fn is_iterable(data_type: &Type) -> bool {
    match data_type {
        Type::Integer(_)
        | Type::String(_)
        | Type::Enum { .. }
        | Type::Collection(_)
        | Type::Array { .. }
        | Type::Hash { .. }
        | Type::Tuple { .. }
        | Type::Struct(_)
        | Type::Iterable(_)
        | Type::Iterator(_) => true,
        Type::Type(Some(inner)) => match &**inner {
            Type::Enum { .. } => true,
            Type::Integer(range) => range.from.is_some() && range.to.is_some(),
            _ => false,
        },
        Type::Alias(alias) => alias.target().is_some_and(is_iterable),
        _ => false,
    }
}

/// Type of what an iteration over an instance gives; `None`: not known, or not iterable.
pub(super) fn element_type(data_type: &Type) -> Option<Type> {
    let pair = |key: Type, value: Type| Type::Tuple {
        types: [key, value].into(),
        size: Some(Size::exactly(2)),
    };
    match data_type {
        Type::Integer(_) => Some(Type::integer()),
        Type::String(_) | Type::Enum { .. } => {
            Some(Type::String(StringType::Size(Size::exactly(1))))
        }
        Type::Array { element, .. } => (**element != Type::Any).then(|| element.as_ref().clone()),
        Type::Hash { key, value, .. } => {
            if *data_type == Type::any_hash() {
                Some(pair(Type::Unit, Type::Unit))
            } else {
                Some(pair(key.as_ref().clone(), value.as_ref().clone()))
            }
        }
        Type::Tuple { types, .. } => Some(super::normalize::variant_of(types.to_vec())),
        Type::Struct(elements) if elements.is_empty() => Some(pair(Type::Unit, Type::Unit)),
        Type::Struct(elements) => {
            let part = |get: fn(&StructElement) -> &Type| {
                super::normalize::variant_of(
                    elements
                        .iter()
                        .map(|element| get(element).clone())
                        .collect(),
                )
            };
            Some(pair(
                part(|element| &element.key),
                part(|element| &element.value),
            ))
        }
        Type::Iterable(inner) | Type::Iterator(inner) => {
            inner.as_ref().map(|inner| inner.as_ref().clone())
        }
        Type::Type(Some(inner)) if is_iterable(data_type) => Some(inner.as_ref().clone()),
        Type::Alias(alias) => alias.target().and_then(element_type),
        _ => None,
    }
}
