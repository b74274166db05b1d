//! What `Integer[1, 2]`, `File['/x']` and the like mean (`AccessOperator`).

use std::sync::Arc;

use super::parameters as p;
use super::{StringType, Type};
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
pub fn access(base: &Type, arguments: &[Value]) -> Result<Value> {
    match base {
        Type::Resource { type_name, title } => {
            return p::resource(type_name.as_ref(), title.as_ref(), arguments);
        }
        Type::Class { name } => return p::class(name.as_ref(), arguments),
        Type::Struct(_) => return p::structure(arguments).map(Value::from),
        Type::Callable(_) => return p::callable(arguments).map(Value::from),
        Type::Init(_) => return p::init(arguments).map(Value::from),
        _ => {}
    }
    let mut keys = Vec::with_capacity(arguments.len());
    flatten(arguments, &mut keys, 0)?;
    flat(base, &keys).map(Value::from)
}

/// `keys.flatten!`
pub(super) fn flatten(values: &[Value], into: &mut Vec<Value>, depth: usize) -> Result<()> {
    if depth > 100 {
        return Err(Error::new("type parameters are nested too deeply"));
    }
    for value in values {
        match value {
            Value::Array(parts) => flatten(parts, into, depth + 1)?,
            value => into.push(value.clone()),
        }
    }
    Ok(())
}

fn flat(base: &Type, keys: &[Value]) -> Result<Type> {
    let count = keys.len();
    Ok(match base {
        Type::Integer(_) => {
            if !(1..=2).contains(&count) {
                return Err(Error::with_code(
                    "BAD_INTEGER_SLICE_ARITY",
                    format!(
                        "Integer-Type supports [] with one or two arguments (from, to). Got {count}"
                    ),
                ));
            }
            Type::Integer(p::integer_range(keys, |key| {
                Error::with_code(
                    "BAD_INTEGER_SLICE_TYPE",
                    format!(
                        "Integer-Type [] requires all arguments to be integers (or default). Got {}",
                        p::ruby_class(key)
                    ),
                )
            })?)
        }
        Type::Float(_) => p::float(keys)?,
        Type::String(_) => {
            if !(1..=2).contains(&count) {
                return Err(Error::with_code(
                    "BAD_STRING_SLICE_ARITY",
                    format!("String supports [] with one or two arguments. Got {count}"),
                ));
            }
            Type::String(StringType::Size(p::size(0, keys)?))
        }
        Type::Boolean(_) => {
            p::assert_keys(base, keys, Some(1), &["TrueClass", "FalseClass"], |key| {
                matches!(key, Value::Bool(_))
            })?;
            Type::Boolean(keys.first().map(Value::is_truthy))
        }
        Type::Enum { .. } => p::enumeration(base, keys)?,
        Type::Pattern(_) => p::pattern(base, keys)?,
        Type::Regexp(_) => p::regexp(base, keys)?,
        Type::Collection(_) => match count {
            1 | 2 => Type::Collection(Some(p::size(0, keys)?)),
            _ => return Err(p::arity("Collection-Type", 1, Some(2), count)),
        },
        Type::Array { .. } => p::array(keys)?,
        Type::Hash { .. } => p::hash(keys)?,
        Type::Tuple { .. } => {
            let (types, size) = p::trailing_size(keys)?;
            p::assert_keys(
                base,
                types,
                None,
                &["Puppet::Pops::Types::PAnyType"],
                |key| matches!(key, Value::Type(_)),
            )?;
            Type::Tuple {
                types: p::types(types).into(),
                size,
            }
        }
        Type::Variant(_) => {
            p::assert_keys(
                base,
                keys,
                None,
                &["Puppet::Pops::Types::PAnyType"],
                |key| matches!(key, Value::Type(_)),
            )?;
            super::normalize::variant_of(p::types(keys))
        }
        Type::Optional(_) => match keys {
            [Value::Str(text)] => Type::optional(Type::String(StringType::Value(text.clone()))),
            _ => Type::Optional(Some(p::one_type("Optional-Type", keys)?)),
        },
        Type::NotUndef(_) => match keys {
            [] => Type::NotUndef(None),
            [Value::Str(text)] => Type::NotUndef(Some(Arc::new(Type::String(StringType::Value(
                text.clone(),
            ))))),
            [Value::Type(inner)] => {
                Type::NotUndef(Some(Arc::clone(inner)).filter(|inner| **inner != Type::Any))
            }
            [other] => {
                return Err(Error::with_code(
                    "BAD_NOT_UNDEF_SLICE_TYPE",
                    format!(
                        "NotUndef-Type[] argument must be a Type or a String. Got {}",
                        p::ruby_class(other)
                    ),
                )
                .at_argument(0));
            }
            _ => return Err(p::arity("NotUndef-Type", 0, Some(1), count)),
        },
        Type::Sensitive(_) => Type::Sensitive(Some(Arc::new(
            p::one_type("Sensitive-Type", keys)?.generalize(),
        ))),
        Type::Type(_) => Type::Type(Some(p::one_type("Type-Type", keys)?)),
        Type::Iterable(_) => Type::Iterable(Some(p::one_type("Iterable-Type", keys)?)),
        Type::Iterator(_) => Type::Iterator(Some(p::one_type("Iterator-Type", keys)?)),
        Type::SemVer(_) => p::sem_ver(base, keys)?,
        Type::Timestamp(_) | Type::Timespan(_) if count > 2 => {
            return Err(p::arity(
                &p::a_an_uc(&p::type_label(base)),
                0,
                Some(2),
                count,
            ));
        }
        Type::Timestamp(_) => Type::Timestamp(p::time_range(keys, p::timestamp_bound)?),
        Type::Timespan(_) => Type::Timespan(p::time_range(keys, p::timespan_bound)?),
        Type::Uri(_) => p::uri(keys)?,
        Type::Runtime(_) => {
            p::assert_keys(base, keys, Some(2), &["String", "String"], |key| {
                matches!(key, Value::Str(_))
            })?;
            match keys {
                [Value::Str(runtime), Value::Str(name)] => {
                    Type::Runtime(Some(Arc::new(super::RuntimeType {
                        runtime: runtime.clone(),
                        name: name.clone(),
                    })))
                }
                _ => return Err(p::arity(&p::type_label(base), 1, Some(2), count)),
            }
        }
        Type::Error(_) => p::error(keys)?,
        Type::Object(_) => return Err(p::unsupported("Object")),
        Type::TypeSet(_) => return Err(p::unsupported("TypeSet")),
        Type::Reference(_) => match keys {
            [Value::Str(text)] => Type::Reference(Some(text.clone())),
            _ => return Err(p::unsupported("TypeReference")),
        },
        Type::Deferred => {
            return Err(Error::new(
                "The Deferred-Type cannot be parameterized using []",
            ));
        }
        _ => {
            return Err(Error::with_code(
                "OPERATOR_NOT_APPLICABLE",
                format!(
                    "Operator '[]' is not applicable to {}.",
                    p::a_an(&format!("{}-Type", p::shown(base)))
                ),
            ));
        }
    })
}
