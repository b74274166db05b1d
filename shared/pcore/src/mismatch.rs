//! Why a value does not fit a type, in Puppet's words (`TypeMismatchDescriber`).

use crate::types::{CallableType, Size, StringType, StructElement};
use crate::{Type, Value};

mod describe;
mod message;
mod signature;

use message::{Mismatch, PathElement};

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
    pub callable: &'a CallableType,
    /// Parameter names by position.
    pub parameter_names: Vec<String>,
    /// Name of the block parameter.
    pub block_name: Option<String>,
}

/// `subject expects a value of type A, got B`; `subject` e.g. `Function f's return value`.
///
/// The text is that of `describe_mismatch(subject, expected, infer_set(value))`; empty when it fits.
#[must_use]
pub fn describe_value(subject: &str, expected: &Type, value: &Value) -> String {
    describe_type(subject, expected, &crate::types::infer_detailed(value))
}

/// Like [`describe_value`], for an actual type.
#[must_use]
pub fn describe_type(subject: &str, expected: &Type, actual: &Type) -> String {
    let errors = describe::describe(expected, actual, &[PathElement::Subject(subject.to_owned())]);
    match errors.as_slice() {
        [only] => only.to_string().trim().to_owned(),
        errors => errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n "),
    }
}

/// `subject: parameter 'x' expects ...` for the arguments of a class, define or EPP template;
/// `None` when all fits (`validate_parameters`). Several problems are joined as in the reference.
///
/// `subject` as the reference shows it (`Class[Foo]`, `Foo[title]`). With `missing_ok` absent parameters
/// are no problem. A `Deferred` fits any parameter: what it gives is known to the agent only.
#[must_use]
pub fn validate_parameters(
    subject: &str,
    parameters: &[Parameter<'_>],
    given: &[(&str, &Value)],
    missing_ok: bool,
) -> Option<String> {
    let mut errors: Vec<Mismatch> = given
        .iter()
        .filter(|(name, _)| !parameters.iter().any(|parameter| parameter.name == *name))
        .map(|(name, _)| Mismatch::invalid_parameter(name))
        .collect();
    for parameter in parameters {
        match given.iter().find(|(name, _)| *name == parameter.name) {
            Some((_, Value::Deferred(_))) => {}
            Some((_, value)) => {
                if let Some(expected) = parameter.data_type
                    && !crate::types::is_instance(expected, value)
                {
                    let path = [PathElement::Parameter(parameter.name.to_owned())];
                    errors.extend(describe::describe(expected, &crate::types::infer_detailed(value), &path));
                }
            }
            None if missing_ok || parameter.has_default => {}
            None => errors.push(Mismatch::missing_parameter(parameter.name)),
        }
    }
    join(subject, &errors)
}

/// Message for a class parameter's default value that does not fit (`validate_default_parameter`).
#[must_use]
pub fn validate_default_parameter(subject: &str, name: &str, expected: &Type, value: &Value) -> Option<String> {
    if crate::types::is_instance(expected, value) {
        return None;
    }
    let actual = crate::types::infer_detailed(value).generalize();
    join(subject, &describe::describe(expected, &actual, &[PathElement::Parameter(name.to_owned())]))
}

fn join(subject: &str, errors: &[Mismatch]) -> Option<String> {
    match errors {
        [] => None,
        [only] => Some(format!("{subject}:{only}")),
        errors => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Some(format!("{subject}:\n {}", lines.join("\n ")))
        }
    }
}

/// `'name' parameter 'x' expects ...` for a function call that fits none of its signatures.
///
/// `arguments` are the values; `block` the callable type of the lambda, if one was given. A `name` of `lambda`
/// speaks of a block.
#[must_use]
pub fn describe_signatures(
    name: &str,
    signatures: &[Signature<'_>],
    arguments: &[Value],
    block: Option<&CallableType>,
) -> String {
    let mut types: Vec<Type> = arguments.iter().map(crate::types::infer_detailed).collect();
    types.extend(block.map(|block| Type::Callable(Some(std::sync::Arc::new(block.clone())))));
    signature::describe_signatures(name, signatures, &types)
}

/// What messages call a value (`ModelLabelProvider#label`).
#[must_use]
pub fn value_label(value: &Value) -> String {
    match value {
        Value::Undef => "Undef Value".to_owned(),
        Value::Bool(_) => "Boolean".to_owned(),
        Value::Int(_) => "Integer".to_owned(),
        Value::Float(_) => "Float".to_owned(),
        Value::Str(_) => "String".to_owned(),
        Value::Array(_) => "Array".to_owned(),
        Value::Hash(_) => "Hash".to_owned(),
        Value::Regexp(_) => "Regexp".to_owned(),
        Value::Sensitive(_) => "Sensitive".to_owned(),
        Value::Binary(_) => "Binary".to_owned(),
        Value::SemVer(_) => "Semver".to_owned(),
        Value::SemVerRange(_) => "SemverRange".to_owned(),
        Value::Timespan(_) => "Timespan".to_owned(),
        Value::Timestamp(_) => "Timestamp".to_owned(),
        Value::Type(data_type) => match &**data_type {
            Type::Resource { title: Some(_), .. } => format!("{data_type} Resource-Reference"),
            data_type => format!("{data_type}-Type"),
        },
        Value::Default | Value::Uri(_) | Value::Deferred(_) | Value::Object(_) | Value::Iterator(_) => {
            "Object".to_owned()
        }
    }
}

/// Whether `data_type` describes callables only (`kind_of_callable?`).
fn is_callable(data_type: &Type) -> bool {
    match data_type {
        Type::Callable(_) => true,
        Type::Optional(Some(inner)) => is_callable(inner),
        Type::Variant(types) => !types.is_empty() && types.iter().all(is_callable),
        _ => false,
    }
}

/// `Size` of what may be left out or not, from the elements of a `Struct`.
fn struct_size(elements: &[StructElement]) -> Size {
    let required = elements.iter().filter(|element| !element.is_optional()).count();
    Size { from: Size::exactly(required).from, to: Size::exactly(elements.len()).to }
}

/// The string that a type stands for.
fn literal(data_type: &Type) -> Option<&str> {
    match data_type {
        Type::String(StringType::Value(text)) => Some(text),
        _ => None,
    }
}
