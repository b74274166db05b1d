//! `%d %i %u %o %x %X %b %B`, and Ruby's `Integer()`.

use super::{Spec, inspect};
use crate::{Error, Result, Value, ops};

/// `rb_Integer` as `sprintf` uses it: floats are cut.
pub(super) fn to_integer(value: &Value) -> Result<i128> {
    match value {
        Value::Int(number) => Ok(i128::from(*number)),
        Value::Float(number) if number.is_nan() => Err(Error::new("NaN")),
        Value::Float(number) if number.is_infinite() => Err(Error::new(if *number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        })),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates beyond what a format may show"
        )]
        Value::Float(number) => Ok(number.trunc() as i128),
        Value::Str(text) => parse_integer(text, None).ok_or_else(|| invalid(value)),
        Value::Timespan(_) | Value::Timestamp(_) => Ok(ops::seconds(value)
            .map(|(whole, _)| i128::from(whole))
            .unwrap_or_default()),
        other => Err(Error::new(format!(
            "can't convert {} into Integer",
            crate::ruby_class_in_conversion(other)
        ))),
    }
}

fn invalid(value: &Value) -> Error {
    Error::new(format!("invalid value for Integer(): {}", inspect(value)))
}

/// Ruby's `Integer(text)` or `Integer(text, radix)`: prefixes `0x 0b 0o 0d 0`, single underscores between digits.
pub(crate) fn parse_integer(text: &str, radix: Option<u32>) -> Option<i128> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = text.to_ascii_lowercase();
    let written = match lower.get(..2) {
        Some("0x") => Some((16, 2)),
        Some("0b") => Some((2, 2)),
        Some("0o") => Some((8, 2)),
        Some("0d") => Some((10, 2)),
        _ if lower.len() > 1 && lower.starts_with('0') => Some((8, 1)),
        _ => None,
    };
    let (radix, digits) = match (radix, written) {
        (None, Some((written, skipped))) => (written, lower.get(skipped..)?),
        (Some(radix), Some((written, skipped))) if radix == written => {
            (radix, lower.get(skipped..)?)
        }
        (radix, _) => (radix.unwrap_or(10), lower.as_str()),
    };
    // `0_7` is fine, as the leading zero is a digit there.
    let digits = if written == Some((8, 1)) {
        digits.strip_prefix('_').unwrap_or(digits)
    } else {
        digits
    };
    if digits.is_empty()
        || digits.starts_with('_')
        || digits.ends_with('_')
        || digits.contains("__")
    {
        return None;
    }
    let mut number: i128 = 0;
    for digit in digits.chars().filter(|digit| *digit != '_') {
        let digit = i128::from(digit.to_digit(radix)?);
        number = number
            .saturating_mul(i128::from(radix))
            .saturating_add(digit);
    }
    Some(if negative {
        number.saturating_neg()
    } else {
        number
    })
}

pub(super) fn format(spec: Spec, directive: char, number: i128) -> String {
    let (radix, prefix) = match directive {
        'o' => (8, "0"),
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        'b' => (2, "0b"),
        'B' => (2, "0B"),
        _ => (10, ""),
    };
    let negative = number < 0;
    let signed = radix == 10 || spec.plus || spec.space;
    let complement = negative && !signed;
    let mut digits = if complement {
        complement_digits(number, radix)
    } else {
        digits(number.unsigned_abs(), radix)
    };
    if directive == 'X' {
        digits.make_ascii_uppercase();
    }
    let mut prefix = if spec.sharp { prefix } else { "" };
    let mut precision = spec.precision;
    let is_zero = digits == "0";
    if prefix == "0" {
        if complement || precision.is_some_and(|precision| precision > digits.len()) {
            prefix = "";
        } else if is_zero {
            digits.clear();
            precision = precision.map(|precision| precision.saturating_sub(1));
        }
    } else if is_zero {
        prefix = "";
    }
    if is_zero && prefix.is_empty() && precision == Some(0) {
        digits.clear();
    }
    let filler = match directive {
        _ if !complement => "0",
        'o' => "7",
        'x' => "f",
        'X' => "F",
        _ => "1",
    };
    let sign = if signed { spec.sign(negative) } else { "" };
    let dots = if complement { ".." } else { "" };
    let head = format!("{sign}{prefix}{dots}");
    let wanted = match precision {
        Some(precision) => precision.saturating_sub(dots.len()),
        None if spec.zero && !spec.minus => {
            spec.width.unwrap_or_default().saturating_sub(head.len())
        }
        None => 0,
    };
    let fill = filler.repeat(wanted.saturating_sub(digits.len()));
    spec.pad_number(&head, &format!("{fill}{digits}"), false)
}

fn digits(mut number: u128, radix: u32) -> String {
    let mut reversed = Vec::new();
    loop {
        let digit = u32::try_from(number % u128::from(radix)).unwrap_or_default();
        reversed.extend(char::from_digit(digit, radix));
        number /= u128::from(radix);
        if number == 0 {
            return reversed.iter().rev().collect();
        }
    }
}

/// Digits of the two's complement, from the first of the endless leading ones.
fn complement_digits(mut number: i128, radix: u32) -> String {
    let bits = radix.trailing_zeros();
    let mut reversed = Vec::new();
    while number != -1 {
        let digit = u32::try_from(number & i128::from(radix - 1)).unwrap_or_default();
        reversed.extend(char::from_digit(digit, radix));
        number >>= bits;
    }
    reversed.extend(char::from_digit(radix - 1, radix));
    reversed.iter().rev().collect()
}
