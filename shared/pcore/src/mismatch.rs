//! Why a value does not fit a type, as `TypeMismatchDescriber`.

use crate::{Type, Value};

/// One parameter of a class, defined type or function, as the describer needs it.
#[derive(Debug, Clone)]
pub struct Parameter<'a> {
    /// Name without `$`.
    pub name: &'a str,
    /// Declared type; `None`: any.
    pub data_type: Option<&'a Type>,
    /// Whether a value may be left out.
    pub has_default: bool,
}

/// One signature of a function for [`describe_signatures`].
#[derive(Debug, Clone)]
pub struct Signature<'a> {
    /// Parameter types and block.
    pub callable: &'a crate::types::CallableType,
    /// Parameter names by position.
    pub parameter_names: Vec<String>,
    /// Name of the block parameter.
    pub block_name: Option<String>,
}

/// `subject expects a value of type A, got B`; `subject` e.g. `Function f's return value`.
///
/// The text is that of `describe_mismatch(subject, expected, infer_set(value))`.
#[must_use]
pub fn describe_value(_subject: &str, _expected: &Type, _value: &Value) -> String {
    String::new()
}

/// Like [`describe_value`], for an actual type.
#[must_use]
pub fn describe_type(_subject: &str, _expected: &Type, _actual: &Type) -> String {
    String::new()
}

/// `subject: parameter 'x' expects ...` for the arguments of a class, define or EPP template;
/// `None` when all fits (`validate_parameters`). Several problems are joined as in the reference.
///
/// `subject` as the reference shows it (`Class[Foo]`, `Foo[title]`). With `missing_ok` absent parameters are no problem.
#[must_use]
pub fn validate_parameters(
    _subject: &str,
    _parameters: &[Parameter<'_>],
    _given: &[(&str, &Value)],
    _missing_ok: bool,
) -> Option<String> {
    None
}

/// Message for a class parameter's default value that does not fit (`validate_default_parameter`).
#[must_use]
pub fn validate_default_parameter(
    _subject: &str,
    _name: &str,
    _expected: &Type,
    _value: &Value,
) -> Option<String> {
    None
}

/// `'name' parameter 'x' expects ...` for a function call that fits none of its signatures.
///
/// `arguments` are the values; `block` the callable type of the lambda, if one was given.
#[must_use]
pub fn describe_signatures(
    _name: &str,
    _signatures: &[Signature<'_>],
    _arguments: &[Value],
    _block: Option<&crate::types::CallableType>,
) -> String {
    String::new()
}
