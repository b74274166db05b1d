//! The parameters of each type in the access operator.

use std::sync::Arc;

use super::{RuntimeType, Type};
use crate::{Result, Value};
use wording::slice_type;

mod calls;
mod collections;
mod ranges;
mod references;
mod texts;
mod wording;

pub(super) use calls::{callable, init};
pub(super) use collections::{array, hash, structure};
pub(super) use ranges::{
    float, integer_range, size, time_range, timespan_bound, timestamp_bound, trailing_size,
};
pub(super) use references::{class, resource};
pub(super) use texts::{enumeration, error, pattern, regexp, sem_ver, uri};
pub(crate) use wording::{a_an, ruby_class, type_label};
pub(super) use wording::{a_an_uc, shown};
pub(super) use wording::{arity, assert_keys, unsupported};

/// The type that stands for a value where a type is expected (`TypeFactory.type_of`).
fn type_of(value: &Value) -> Type {
    match value {
        Value::Type(data_type) => data_type.as_ref().clone(),
        Value::Str(name) => Type::Runtime(Some(Arc::new(RuntimeType {
            runtime: "ruby".into(),
            name: name.clone(),
        }))),
        other => super::infer(other).generalize(),
    }
}

pub(super) fn types(keys: &[Value]) -> Vec<Type> {
    keys.iter()
        .filter_map(|key| key.as_type().cloned())
        .collect()
}

pub(super) fn one_type(label: &str, keys: &[Value]) -> Result<Arc<Type>> {
    match keys {
        [Value::Type(inner)] => Ok(Arc::clone(inner)),
        [other] => Err(slice_type(label, other, 0)),
        _ => Err(arity(label, 1, Some(1), keys.len())),
    }
}
