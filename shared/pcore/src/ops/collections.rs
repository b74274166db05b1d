//! `+` and `-` of arrays, hashes, URIs and binaries (`EvaluatorImpl#concatenate`, `#delete`).

use super::arithmetic::{hash_of_list, hash_of_pairs};
use crate::{Error, PuppetHash, Result, Uri, Value};

pub(super) fn concatenate(left: &Value, right: &Value) -> Result<Value> {
    match left {
        Value::Array(elements) => {
            let mut result = elements.as_ref().clone();
            result.extend(as_list(right));
            Ok(Value::array(result))
        }
        Value::Hash(entries) => {
            let more = match right {
                Value::Hash(more) => more.as_ref().clone(),
                Value::Array(list)
                    if !list.is_empty() && list.iter().all(|part| part.as_array().is_some()) =>
                {
                    hash_of_pairs(list).map_err(runtime)?
                }
                Value::Array(list) => hash_of_list(list).map_err(runtime)?,
                _ => {
                    return Err(runtime(Error::new(
                        "Can only append Array or Hash to a Hash",
                    )));
                }
            };
            let mut result = entries.as_ref().clone();
            result.extend(more);
            Ok(Value::hash(result))
        }
        Value::Binary(bytes) => match right {
            Value::Binary(more) => Ok(Value::Binary([bytes.as_slice(), more].concat().into())),
            _ => Err(runtime(Error::new("Can only append Binary to a Binary"))),
        },
        _ => {
            let reference = match right {
                Value::Str(text) => text.to_string(),
                Value::Uri(uri) => Value::Uri(uri.clone()).to_string(),
                _ => {
                    return Err(runtime(Error::new(
                        "An URI can only be merged with an URI or String",
                    )));
                }
            };
            Uri::parse(&merge_uri(&left.to_string(), &reference))
                .map(Value::from)
                .map_err(runtime)
        }
    }
}

fn runtime(mut error: Error) -> Error {
    error.code = Some("RUNTIME_ERROR");
    error
}

/// What an array is extended with or cleared of.
fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements.as_ref().clone(),
        Value::Hash(entries) => pairs(entries),
        other => vec![other.clone()],
    }
}

/// `to_a` of a hash.
pub(crate) fn pairs(entries: &PuppetHash) -> Vec<Value> {
    entries
        .iter()
        .map(|(key, value)| Value::array(vec![key.clone(), value.clone()]))
        .collect()
}

pub(super) fn without_elements(elements: &[Value], right: &Value) -> Value {
    let removed = as_list(right);
    let kept = elements
        .iter()
        .filter(|element| !removed.iter().any(|gone| ruby_equal(element, gone)));
    Value::array(kept.cloned().collect())
}

pub(super) fn without_keys(entries: &PuppetHash, right: &Value) -> Value {
    let mut result = entries.clone();
    match right {
        Value::Array(keys) => keys.iter().for_each(|key| drop(result.remove(key))),
        Value::Hash(keys) => keys.keys().for_each(|key| drop(result.remove(key))),
        key => drop(result.remove(key)),
    }
    Value::hash(result)
}

/// Ruby's `==`: case matters, `1 == 1.0`.
fn ruby_equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            super::equals(left, right)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| ruby_equal(a, b))
        }
        (Value::Hash(a), Value::Hash(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| ruby_equal(a, b)))
        }
        _ => left == right,
    }
}

/// RFC 3986 section 5.2, of the parts a reference has.
fn merge_uri(base: &str, reference: &str) -> String {
    let has_scheme = reference.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|part| part.is_ascii_alphanumeric() || "+-.".contains(part))
    });
    if has_scheme || !base.contains("://") {
        return reference.to_owned();
    }
    let without_fragment = base.split('#').next().unwrap_or_default();
    if reference.is_empty() || reference.starts_with('#') {
        return format!("{without_fragment}{reference}");
    }
    let without_query = without_fragment.split('?').next().unwrap_or_default();
    if reference.starts_with('?') {
        return format!("{without_query}{reference}");
    }
    let (scheme, rest) = without_query.split_once("://").unwrap_or_default();
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let end = reference.find(['?', '#']).unwrap_or(reference.len());
    let (relative, tail) = reference.split_at(end);
    let directory = path
        .rfind('/')
        .and_then(|at| path.get(..=at))
        .unwrap_or("/");
    let joined = if relative.starts_with('/') {
        relative.to_owned()
    } else {
        format!("{directory}{relative}")
    };
    let mut segments: Vec<&str> = Vec::new();
    for segment in joined.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other),
        }
    }
    if joined.ends_with("/.") || joined.ends_with("/..") {
        segments.push("");
    }
    format!("{scheme}://{authority}/{}{tail}", segments.join("/"))
}
