//! Element types and sizes of arrays, hashes and structs.

use std::sync::Arc;

use ecow::EcoString;

use super::ranges::size;
use super::type_of;
use super::wording::{arity, assert_keys, ruby_class, slice_type};
use crate::types::{Size, StringType, StructElement, Type, is_assignable};
use crate::{Error, Result, Value};

/// `Array` with a size of exactly 0 holds nothing (`Unit`).
fn array_of(element: Option<&Type>, size: Option<Size>) -> Type {
    let element = if size == Some(Size::exactly(0)) {
        &Type::Unit
    } else {
        element.unwrap_or(&Type::Any)
    };
    Type::Array {
        element: Arc::new(element.clone()),
        size,
    }
}

pub(in crate::types) fn array(keys: &[Value]) -> Result<Type> {
    match keys {
        [Value::Type(element)] => Ok(array_of(Some(element), None)),
        [other] => Err(slice_type("Array-Type", other, 0)),
        [Value::Type(element), rest] => Ok(array_of(
            Some(element),
            Some(size(1, std::slice::from_ref(rest))?),
        )),
        [_, _] => Ok(array_of(None, Some(size(0, keys)?))),
        [Value::Type(element), rest @ ..] if rest.len() == 2 => {
            Ok(array_of(Some(element), Some(size(1, rest)?)))
        }
        [other, _, _] => Err(slice_type("Array-Type", other, 0)),
        _ => Err(arity("Array-Type", 1, Some(3), keys.len())),
    }
}

pub(in crate::types) fn hash(keys: &[Value]) -> Result<Type> {
    if let [Value::Int(_), Value::Int(_)] = keys {
        return Ok(hash_of(&Type::Any, &Type::Any, Some(size(0, keys)?)));
    }
    for (index, key) in keys.iter().take(2).enumerate() {
        if !matches!(key, Value::Type(_)) {
            return Err(slice_type("Hash-Type", key, index));
        }
    }
    match keys {
        [Value::Type(key), Value::Type(value)] => Ok(hash_of(key, value, None)),
        [Value::Type(key), Value::Type(value), rest @ ..] if rest.len() <= 2 => {
            Ok(hash_of(key, value, Some(size(2, rest)?)))
        }
        _ => Err(arity("Hash-Type", 2, Some(4), keys.len())),
    }
}

fn hash_of(key: &Type, value: &Type, size: Option<Size>) -> Type {
    let empty = size == Some(Size::exactly(0));
    let part = |part: &Type| Arc::new(if empty { Type::Unit } else { part.clone() });
    Type::Hash {
        key: part(key),
        value: part(value),
        size,
    }
}

pub(in crate::types) fn structure(keys: &[Value]) -> Result<Type> {
    let base = Type::Struct(Arc::new([]));
    assert_keys(&base, keys, Some(1), &["Hash"], |key| {
        matches!(key, Value::Hash(_))
    })?;
    let mut elements = Vec::new();
    for (key, value) in keys.first().and_then(Value::as_hash).into_iter().flatten() {
        let value = type_of(value);
        elements.push(StructElement {
            key: struct_key(key, &value)?,
            value,
        });
    }
    Ok(Type::Struct(elements.into()))
}

fn struct_key(key: &Value, value: &Type) -> Result<Type> {
    let named = |text: &EcoString| Type::String(StringType::Value(text.clone()));
    let key = match key {
        Value::Str(text) if text.is_empty() => {
            return Err(Error::new("Struct element key cannot be an empty String"));
        }
        Value::Str(text) if is_assignable(value, &Type::Undef) => {
            return Ok(Type::optional(named(text)));
        }
        Value::Str(text) => return Ok(named(text)),
        Value::Type(key) => key,
        other => return Err(illegal_key(&ruby_class(other))),
    };
    let (key_type, name) = match &**key {
        Type::NotUndef(Some(inner)) => (inner.as_ref().clone(), Some(inner.as_ref().clone())),
        Type::Optional(inner) => (key.as_ref().clone(), inner.as_deref().cloned()),
        Type::String(_) => (key.as_ref().clone(), Some(key.as_ref().clone())),
        Type::Enum { values, .. } => match values.as_ref() {
            [only] => (named(only), Some(named(only))),
            _ => (key.as_ref().clone(), None),
        },
        _ => return Err(illegal_key(&ruby_class(&Value::Type(Arc::clone(key))))),
    };
    match name {
        Some(Type::String(StringType::Value(text))) if !text.is_empty() => Ok(key_type),
        _ => Err(Error::new(format!(
            "Unable to extract a non-empty literal string from Struct member key type {key_type}"
        ))),
    }
}

fn illegal_key(class: &str) -> Error {
    Error::new(format!(
        "Illegal Struct member key type. Expected NotUndef, Optional, String, or Enum. Got: {class}"
    ))
}
