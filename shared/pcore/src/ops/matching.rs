//! `=~`, and what case and selector options match.

use super::compare::{equals, in_range};
use crate::regex::Captures;
use crate::{Error, Result, RubyRegex, SemVer, Value};

/// Outcome of a match.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// Whether it matched.
    pub matched: bool,
    /// Captures when a regular expression matched: the caller sets `$0`, `$1`, ...
    pub captures: Option<Captures>,
}

impl From<bool> for Matched {
    fn from(matched: bool) -> Self {
        Self {
            matched,
            captures: None,
        }
    }
}

impl From<Option<Captures>> for Matched {
    fn from(captures: Option<Captures>) -> Self {
        Self {
            matched: captures.is_some(),
            captures,
        }
    }
}

/// `left =~ right`: a type, a regular expression, a string as expression, a version range.
///
/// # Errors
/// `MATCH_NOT_REGEXP`, `MATCH_NOT_STRING`, or a regular expression over its backtrack limit.
pub fn match_pattern(left: &Value, right: &Value) -> Result<Matched> {
    let compiled;
    let regex = match right {
        Value::Type(data_type) => return Ok(data_type.accepts(left).into()),
        Value::SemVerRange(range) => return Ok(in_range(range, left).into()),
        Value::Regexp(regex) => regex.as_ref(),
        Value::Str(source) => {
            compiled = RubyRegex::new(source).map_err(|error| not_a_regexp(&error.message))?;
            &compiled
        }
        other => {
            let class = crate::ruby_class_in_conversion(other);
            return Err(not_a_regexp(&format!(
                "no implicit conversion of {class} into String"
            )));
        }
    };
    let Value::Str(text) = left else {
        let message = format!(
            "Left match operand must result in a String value. Got {}.",
            super::a_label(left)
        );
        return Err(Error::with_code("MATCH_NOT_STRING", message).at_argument(0));
    };
    Ok(regex.captures(text)?.into())
}

fn not_a_regexp(detail: &str) -> Error {
    let message = format!(
        "Can not convert right match operand to a regular expression. Caused by '{detail}'."
    );
    Error::with_code("MATCH_NOT_REGEXP", message).at_argument(1)
}

/// Whether `value` matches the option of a `case` or selector (`is_match?`). `default` options are the caller's business.
///
/// # Errors
/// A regular expression over its backtrack limit.
pub fn match_option(value: &Value, option: &Value) -> Result<Matched> {
    match option {
        Value::Regexp(regex) => match value {
            Value::Str(text) => Ok(regex.captures(text)?.into()),
            _ => Ok(false.into()),
        },
        Value::Type(data_type) => Ok(data_type.accepts(value).into()),
        Value::Default => Ok(true.into()),
        Value::SemVer(version) => Ok(match value {
            Value::SemVer(other) => version == other,
            Value::Str(text) => SemVer::parse(text).is_ok_and(|other| other == **version),
            _ => false,
        }
        .into()),
        Value::SemVerRange(range) => Ok(in_range(range, value).into()),
        Value::Array(options) => match value.as_array() {
            Some(values) if values.len() == options.len() => {
                match_all(values.iter().zip(options.iter()))
            }
            _ => Ok(false.into()),
        },
        Value::Hash(options) => match value.as_hash() {
            Some(values) => match_all(
                options
                    .iter()
                    .map(|(key, option)| (values.get(key).unwrap_or(&Value::Undef), option)),
            ),
            None => Ok(false.into()),
        },
        _ => Ok(equals(value, option).into()),
    }
}

/// All must match; the captures are those of the last regular expression.
fn match_all<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Result<Matched> {
    let mut captures = None;
    for (value, option) in pairs {
        let outcome = match_option(value, option)?;
        captures = outcome.captures.or(captures);
        if !outcome.matched {
            return Ok(Matched {
                matched: false,
                captures,
            });
        }
    }
    Ok(Matched {
        matched: true,
        captures,
    })
}
