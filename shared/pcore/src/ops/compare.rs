//! `== < in`, as `CompareOperator`.

use std::cmp::Ordering;

use super::times;
use crate::{Error, Result, SemVer, SemVerRange, Value};

/// `left == right`: strings without case, `1 == 1.0`.
#[must_use]
pub fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        // Only ASCII letters are folded (`casecmp`).
        (Value::Str(a), Value::Str(b)) => a.eq_ignore_ascii_case(b),
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            compare_numbers(left, right) == Some(Ordering::Equal)
        }
        (Value::Timespan(_) | Value::Timestamp(_), Value::Int(_) | Value::Float(_)) => {
            times::compare(left, right) == Some(Ordering::Equal)
        }
        (Value::Int(_) | Value::Float(_), Value::Timespan(_) | Value::Timestamp(_)) => {
            times::compare(right, left) == Some(Ordering::Equal)
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equals(a, b))
        }
        (Value::Hash(a), Value::Hash(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| equals(b.get(key).unwrap_or(&Value::Undef), value))
        }
        _ => left == right,
    }
}

/// Order for `< <= > >=`.
///
/// # Errors
/// When the values have no order among them (`COMPARISON_NOT_POSSIBLE` in the reference's caller);
/// the message is the detail.
pub fn compare(left: &Value, right: &Value) -> Result<Ordering> {
    let order = match (left, right) {
        (Value::Str(a), Value::Str(b)) => {
            return Ok(a
                .bytes()
                .map(|b| b.to_ascii_lowercase())
                .cmp(b.bytes().map(|b| b.to_ascii_lowercase())));
        }
        (Value::Str(_), _) => return Err(Error::new("A String is not comparable to a non String")),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            compare_numbers(left, right)
        }
        (Value::Int(_) | Value::Float(_), Value::Timespan(_) | Value::Timestamp(_)) => {
            times::compare(right, left).map(Ordering::reverse)
        }
        (Value::Int(_) | Value::Float(_), _) => {
            return Err(Error::new("A Numeric is not comparable to non Numeric"));
        }
        (Value::Timespan(_), Value::Timespan(_) | Value::Int(_) | Value::Float(_))
        | (Value::Timestamp(_), Value::Timestamp(_) | Value::Int(_) | Value::Float(_)) => {
            times::compare(left, right)
        }
        (Value::Timespan(_), _) => {
            return Err(Error::new(
                "Timespans are only comparable to Timespans, Integers, and Floats",
            ));
        }
        (Value::Timestamp(_), _) => {
            return Err(Error::new(
                "Timestamps are only comparable to Timestamps, Integers, and Floats",
            ));
        }
        (Value::SemVer(a), Value::SemVer(b)) => return Ok(a.precedence(b)),
        (Value::SemVer(_), _) => return Err(Error::new("Versions not comparable to non Versions")),
        (Value::Default, Value::Default) => return Ok(Ordering::Equal),
        (Value::Default, _) => return Err(Error::new("Symbol not comparable to non Symbol")),
        _ => {
            return Err(Error::new(
                "Only Strings, Numbers, Timespans, Timestamps, and Versions are comparable",
            ));
        }
    };
    order.ok_or_else(|| Error::new("NaN is not comparable"))
}

/// Exact order of an integer and a float, as Ruby's.
fn compare_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => compare_mixed(*a, *b),
        (Value::Float(a), Value::Int(b)) => compare_mixed(*b, *a).map(Ordering::reverse),
        _ => None,
    }
}

fn compare_mixed(integer: i64, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if float < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    #[expect(clippy::cast_possible_truncation, reason = "within the range by now")]
    let whole = float.trunc() as i64;
    Some(
        integer
            .cmp(&whole)
            .then_with(|| 0.0_f64.total_cmp(&(float.fract() + 0.0))),
    )
}

/// `element in collection` (not the regexp-in-string captures; see [`crate::ops::match_pattern`]).
#[must_use]
pub fn includes(collection: &Value, element: &Value) -> bool {
    match collection {
        Value::Str(text) => match element {
            Value::Str(part) => text.to_lowercase().contains(part.to_lowercase().as_str()),
            Value::Regexp(regex) => regex.is_match(text).unwrap_or(false),
            _ => false,
        },
        Value::Array(elements) => in_elements(elements.iter(), element),
        Value::Hash(entries) => in_elements(entries.keys(), element),
        Value::Binary(bytes) => match element {
            Value::Binary(part) => contains_bytes(bytes, part),
            Value::Str(part) => contains_bytes(bytes, part.as_bytes()),
            Value::Int(byte) => bytes.iter().any(|known| i64::from(*known) == *byte),
            _ => false,
        },
        Value::SemVerRange(range) => in_range(range, element),
        _ => false,
    }
}

fn in_elements<'a>(mut elements: impl Iterator<Item = &'a Value>, wanted: &Value) -> bool {
    match wanted {
        Value::Regexp(regex) => elements.any(|element| {
            element
                .as_str()
                .is_some_and(|text| regex.is_match(text).unwrap_or(false))
        }),
        // The elements are patterns then: a regular expression or a type may accept the string.
        Value::Str(_) | Value::SemVer(_) => elements.any(|element| {
            super::match_option(wanted, element).is_ok_and(|outcome| outcome.matched)
        }),
        Value::Type(data_type) => elements.any(|element| data_type.accepts(element)),
        _ => elements.any(|element| equals(element, wanted)),
    }
}

/// Whether a range has a version, or a string that is one.
pub(super) fn in_range(range: &SemVerRange, element: &Value) -> bool {
    match element {
        Value::SemVer(version) => range.includes(version),
        Value::Str(text) => SemVer::parse(text).is_ok_and(|version| range.includes(&version)),
        _ => false,
    }
}

fn contains_bytes(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}
