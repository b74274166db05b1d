//! What `Integer[1, 2]`, `File['/x']` and the like mean (`AccessOperator`).

use super::Type;
use crate::{Error, Result, Value};

/// The unparameterised core type of a name in any case (`integer`, `Integer`), aliases such as
/// `Data` included. `None`: no core type; the caller looks for an alias of its own, and else
/// the name is a resource type ([`Type::Resource`] without title).
#[must_use]
pub fn type_by_name(name: &str) -> Option<Type> {
    super::builtin::by_name(name)
}

/// The type `name[arguments]`. Names that are no core type are resource types: resolve aliases
/// first (an alias takes no parameters).
///
/// # Errors
/// Puppet's message and issue code when the arguments do not fit; several titles
/// (`File['a', 'b']`) are an error here, see [`access`].
pub fn parameterize(name: &str, arguments: &[Value]) -> Result<Type> {
    let base = type_by_name(name).unwrap_or_else(|| Type::Resource {
        type_name: Some(super::capitalize_segments(name)),
        title: None,
    });
    match access(&base, arguments)? {
        Value::Type(data_type) => Ok(data_type.as_ref().clone()),
        _ => Err(Error::new(format!("{name} with several titles is no type"))),
    }
}

/// The access operator on a type: a type, or an array of types for several titles of a resource
/// type or class (`File['a', 'b']`).
///
/// # Errors
/// Puppet's message and issue code when the arguments do not fit.
pub fn access(_base: &Type, _arguments: &[Value]) -> Result<Value> {
    Err(Error::new("not implemented"))
}
