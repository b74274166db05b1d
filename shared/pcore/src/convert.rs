//! `Type.new(...)`: conversions, as `puppet/functions/new.rb` and the types' `new_function`.

use crate::{Error, Result, Type, Value};

/// A new instance of `data_type` from `arguments` (`Integer('0x1F', 16)`).
///
/// # Errors
/// Puppet's message when the arguments do not fit or the result is no instance.
pub fn new_instance(data_type: &Type, _arguments: &[Value]) -> Result<Value> {
    Err(Error::new(format!(
        "Creation of new instance of type '{data_type}' is not supported"
    )))
}
