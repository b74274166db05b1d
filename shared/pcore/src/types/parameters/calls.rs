//! Parameters of what can be called or made: `Callable`, `Init`.

use std::sync::Arc;

use super::ranges::trailing_size;
use super::type_of;
use super::wording::{arity, slice_type};
use crate::types::{CallableType, InitType, Type};
use crate::{Result, Value};

pub(in crate::types) fn callable(keys: &[Value]) -> Result<Type> {
    let (keys, return_type) = match keys {
        [Value::Array(params), Value::Type(result)] => {
            (params.as_slice(), Some(result.as_ref().clone()))
        }
        [Value::Array(_), rest @ ..] => {
            return Err(arity("A Callable-Type", 2, Some(2), rest.len() + 1));
        }
        _ => (keys, None),
    };
    let is_callable = |data_type: &Type| match data_type {
        Type::Callable(_) => true,
        Type::Optional(Some(inner)) => matches!(**inner, Type::Callable(_)),
        Type::Variant(parts) => {
            !parts.is_empty() && parts.iter().all(|part| matches!(part, Type::Callable(_)))
        }
        Type::Alias(alias) => matches!(alias.target(), Some(Type::Callable(_))),
        _ => false,
    };
    let (keys, block) = match keys {
        [rest @ .., Value::Type(last)] if is_callable(last) => (rest, Some(last.as_ref().clone())),
        _ => (keys, None),
    };
    let (params, size) = trailing_size(keys)?;
    let mut params: Vec<Type> = params.iter().map(type_of).collect();
    if params.is_empty() && size.is_some_and(|size| size.to != Some(0)) {
        params.push(Type::Unit);
    }
    let return_type = return_type.filter(|result| *result != Type::Any);
    Ok(Type::Callable(Some(Arc::new(CallableType {
        params: Some(params),
        size,
        block,
        return_type,
    }))))
}

pub(in crate::types) fn init(keys: &[Value]) -> Result<Type> {
    match keys {
        [Value::Type(inner), arguments @ ..] => Ok(Type::Init(Some(Arc::new(InitType {
            init_type: inner.as_ref().clone(),
            arguments: arguments.to_vec(),
        })))),
        _ => Err(slice_type(
            "Init-Type",
            keys.first().unwrap_or(&Value::Undef),
            0,
        )),
    }
}
