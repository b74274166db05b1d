//! `Type.new(...)`: conversions, as `puppet/functions/new.rb` and the types' `new_function`.

use crate::mismatch::describe_value;
use crate::types::{Range, infer, is_instance, to_plain_string};
use crate::{Error, Result, Timespan, Timestamp, Type, Value};

mod collections;
mod numbers;
mod others;
mod signatures;
mod type_text;

pub(crate) use signatures::signatures_of;

/// Types that delegate to one another more often are refused.
const DEPTH_LIMIT: usize = 64;

/// A new instance of `data_type` from `arguments` (`Integer('0x1F', 16)`).
///
/// # Errors
/// Puppet's message when the arguments do not fit or the result is no instance. `Timestamp()` is
/// the evaluator's business, as it reads the clock.
pub fn new_instance(data_type: &Type, arguments: &[Value]) -> Result<Value> {
    instance(data_type, arguments, 0)
}

fn instance(data_type: &Type, arguments: &[Value], depth: usize) -> Result<Value> {
    if let [only] = arguments
        && !matches!(data_type, Type::Init(_))
        && is_instance(data_type, only)
    {
        return Ok(only.clone());
    }
    let made = convert(data_type, arguments, depth)?;
    if is_instance(data_type, &made) {
        return Ok(made);
    }
    let subject = format!("Converted value from {data_type}.new() has wrong type,");
    Err(Error::new(describe_value(&subject, data_type, &made)))
}

fn convert(data_type: &Type, arguments: &[Value], depth: usize) -> Result<Value> {
    if depth > DEPTH_LIMIT {
        return Err(Error::new(format!(
            "the type '{}' refers to itself",
            to_plain_string(data_type)
        )));
    }
    signatures::check(data_type, arguments)?;
    match data_type {
        Type::Integer(_) => numbers::integer(arguments),
        Type::Float(_) => numbers::float(arguments),
        Type::Numeric => numbers::numeric(arguments),
        Type::Boolean(_) => others::boolean(arguments),
        Type::String(_) => others::string(arguments),
        Type::Array { .. } | Type::Tuple { .. } => collections::array(arguments),
        Type::Hash { .. } | Type::Struct(_) => collections::hash(arguments),
        Type::Regexp(_) => others::regexp(arguments),
        Type::SemVer(_) => others::sem_ver(arguments),
        Type::SemVerRange => others::sem_ver_range(arguments),
        Type::Timespan(_) => others::timespan(arguments),
        Type::Timestamp(_) => others::timestamp(arguments),
        Type::Binary => others::binary(arguments),
        Type::Uri(_) => others::uri(arguments),
        Type::Deferred => others::deferred(arguments),
        Type::Error(_) => others::error_value(data_type, arguments),
        Type::Sensitive(_) => Ok(match arguments.first() {
            Some(hidden @ Value::Sensitive(_)) => hidden.clone(),
            other => Value::sensitive(other.cloned().unwrap_or_default()),
        }),
        Type::Type(_) => {
            let text = arguments
                .first()
                .and_then(Value::as_str)
                .unwrap_or_default();
            type_text::parse(text, &|_| None).map(Value::from)
        }
        Type::Unit | Type::NotUndef(None) => Ok(arguments.first().cloned().unwrap_or_default()),
        Type::Optional(Some(inner)) | Type::NotUndef(Some(inner)) => {
            convert(inner, arguments, depth + 1)
        }
        Type::Alias(alias) => match alias.target() {
            Some(target) => convert(target, arguments, depth + 1),
            None => Err(Error::new(format!(
                "Reference to unresolved type '{}'",
                alias.name
            ))),
        },
        Type::Init(Some(init)) => {
            let [value] = arguments else {
                return Err(unsupported(data_type));
            };
            let mut all = match value {
                // One array is all the arguments, unless the type takes it as it is.
                Value::Array(elements)
                    if init.arguments.is_empty() && !signatures::takes(&init.init_type, value) =>
                {
                    elements.as_ref().clone()
                }
                value => vec![value.clone()],
            };
            all.extend(init.arguments.iter().cloned());
            instance(&init.init_type, &all, depth + 1)
        }
        _ => Err(unsupported(data_type)),
    }
}

fn unsupported(data_type: &Type) -> Error {
    let name = to_plain_string(data_type);
    Error::new(format!(
        "Creation of new instance of type '{name}' is not supported"
    ))
}

/// `The string 'x' cannot be converted to Integer`
fn not_convertible(value: &Value, target: &str) -> String {
    match value {
        Value::Str(text) => format!("The string '{text}' cannot be converted to {target}"),
        other => format!(
            "Value of type {} cannot be converted to {target}",
            infer(other).generalize()
        ),
    }
}

/// A bound of `Timespan[...]`; `None` for `default`.
pub(crate) fn timespan_bound(value: &Value) -> Result<Option<Timespan>> {
    match value {
        Value::Default | Value::Undef => Ok(None),
        other => match new_instance(&Type::Timespan(Range::ANY), std::slice::from_ref(other))? {
            Value::Timespan(span) => Ok(Some(span)),
            _ => Ok(None),
        },
    }
}

/// A bound of `Timestamp[...]`; `None` for `default`.
pub(crate) fn timestamp_bound(value: &Value) -> Result<Option<Timestamp>> {
    match value {
        Value::Default | Value::Undef => Ok(None),
        other => match new_instance(&Type::Timestamp(Range::ANY), std::slice::from_ref(other))? {
            Value::Timestamp(time) => Ok(Some(time)),
            _ => Ok(None),
        },
    }
}
