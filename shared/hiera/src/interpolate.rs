//! `%{...}` in configuration and data (`puppet/pops/lookup/interpolation.rb`).

use std::borrow::Cow;

use bunraku_pcore::{PuppetHash, Value};

use crate::invocation::{Invocation, Remembered};
use crate::key::{VariablePath, dig, split_key};
use crate::{ErrorKind, LookupError, Result, ruby};

/// Whether expressions may call methods: in data, not in a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Methods {
    Allowed,
    Refused,
}

/// The value with all interpolations resolved; values without any are shared, not copied.
pub(crate) fn interpolate(
    invocation: &Invocation<'_>,
    value: &Value,
    methods: Methods,
) -> Result<Value> {
    Ok(changed(invocation, value, methods)?.unwrap_or_else(|| value.clone()))
}

/// A configuration's string: names and paths.
pub(crate) fn interpolate_text<'t>(
    invocation: &Invocation<'_>,
    text: &'t str,
) -> Result<Cow<'t, str>> {
    if !text.contains("%{") {
        return Ok(Cow::Borrowed(text));
    }
    let value = string(invocation, text, Methods::Refused)?;
    Ok(Cow::Owned(ruby::to_s(&value)))
}

/// `None`: nothing to resolve within.
fn changed(invocation: &Invocation<'_>, value: &Value, methods: Methods) -> Result<Option<Value>> {
    match value {
        Value::Str(text) if text.contains("%{") => string(invocation, text, methods).map(Some),
        Value::Array(elements) => {
            let mut copy: Option<Vec<Value>> = None;
            for (index, element) in elements.iter().enumerate() {
                if let Some(new) = changed(invocation, element, methods)? {
                    let copy = copy.get_or_insert_with(|| elements.as_ref().clone());
                    if let Some(slot) = copy.get_mut(index) {
                        *slot = new;
                    }
                }
            }
            Ok(copy.map(Value::array))
        }
        Value::Hash(entries) if has_interpolation(value) => {
            let mut copy = PuppetHash::with_capacity(entries.len());
            for (key, element) in entries.iter() {
                let key = interpolate(invocation, key, methods)?;
                copy.insert(key, interpolate(invocation, element, methods)?);
            }
            Ok(Some(Value::hash(copy)))
        }
        _ => Ok(None),
    }
}

fn has_interpolation(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.contains("%{"),
        Value::Array(elements) => elements.iter().any(has_interpolation),
        Value::Hash(entries) => entries
            .iter()
            .any(|(key, value)| has_interpolation(key) || has_interpolation(value)),
        _ => false,
    }
}

fn string(invocation: &Invocation<'_>, subject: &str, methods: Methods) -> Result<Value> {
    let mut result = String::with_capacity(subject.len());
    let mut rest = subject;
    while let Some(start) = rest.find("%{") {
        let (before, from) = rest.split_at(start);
        let Some(length) = from.find('}') else {
            break;
        };
        let (expression, after) = from.split_at(length + 1);
        result.push_str(before);
        rest = after;
        let inner = expression.get(2..length).unwrap_or_default();
        let inner =
            inner.trim_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '\x0b' | '\0'));
        if matches!(inner, "" | "::" | "\"\"" | "''" | "\"::\"" | "'::'") {
            continue;
        }
        let (method, key) = method_and_key(inner, methods)?;
        let is_alias = method == "alias";
        if is_alias && subject != expression {
            return Err(LookupError::issue(
                "HIERA_INTERPOLATION_ALIAS_NOT_ENTIRE_STRING",
                "'alias' interpolation is only permitted if the expression is equal to the entire string",
            ));
        }
        let value = match method {
            "scope" => scope(invocation, key, subject)?.unwrap_or_default(),
            "lookup" | "hiera" | "alias" => {
                invocation.hiera.lookup_for_interpolation(invocation, key)?
            }
            "literal" => Value::from(key),
            other => {
                return Err(LookupError::issue(
                    "HIERA_INTERPOLATION_UNKNOWN_INTERPOLATION_METHOD",
                    format!("Unknown interpolation method '{other}'"),
                ));
            }
        };
        if is_alias {
            return Ok(value);
        }
        let scoped;
        let name = if method == "scope" {
            scoped = format!("scope:{key}");
            &scoped
        } else {
            key
        };
        let value = invocation.check(name, || interpolate(invocation, &value, methods))?;
        result.push_str(&ruby::to_s(&value));
    }
    result.push_str(rest);
    Ok(Value::from(result))
}

/// `method('key')`, or a variable: `^(\w+)\((?:["]([^"]+)["]|[']([^']+)['])\)$`.
fn method_and_key(expression: &str, methods: Methods) -> Result<(&str, &str)> {
    let call = expression.split_once('(').and_then(|(name, rest)| {
        let is_word = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let argument = rest.strip_suffix(')')?;
        let key = ['"', '\''].into_iter().find_map(|quote| {
            let inner = argument.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.is_empty() && !inner.contains(quote)).then_some(inner)
        })?;
        is_word.then_some((name, key))
    });
    match call {
        None => Ok(("scope", expression)),
        Some(_) if methods == Methods::Refused => Err(LookupError::issue(
            "HIERA_INTERPOLATION_METHOD_SYNTAX_NOT_ALLOWED",
            "Interpolation using method syntax is not allowed in this context",
        )),
        Some(call) => Ok(call),
    }
}

/// The value of a variable; `None`: there is none.
pub(crate) fn scope(
    invocation: &Invocation<'_>,
    key: &str,
    subject: &str,
) -> Result<Option<Value>> {
    let (root, segments) = split_key(key).ok_or_else(|| {
        LookupError::new(
            ErrorKind::Lookup,
            format!("Syntax error in string: {subject}"),
        )
    })?;
    let given = invocation.overrides.get_str(&root).or_else(|| {
        let (name, value) = invocation.local?;
        (name == root).then_some(value)
    });
    let value = match given {
        Some(value) => dig(key, &segments, value.clone())?,
        None => {
            let path = VariablePath {
                key,
                root: &root,
                segments: &segments,
            };
            match invocation.world.variable(&path)? {
                None => match invocation.defaults.get_str(&root) {
                    Some(value) if is_unset(invocation, &path)? => {
                        dig(key, &segments, value.clone())?
                    }
                    _ => None,
                },
                found => found,
            }
        }
    };
    let value = value.filter(|value| !value.is_undef());
    if let Some(memory) = invocation.memory
        && !(value.is_some() && key.starts_with("::"))
    {
        memory.borrow_mut().push(Remembered {
            key: key.into(),
            root,
            segments,
            value: value.clone(),
        });
    }
    Ok(value)
}

/// Whether the variable itself has no value, so that the caller's default values count.
fn is_unset(invocation: &Invocation<'_>, path: &VariablePath<'_>) -> Result<bool> {
    let whole = VariablePath {
        segments: &[],
        ..*path
    };
    Ok(path.segments.is_empty() || invocation.world.variable(&whole)?.is_none())
}
