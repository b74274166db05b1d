//! How values and types are named, and the errors of parameters that do not fit.

pub(crate) use crate::ruby_class;
use crate::types::{Type, infer, to_plain_string};
use crate::{Error, Result, Value};

/// `a` or `an` before a word.
pub(crate) fn a_an(word: &str) -> String {
    let vowel = word
        .trim_start_matches(['\'', '"'])
        .starts_with(|first: char| "aeiouyAEIOUY".contains(first));
    format!("{} {word}", if vowel { "an" } else { "a" })
}

pub(in crate::types) fn a_an_uc(word: &str) -> String {
    let text = a_an(word);
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// How a type is named in messages (`Integer-Type`).
pub(crate) fn type_label(data_type: &Type) -> String {
    format!("{}-Type", to_plain_string(data_type))
}

/// How an operand is named: an alias with its definition, unless Puppet defines it.
pub(in crate::types) fn shown(data_type: &Type) -> String {
    match data_type {
        Type::Alias(_) => data_type.to_string(),
        _ => to_plain_string(data_type),
    }
}

/// A type by its label, any other value by its Ruby class.
pub(super) fn class_or_label(value: &Value) -> String {
    match value {
        Value::Type(data_type) => type_label(data_type),
        other => ruby_class(other).into_owned(),
    }
}

/// Type of an argument, generalised, as in `Cannot use X where Y is expected`.
pub(super) fn key_type_name(value: &Value) -> String {
    match value {
        Value::Undef => "Undef".to_owned(),
        Value::Default => "Default".to_owned(),
        value => infer(value).generalize().to_string(),
    }
}

/// `max` `None`: no upper limit.
pub(in crate::types) fn arity(label: &str, min: usize, max: Option<usize>, actual: usize) -> Error {
    let label = if label.ends_with("-Type") && label.contains('[') || !label.contains('-') {
        let with_article = a_an(label);
        let mut characters = with_article.chars();
        characters.next().map_or_else(String::new, |first| {
            first.to_uppercase().chain(characters).collect::<String>()
        })
    } else {
        label.to_owned()
    };
    let message = match max {
        None => format!("{label}[] accepts {min} or more arguments. Got {actual}"),
        Some(max) if max != min => {
            format!("{label}[] accepts {min} to {max} arguments. Got {actual}")
        }
        Some(_) => {
            format!(
                "{label}[] accepts {min} argument{}. Got {actual}",
                if min == 1 { "" } else { "s" }
            )
        }
    };
    Error::with_code("BAD_TYPE_SLICE_ARITY", message)
}

/// Types that this implementation does not parameterise yet.
pub(in crate::types) fn unsupported(name: &str) -> Error {
    Error::with_code("UNSUPPORTED_TYPE", format!("{name}[] is not supported yet"))
}

pub(in crate::types) fn assert_keys(
    base: &Type,
    keys: &[Value],
    max: Option<usize>,
    expected: &[&str],
    fits: impl Fn(&Value) -> bool,
) -> Result<()> {
    let min = max.unwrap_or(1).max(1);
    if keys.len() < min || max.is_some_and(|max| keys.len() > max) {
        return Err(arity(&a_an_uc(&type_label(base)), 1, max, keys.len()));
    }
    match keys.iter().position(|key| !fits(key)) {
        None => Ok(()),
        Some(index) => Err(specialization(
            base,
            keys.get(index).unwrap_or(&Value::Undef),
            index,
            expected,
        )),
    }
}

fn specialization(base: &Type, key: &Value, index: usize, expected: &[&str]) -> Error {
    let expected: Vec<&str> = expected
        .iter()
        .map(|name| {
            if name.ends_with("PAnyType") {
                "Any-Type"
            } else {
                name
            }
        })
        .collect();
    Error::with_code(
        "BAD_TYPE_SPECIALIZATION",
        format!(
            "Error creating type specialization of {}, Cannot use {} where {} is expected",
            a_an(&type_label(base)),
            key_type_name(key),
            expected.join(" or ")
        ),
    )
    .at_argument(index)
}

pub(super) fn slice_type(label: &str, actual: &Value, index: usize) -> Error {
    Error::with_code(
        "BAD_TYPE_SLICE_TYPE",
        format!(
            "{label}[] arguments must be types. Got {}",
            ruby_class(actual)
        ),
    )
    .at_argument(index)
}
