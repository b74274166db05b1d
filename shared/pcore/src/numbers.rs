//! Puppet's string to number rules (`Utils.to_n`) and Ruby's float text.

use crate::Value;

/// The number in `text`: decimal, `0x` hex, leading-`0` octal or float, with optional sign and
/// surrounding blanks; `None` when it is no number or no 64-bit integer.
#[must_use]
pub fn parse_number(text: &str) -> Option<Value> {
    let is_blank = |character: char| character == '\t' || character == ' ' || character == '\u{A0}';
    let text = text
        .strip_prefix("::")
        .unwrap_or(text)
        .trim_matches(is_blank);
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let digits = digits.trim_start_matches(is_blank);
    let sign = |magnitude: u64| {
        let number = if negative {
            -i128::from(magnitude)
        } else {
            i128::from(magnitude)
        };
        i64::try_from(number).ok().map(Value::Int)
    };
    if let Some(hex) = digits
        .strip_prefix("0x")
        .or_else(|| digits.strip_prefix("0X"))
    {
        return is_all(hex, |digit| digit.is_ascii_hexdigit())
            .then(|| u64::from_str_radix(hex, 16).ok())
            .flatten()
            .and_then(sign);
    }
    if is_all(digits, |digit| digit.is_ascii_digit()) {
        let radix = if digits.len() > 1 && digits.starts_with('0') {
            8
        } else {
            10
        };
        return u64::from_str_radix(digits, radix).ok().and_then(sign);
    }
    parse_float(digits).map(|number| Value::Float(if negative { -number } else { number }))
}

fn is_all(text: &str, accept: impl Fn(u8) -> bool) -> bool {
    !text.is_empty() && text.bytes().all(accept)
}

/// `\d+(\.\d+)?([eE]-?\d+)?`
fn parse_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |part: &str| is_all(part, |digit| digit.is_ascii_digit());
    let valid = digits(whole)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix('-').unwrap_or(exponent)));
    if !valid {
        return None;
    }
    // What is zero whatever the exponent is no float for the reference (`0e1`, `0.0e1`).
    if exponent.is_some() && mantissa.bytes().all(|digit| matches!(digit, b'0' | b'.')) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A float as Ruby prints it (`1.0`, `1.0e+20`, `Infinity`).
#[must_use]
pub fn float_to_string(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() {
            "-0.0"
        } else {
            "0.0"
        }
        .to_owned();
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..15).contains(&exponent) {
        let plain = format!("{number}");
        return if plain.contains('.') {
            plain
        } else {
            plain + ".0"
        };
    }
    let point = if mantissa.contains('.') { "" } else { ".0" };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{point}e{sign}{:02}", exponent.abs())
}
