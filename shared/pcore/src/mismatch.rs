//! Why a value does not fit a type, as `TypeMismatchDescriber`.

mod describe;
mod report;
mod signatures;
mod unresolved;
mod wording;

use crate::types::{infer_detailed, is_instance};
use crate::{Type, Value};
use describe::describe;
use report::{Kind, Mismatch, Step};

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
/// The text is that of `describe_mismatch(subject, expected, infer_set(value))`; empty when the value fits.
#[must_use]
pub fn describe_value(subject: &str, expected: &Type, value: &Value) -> String {
    describe_type(subject, expected, &infer_detailed(value))
}

/// Like [`describe_value`], for an actual type.
#[must_use]
pub fn describe_type(subject: &str, expected: &Type, actual: &Type) -> String {
    let found = describe(expected, actual, vec![Step::Subject(subject.to_owned())]);
    match found.as_slice() {
        [only] => only.text().trim().to_owned(),
        all => joined(all),
    }
}

/// `subject: parameter 'x' expects ...` for the arguments of a class, define or EPP template;
/// `None` when all fits (`validate_parameters`). Several problems are joined as in the reference.
///
/// `subject` as the reference shows it (`Class[Foo]`, `Foo[title]`). With `missing_ok` absent parameters are no problem.
/// A `Deferred` value is taken for granted: its function's return type is not known here.
#[must_use]
pub fn validate_parameters(
    subject: &str,
    parameters: &[Parameter<'_>],
    given: &[(&str, &Value)],
    missing_ok: bool,
) -> Option<String> {
    let is_known = |name: &str| parameters.iter().any(|parameter| parameter.name == name);
    let mut found: Vec<Mismatch> = given
        .iter()
        .filter(|(name, _)| !is_known(name))
        .map(|(name, _)| Mismatch::new(&[], Kind::InvalidParameter((*name).to_owned())))
        .collect();
    for parameter in parameters {
        match given.iter().find(|(name, _)| *name == parameter.name) {
            Some((_, Value::Deferred(_))) => {}
            Some((name, value)) => {
                if let Some(expected) = parameter
                    .data_type
                    .filter(|expected| !is_instance(expected, value))
                {
                    found.extend(describe(
                        expected,
                        &infer_detailed(value),
                        vec![Step::Parameter((*name).to_owned())],
                    ));
                }
            }
            None if missing_ok || parameter.has_default => {}
            None => found.push(Mismatch::new(
                &[],
                Kind::MissingParameter(parameter.name.to_owned()),
            )),
        }
    }
    about(subject, &found)
}

/// Message for a class parameter's default value that does not fit (`validate_default_parameter`).
#[must_use]
pub fn validate_default_parameter(
    subject: &str,
    name: &str,
    expected: &Type,
    value: &Value,
) -> Option<String> {
    if is_instance(expected, value) {
        return None;
    }
    let actual = infer_detailed(value).generalize();
    about(
        subject,
        &describe(expected, &actual, vec![Step::Parameter(name.to_owned())]),
    )
}

/// `'name' parameter 'x' expects ...` for a function call that fits none of its signatures.
///
/// `arguments` are the values; `block` the callable type of the lambda, if one was given.
/// A `name` of `lambda` is shown as `block`.
#[must_use]
pub fn describe_signatures(
    name: &str,
    signatures: &[Signature<'_>],
    arguments: &[Value],
    block: Option<&crate::types::CallableType>,
) -> String {
    signatures::describe_all(name, signatures, arguments, block)
}

/// `String a, Integer b?, Callable block`: parameters of a signature as [`describe_signatures`] shows them.
#[must_use]
pub fn signature_text(signature: &Signature<'_>) -> String {
    signatures::signature_text(signature)
}

fn joined(found: &[Mismatch]) -> String {
    found
        .iter()
        .map(Mismatch::text)
        .collect::<Vec<String>>()
        .join("\n ")
}

fn about(subject: &str, found: &[Mismatch]) -> Option<String> {
    match found {
        [] => None,
        [only] => Some(format!("{subject}:{}", only.text())),
        all => Some(format!("{subject}:\n {}", joined(all))),
    }
}

/// What an error message calls a value (`ModelLabelProvider`).
pub(crate) fn value_label(value: &Value) -> String {
    let label = match value {
        Value::Undef => "Undef Value",
        Value::SemVer(_) => "Semver",
        Value::SemVerRange(_) => "SemverRange",
        Value::Type(data_type) => {
            return match data_type.as_ref() {
                Type::Resource { title: Some(_), .. } => format!("{data_type} Resource-Reference"),
                _ => format!("{data_type}-Type"),
            };
        }
        Value::Default
        | Value::Uri(_)
        | Value::Deferred(_)
        | Value::Object(_)
        | Value::Iterator(_) => "Object",
        other => return crate::types::short_name(&crate::types::infer(other)),
    };
    label.to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::types::{TypeAlias, infer};

    #[test]
    fn unresolved_names_are_told_before_anything_else() {
        let expected = Type::array_of(Type::Reference(Some("Foo::Bar".into())));
        assert_eq!(
            describe_value("x", &expected, &Value::Int(1)),
            "x references an unresolved type 'Foo::Bar'"
        );
    }

    #[test]
    fn aliases_of_nothing_but_themselves_end() {
        let alias = TypeAlias::new("Loop");
        let loop_type = Type::Alias(Arc::clone(&alias));
        alias.resolve(loop_type.clone());
        assert!(describe_value("x", &loop_type, &Value::Int(1)).starts_with("x expects a Loop"));
    }

    #[test]
    fn values_are_labelled_with_their_class() {
        assert_eq!(value_label(&Value::Int(1)), "Integer");
        assert_eq!(value_label(&Value::Undef), "Undef Value");
        assert_eq!(
            value_label(&Value::of_type(infer(&Value::Undef))),
            "Undef-Type"
        );
    }
}
