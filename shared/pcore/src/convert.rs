//! `Type.new(...)`: conversions, as `puppet/functions/new.rb` and the types' `new_function`.

use crate::{Error, Result, Timespan, Timestamp, Type, Value};

/// A new instance of `data_type` from `arguments` (`Integer('0x1F', 16)`).
///
/// # Errors
/// Puppet's message when the arguments do not fit or the result is no instance.
pub fn new_instance(data_type: &Type, _arguments: &[Value]) -> Result<Value> {
    Err(Error::new(format!(
        "Creation of new instance of type '{data_type}' is not supported"
    )))
}

/// A bound of `Timespan[...]`; `None` for `default`.
pub(crate) fn timespan_bound(value: &Value) -> Result<Option<Timespan>> {
    match value {
        Value::Default | Value::Undef => Ok(None),
        Value::Timespan(span) => Ok(Some(*span)),
        other => match new_instance(&Type::Timespan(crate::types::Range::ANY), std::slice::from_ref(other))? {
            Value::Timespan(span) => Ok(Some(span)),
            _ => Ok(None),
        },
    }
}

/// A bound of `Timestamp[...]`; `None` for `default`.
pub(crate) fn timestamp_bound(value: &Value) -> Result<Option<Timestamp>> {
    match value {
        Value::Default | Value::Undef => Ok(None),
        Value::Timestamp(time) => Ok(Some(*time)),
        other => match new_instance(&Type::Timestamp(crate::types::Range::ANY), std::slice::from_ref(other))? {
            Value::Timestamp(time) => Ok(Some(time)),
            _ => Ok(None),
        },
    }
}
