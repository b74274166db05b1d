//! The type of a value (`TypeCalculator#infer`, `#infer_set`).

use std::sync::Arc;

use super::{Range, Size, StringType, StructElement, Type, common_type};
use crate::Value;

/// Type of a value; the elements of a collection are reduced to their common type.
#[must_use]
pub fn infer(value: &Value) -> Type {
    match value {
        Value::Undef => Type::Undef,
        Value::Default => Type::Default,
        Value::Bool(truth) => Type::Boolean(Some(*truth)),
        Value::Int(number) => Type::Integer(Range {
            from: Some(*number),
            to: Some(*number),
        }),
        Value::Float(number) => Type::Float(Range {
            from: Some(*number),
            to: Some(*number),
        }),
        Value::Str(text) => Type::String(StringType::Value(text.clone())),
        Value::Array(elements) if elements.is_empty() => empty_array(),
        Value::Array(elements) => Type::Array {
            element: Arc::new(reduce(elements.iter())),
            size: Some(Size::exactly(elements.len())),
        },
        Value::Hash(entries) if entries.is_empty() => empty_hash(),
        Value::Hash(entries) => Type::Hash {
            key: Arc::new(reduce(entries.keys())),
            value: Arc::new(reduce(entries.values())),
            size: Some(Size::exactly(entries.len())),
        },
        Value::Regexp(regex) => Type::Regexp(Some(Arc::clone(regex))),
        Value::Type(data_type) => Type::Type(Some(Arc::clone(data_type))),
        Value::Sensitive(hidden) => Type::Sensitive(Some(Arc::new(infer(hidden).generalize()))),
        Value::Binary(_) => Type::Binary,
        Value::SemVer(_) => Type::SemVer(Arc::new([])),
        Value::SemVerRange(_) => Type::SemVerRange,
        Value::Timespan(span) => Type::Timespan(Range {
            from: Some(*span),
            to: Some(*span),
        }),
        Value::Timestamp(time) => Type::Timestamp(Range {
            from: Some(*time),
            to: Some(*time),
        }),
        Value::Uri(uri) => Type::Uri(Some(Arc::new(uri.parameters()))),
        Value::Deferred(_) => Type::Deferred,
        Value::Object(object) => object.object_type.as_ref().clone(),
        Value::Iterator(iterator) => Type::Iterator(Some(Arc::clone(&iterator.element_type))),
    }
}

/// Type of a value with all detail: arrays are tuples, hashes are structs (`infer_set`).
#[must_use]
pub fn infer_detailed(value: &Value) -> Type {
    match value {
        Value::Array(elements) if !elements.is_empty() => Type::Tuple {
            types: elements.iter().map(infer_detailed).collect(),
            size: None,
        },
        Value::Hash(entries) if !entries.is_empty() => {
            if entries
                .keys()
                .all(|key| key.as_str().is_some_and(|key| !key.is_empty()))
            {
                return Type::Struct(
                    entries
                        .iter()
                        .map(|(key, part)| StructElement {
                            key: infer(key),
                            value: infer_detailed(part),
                        })
                        .collect(),
                );
            }
            let variant = |parts: Vec<Type>| Arc::new(super::normalize::variant_of(parts));
            Type::Hash {
                key: variant(entries.keys().map(infer_detailed).collect()),
                value: variant(entries.values().map(infer_detailed).collect()),
                size: Some(Size::exactly(entries.len())),
            }
        }
        Value::SemVer(version) => Type::SemVer(Arc::new([crate::SemVerRange::exactly(version)])),
        _ => infer(value),
    }
}

fn empty_array() -> Type {
    Type::Array {
        element: Arc::new(Type::Unit),
        size: Some(Size::exactly(0)),
    }
}

fn empty_hash() -> Type {
    Type::Hash {
        key: Arc::new(Type::Unit),
        value: Arc::new(Type::Unit),
        size: Some(Size::exactly(0)),
    }
}

fn reduce<'a>(values: impl Iterator<Item = &'a Value>) -> Type {
    values
        .map(infer)
        .reduce(|left, right| common_type(&left, &right))
        .unwrap_or(Type::Unit)
}
