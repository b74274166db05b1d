//! Titles of resources and classes.

use ecow::EcoString;

use super::wording::{a_an, a_an_uc, key_type_name, type_label};
use crate::types::parameterize::flatten;
use crate::types::{Type, capitalize_segments};
use crate::{Error, Result, Value};

fn is_class_reference(name: &str) -> bool {
    let name = name.strip_prefix("::").unwrap_or(name);
    !name.is_empty()
        && name.split("::").all(|segment| {
            segment.starts_with(|first: char| first.is_ascii_uppercase())
                && segment
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_')
        })
}

fn no_titles(base: &str) -> Error {
    Error::with_code(
        "BAD_TYPE_SLICE_ARITY",
        format!("{base}[] accepts 1 or more arguments. Got 0"),
    )
}

/// Titles as the keys give them: flattened, without `undef`; and whether the result is an array.
fn titles(keys: &[Value]) -> Result<(Vec<Value>, bool)> {
    let many = keys.len() > 1 || matches!(keys.first(), Some(Value::Array(_)));
    let mut flat = Vec::with_capacity(keys.len());
    flatten(keys, &mut flat, 0)?;
    flat.retain(|key| !key.is_undef());
    Ok((flat, many))
}

fn collect(mut found: Vec<Value>, many: bool) -> Value {
    if many {
        Value::array(found)
    } else {
        found.pop().unwrap_or_default()
    }
}

/// Titles that are all empty or undefined give nothing; the reference tells only with `--debug`.
fn no_references(many: bool) -> Value {
    if many {
        Value::array(Vec::new())
    } else {
        Value::Undef
    }
}

pub(in crate::types) fn resource(
    type_name: Option<&EcoString>,
    title: Option<&EcoString>,
    keys: &[Value],
) -> Result<Value> {
    if keys.is_empty() {
        return Err(no_titles(type_name.map_or("Resource", EcoString::as_str)));
    }
    if let (Some(type_name), Some(title)) = (type_name, title) {
        // Reading a parameter of a resource needs the catalog: the evaluator does that.
        return Err(Error::with_code(
            "ILLEGAL_TYPE_SPECIALIZATION",
            format!("Resource not found: {type_name}['{title}']"),
        ));
    }
    let (name, rest) = match type_name {
        Some(name) => (name.clone(), keys),
        None => match keys {
            [Value::Str(name), rest @ ..] => (capitalize_segments(name), rest),
            [Value::Type(data_type), rest @ ..] => match &**data_type {
                Type::Resource {
                    type_name: Some(name),
                    ..
                } => (name.clone(), rest),
                other => return Err(illegal_resource(&Value::from(other.clone()))),
            },
            [other, ..] => return Err(illegal_resource(other)),
            [] => return Err(no_titles("Resource")),
        },
    };
    if !is_class_reference(&name) {
        return Err(Error::with_code(
            "ILLEGAL_CLASSREF",
            format!("Illegal type reference. The given name '{name}' does not conform to the naming rule"),
        )
        .at_argument(0));
    }
    let (given, many) = titles(rest)?;
    if given.is_empty() && !rest.is_empty() {
        return Ok(no_references(many));
    }
    if given.is_empty() {
        return Ok(Value::from(Type::Resource {
            type_name: Some(name),
            title: None,
        }));
    }
    let offset = keys.len() - rest.len();
    let mut found = Vec::with_capacity(given.len());
    for (index, key) in given.iter().enumerate() {
        let Value::Str(title) = key else {
            let base = Type::Resource {
                type_name: type_name.cloned(),
                title: None,
            };
            return Err(Error::with_code(
                "BAD_TYPE_SPECIALIZATION",
                format!(
                    "Error creating type specialization of {}, Cannot use {} where a resource title String is expected",
                    a_an(&type_label(&base)),
                    key_type_name(key)
                ),
            )
            .at_argument(index + offset));
        };
        found.push(Value::from(Type::Resource {
            type_name: Some(name.clone()),
            title: Some(title.clone()),
        }));
    }
    Ok(collect(found, many))
}

fn illegal_resource(actual: &Value) -> Error {
    Error::with_code(
        "ILLEGAL_RESOURCE_SPECIALIZATION",
        format!(
            "First argument to Resource[] must be a resource type or a String. Got {}.",
            key_type_name(actual)
        ),
    )
    .at_argument(0)
}

pub(in crate::types) fn class(name: Option<&EcoString>, keys: &[Value]) -> Result<Value> {
    if keys.is_empty() {
        return Err(no_titles("Class"));
    }
    if let Some(name) = name {
        return Err(Error::with_code(
            "ILLEGAL_TYPE_SPECIALIZATION",
            format!("Resource not found: Class['{name}']"),
        ));
    }
    let (given, many) = titles(keys)?;
    if given.is_empty() {
        return Ok(no_references(many));
    }
    let mut found = Vec::with_capacity(given.len());
    for (index, key) in given.iter().enumerate() {
        let Value::Str(title) = key else {
            return Err(Error::with_code(
                "ILLEGAL_HOSTCLASS_NAME",
                format!(
                    "Illegal Class name in class reference. {} cannot be used where a String is expected",
                    a_an_uc(&crate::mismatch::value_label(key))
                ),
            )
            .at_argument(index));
        };
        if !is_class_name(title) {
            return Err(Error::with_code(
                "ILLEGAL_NAME",
                format!(
                    "Illegal name. The given name '{title}' does not conform to the naming rule /^((::)?[a-z_]\\w*)(::[a-z]\\w*)*$/"
                ),
            )
            .at_argument(index));
        }
        found.push(Value::from(Type::class(title)));
    }
    Ok(collect(found, many))
}

fn is_class_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_prefix("::").unwrap_or(&name);
    name.split("::").all(|segment| {
        segment.starts_with(|first: char| first.is_ascii_lowercase())
            && segment
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}
