//! `%f %e %g %a`, and Ruby's `Float()`.

use super::{Spec, inspect};
use crate::{Error, Result, Value, ops};

pub(super) fn to_float(value: &Value) -> Result<f64> {
    match value {
        Value::Float(number) => Ok(*number),
        #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
        Value::Int(number) => Ok(*number as f64),
        Value::Str(text) => parse_float(text)
            .ok_or_else(|| Error::new(format!("invalid value for Float(): {}", inspect(value)))),
        Value::Timespan(_) | Value::Timestamp(_) => Ok(ops::seconds(value)
            .map(|(_, exact)| exact)
            .unwrap_or_default()),
        other => Err(Error::new(format!(
            "can't convert {} into Float",
            crate::ruby_class_in_conversion(other)
        ))),
    }
}

/// Ruby's `Float(text)`.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits
        .get(..2)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("0x"))
    {
        let number = super::parse_integer(digits, Some(16))?;
        #[expect(clippy::cast_precision_loss, reason = "as Ruby")]
        return Some(if negative {
            -(number as f64)
        } else {
            number as f64
        });
    }
    let bytes = digits.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let well_formed = digit(Some(0))
        && digit(bytes.len().checked_sub(1))
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'0'..=b'9' | b'e' | b'E' | b'+' | b'-' => true,
            b'.' | b'_' => digit(at.checked_sub(1)) && digit(Some(at + 1)),
            _ => false,
        });
    if !well_formed {
        return None;
    }
    let number: f64 = digits.replace('_', "").parse().ok()?;
    Some(if negative { -number } else { number })
}

/// `%f` of an integer, exact.
pub(super) fn format_whole(spec: Spec, number: i64) -> String {
    let precision = spec.precision.unwrap_or(6);
    let mut digits = number.unsigned_abs().to_string();
    if precision > 0 {
        digits.push('.');
        digits.push_str(&"0".repeat(precision));
    }
    spec.pad_number(spec.sign(number < 0), &digits, true)
}

pub(super) fn format(spec: Spec, directive: char, number: f64) -> String {
    if !number.is_finite() {
        let sign = spec.sign(number.is_sign_negative() && !number.is_nan());
        return spec.pad_number(sign, if number.is_nan() { "NaN" } else { "Inf" }, false);
    }
    let magnitude = number.abs();
    let precision = spec.precision;
    let mut digits = match directive {
        'f' => fixed(magnitude, precision.unwrap_or(6), spec.sharp),
        'e' | 'E' => exponential(magnitude, precision.unwrap_or(6), spec.sharp),
        'g' | 'G' => general(magnitude, precision.unwrap_or(6).max(1), spec.sharp),
        _ => hexadecimal(magnitude, precision),
    };
    let mut prefix = spec.sign(number.is_sign_negative()).to_owned();
    if matches!(directive, 'a' | 'A') {
        prefix.push_str("0x");
    }
    if directive.is_ascii_uppercase() {
        digits.make_ascii_uppercase();
        prefix.make_ascii_uppercase();
    }
    spec.pad_number(&prefix, &digits, true)
}

/// More digits than a double has are zeros; Rust's own precision is 16 bits wide.
const DIGITS: usize = 1100;

fn fixed(number: f64, precision: usize, keep_point: bool) -> String {
    let shown = precision.min(DIGITS);
    let mut text = match tie(number, |exponent| {
        exponent + i64::try_from(shown).unwrap_or(i64::MAX)
    }) {
        Some(Tie::Down(below)) => format!("{below:.shown$}"),
        Some(Tie::Up(above)) => format!("{above:.shown$}"),
        None => format!("{number:.shown$}"),
    };
    text.push_str(&"0".repeat(precision - shown));
    if precision == 0 && keep_point {
        text.push('.');
    }
    text
}

fn exponential(number: f64, precision: usize, keep_point: bool) -> String {
    let shown = precision.min(DIGITS);
    let text = match tie(number, |_| i64::try_from(shown).unwrap_or(i64::MAX)) {
        Some(Tie::Down(near) | Tie::Up(near)) => format!("{near:.shown$e}"),
        None => format!("{number:.shown$e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let point = if precision == 0 && keep_point {
        "."
    } else {
        ""
    };
    let zeros = "0".repeat(precision - shown);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!(
        "{mantissa}{zeros}{point}e{sign}{:02}",
        exponent.unsigned_abs()
    )
}

/// Where a number is rounded to that lies in the middle: a number on that side of it.
enum Tie {
    Down(f64),
    Up(f64),
}

/// Most digits for which Ruby takes the short way.
const QUICK_DIGITS: usize = 14;

/// A number whose shortest text has exactly one digit more than asked for, a 5, is rounded to the
/// even digit by Ruby, whatever its exact value is (`'%.3f' % 2.0005` is `2.000`).
///
/// `last` gives the index of the last digit kept from the exponent of the number.
fn tie(number: f64, last: impl Fn(i64) -> i64) -> Option<Tie> {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let digits = mantissa.replace('.', "");
    let kept = usize::try_from(last(exponent.parse().ok()?)).ok()? + 1;
    if kept > QUICK_DIGITS || digits.len() != kept + 1 || !digits.ends_with('5') {
        return None;
    }
    let before = digits.as_bytes().get(kept.checked_sub(1)?)?;
    let is_even = before % 2 == 0;
    // One digit more tells the side; more than a double has is not needed.
    let near = format!(
        "{}{}e{exponent}",
        mantissa.strip_suffix('5')?,
        if is_even { '4' } else { '6' }
    );
    let near: f64 = near.parse().ok()?;
    Some(if is_even {
        Tie::Down(near)
    } else {
        Tie::Up(near)
    })
}

fn general(number: f64, precision: usize, keep_zeros: bool) -> String {
    let text = exponential(number, precision - 1, false);
    let exponent: i64 = text
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or_default();
    let digits = i64::try_from(precision).unwrap_or(i64::MAX);
    let text = if exponent >= -4 && exponent < digits {
        fixed(
            number,
            usize::try_from(digits - 1 - exponent).unwrap_or_default(),
            keep_zeros,
        )
    } else if keep_zeros {
        exponential(number, precision - 1, true)
    } else {
        text
    };
    if keep_zeros {
        return text;
    }
    let (mantissa, exponent) = match text.find('e') {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    if !mantissa.contains('.') {
        return text;
    }
    format!(
        "{}{exponent}",
        mantissa.trim_end_matches('0').trim_end_matches('.')
    )
}

/// Without the `0x`.
fn hexadecimal(number: f64, precision: Option<usize>) -> String {
    let bits = number.to_bits();
    let mut fraction = bits & ((1 << 52) - 1);
    let mut exponent = i64::try_from((bits >> 52) & 0x7ff).unwrap_or_default() - 1023;
    let mut whole = 1;
    if number == 0.0 {
        (whole, exponent) = (0, 0);
    } else if exponent == -1023 {
        // A subnormal: bring its first one before the point.
        let shift = fraction.leading_zeros().saturating_sub(11);
        fraction = (fraction << shift) & ((1 << 52) - 1);
        exponent = -1022 - i64::from(shift);
    }
    if let Some(kept) = precision.filter(|kept| *kept < 13) {
        let dropped = 52 - 4 * u32::try_from(kept).unwrap_or_default();
        let all = (whole << 52) | fraction;
        let (half, rest) = (1_u64 << (dropped - 1), all & ((1 << dropped) - 1));
        let mut top = all >> dropped;
        if rest > half || (rest == half && top & 1 == 1) {
            top += 1;
        }
        whole = (top << dropped) >> 52;
        fraction = (top << dropped) & ((1 << 52) - 1);
    }
    let digits = format!("{fraction:013x}");
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(precision) => {
            let kept = digits.get(..precision.min(13)).unwrap_or_default();
            format!("{kept}{}", "0".repeat(precision.saturating_sub(13)))
        }
    };
    let point = if digits.is_empty() { "" } else { "." };
    format!("{whole}{point}{digits}p{exponent:+}")
}
