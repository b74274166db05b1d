//! Types of strings, expressions, versions and URIs.

use std::sync::Arc;

use ecow::EcoString;

use super::wording::{arity, assert_keys, key_type_name, slice_type};
use crate::types::{ErrorType, StringType, Type};
use crate::{Error, Result, RubyRegex, SemVerRange, Value};

pub(in crate::types) fn enumeration(base: &Type, keys: &[Value]) -> Result<Type> {
    let (keys, case_insensitive) = match keys {
        [rest @ .., Value::Bool(flag)] => (rest, *flag),
        _ => (keys, false),
    };
    assert_keys(base, keys, None, &["String"], |key| {
        matches!(key, Value::Str(_))
    })?;
    let mut values: Vec<EcoString> = keys
        .iter()
        .filter_map(|key| key.as_str().map(EcoString::from))
        .collect();
    values.sort_unstable();
    values.dedup();
    Ok(Type::Enum {
        values: values.into(),
        case_insensitive,
    })
}

pub(in crate::types) fn pattern(base: &Type, keys: &[Value]) -> Result<Type> {
    let is_regex_type = |data_type: &Type| matches!(data_type, Type::Regexp(_) | Type::Pattern(_));
    let expected = &["String", "Regexp", "Pattern-Type", "Regexp-Type"];
    assert_keys(base, keys, None, expected, |key| match key {
        Value::Str(_) | Value::Regexp(_) => true,
        Value::Type(data_type) => is_regex_type(data_type),
        _ => false,
    })?;
    let mut patterns: Vec<Arc<RubyRegex>> = Vec::with_capacity(keys.len());
    let mut add = |regex: Arc<RubyRegex>| {
        if !patterns.contains(&regex) {
            patterns.push(regex);
        }
    };
    for (index, key) in keys.iter().enumerate() {
        match key {
            Value::Str(text) => add(Arc::new(
                RubyRegex::new(text).map_err(|error| error.at_argument(index))?,
            )),
            Value::Regexp(regex) => add(Arc::clone(regex)),
            Value::Type(data_type) => match &**data_type {
                Type::Regexp(Some(regex)) => add(Arc::clone(regex)),
                Type::Pattern(parts) => parts.iter().cloned().for_each(&mut add),
                _ => add(Arc::new(RubyRegex::new("")?)),
            },
            _ => {}
        }
    }
    Ok(Type::Pattern(patterns.into()))
}

pub(in crate::types) fn regexp(base: &Type, keys: &[Value]) -> Result<Type> {
    assert_keys(base, keys, Some(1), &["String", "Regexp"], |key| {
        matches!(key, Value::Str(_) | Value::Regexp(_))
    })?;
    Ok(Type::Regexp(match keys.first() {
        Some(Value::Regexp(regex)) => Some(Arc::clone(regex)),
        Some(Value::Str(text)) => Some(Arc::new(RubyRegex::new(text)?)),
        _ => None,
    }))
}

pub(in crate::types) fn sem_ver(base: &Type, keys: &[Value]) -> Result<Type> {
    assert_keys(
        base,
        keys,
        None,
        &["String", "SemanticPuppet::VersionRange"],
        |key| matches!(key, Value::Str(_) | Value::SemVerRange(_)),
    )?;
    let mut ranges = Vec::with_capacity(keys.len());
    for key in keys {
        match key {
            Value::Str(text) => ranges.push(SemVerRange::parse(text)?),
            Value::SemVerRange(range) => ranges.push(range.as_ref().clone()),
            _ => {}
        }
    }
    if ranges.len() > 1 {
        ranges = crate::semver::merge_ranges(ranges);
    }
    Ok(Type::SemVer(ranges.into()))
}

pub(in crate::types) fn uri(keys: &[Value]) -> Result<Type> {
    match keys {
        [Value::Str(text)] if !text.is_empty() => {
            let parameters = crate::Uri::parse(text)?.parameters();
            Ok(Type::Uri(Some(Arc::new(parameters))))
        }
        [hash @ Value::Hash(entries)]
            if !entries.iter().all(|(name, part)| is_uri_part(name, part)) =>
        {
            Err(slice_type("URI-Type", hash, 0))
        }
        [Value::Hash(entries)] => Ok(Type::Uri(if entries.is_empty() {
            None
        } else {
            Some(Arc::new(Value::Hash(Arc::clone(entries))))
        })),
        [other] => Err(slice_type("URI-Type", other, 0)),
        _ => Err(arity("URI-Type", 1, Some(1), keys.len())),
    }
}

/// Whether a `URI` type may constrain the component so (`TYPE_URI_PARAM_HASH_TYPE`).
fn is_uri_part(name: &Value, part: &Value) -> bool {
    let is_port = match name.as_str() {
        Some("port") => true,
        Some("scheme" | "userinfo" | "host" | "path" | "query" | "fragment" | "opaque") => false,
        _ => return false,
    };
    match part {
        Value::Undef => true,
        Value::Int(number) => is_port && *number >= 0,
        Value::Str(text) => !is_port && !text.is_empty(),
        Value::Regexp(_) => !is_port,
        Value::Type(constraint) => match &**constraint {
            Type::Pattern(_) | Type::Enum { .. } => !is_port,
            Type::NotUndef(_) | Type::Undef => true,
            _ => false,
        },
        _ => false,
    }
}

/// `Error[kind, issue_code]`: texts, expressions, or types of texts.
pub(in crate::types) fn error(keys: &[Value]) -> Result<Type> {
    let part = |index: usize, name: &str| {
        Ok(match keys.get(index) {
            None | Some(Value::Undef) => None,
            Some(Value::Str(text)) => Some(Type::String(StringType::Value(text.clone()))),
            Some(Value::Regexp(regex)) => Some(Type::Regexp(Some(Arc::clone(regex)))),
            Some(Value::Type(part))
                if matches!(
                    **part,
                    Type::Enum { .. } | Type::Pattern(_) | Type::NotUndef(_) | Type::Undef
                ) =>
            {
                Some(part.as_ref().clone())
            }
            Some(other) => {
                return Err(Error::new(format!(
                    "type_parameter Error[{name}] has wrong type, expects a value of type Undef, String, Regexp, Type[Enum], Type[Pattern], Type[NotUndef], or Type[Undef], got {}",
                    key_type_name(other)
                )));
            }
        })
    };
    let (kind, issue_code) = (part(0, "kind")?, part(1, "issue_code")?);
    Ok(Type::Error(Some(Arc::new(ErrorType { kind, issue_code }))))
}
