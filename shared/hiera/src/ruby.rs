//! Ruby's own forms of values, where the reference lets them show (`gsub` with a value, messages).

use std::cmp::Ordering;
use std::fmt::Write as _;

use bunraku_pcore::Value;

/// `value.to_s`, as `gsub` puts a block's value into a string.
pub(crate) fn to_s(value: &Value) -> String {
    match value {
        Value::Undef => String::new(),
        Value::Default => "default".to_owned(),
        Value::Str(text) => text.to_string(),
        Value::Array(_) | Value::Hash(_) => inspect(value),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float_to_s(*number),
        Value::Sensitive(_) => "Sensitive [value redacted]".to_owned(),
        other => bunraku_pcore::to_display_string(other).to_string(),
    }
}

/// `value.inspect`.
pub(crate) fn inspect(value: &Value) -> String {
    let mut text = String::new();
    write_inspect(&mut text, value);
    text
}

fn write_inspect(out: &mut String, value: &Value) {
    match value {
        Value::Undef => out.push_str("nil"),
        Value::Default => out.push_str(":default"),
        Value::Str(text) => write_quoted(out, text),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_inspect(out, element);
            }
            out.push(']');
        }
        Value::Hash(entries) => {
            out.push('{');
            for (index, (key, element)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_inspect(out, key);
                out.push_str("=>");
                write_inspect(out, element);
            }
            out.push('}');
        }
        Value::Sensitive(_) => out.push_str("#<Sensitive [value redacted]>"),
        other => out.push_str(&to_s(other)),
    }
}

/// `String#inspect` for UTF-8.
fn write_quoted(out: &mut String, text: &str) {
    out.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\x08' => out.push_str("\\b"),
            '\x07' => out.push_str("\\a"),
            '\x1b' => out.push_str("\\e"),
            '#' if matches!(characters.peek(), Some('{' | '$' | '@')) => out.push_str("\\#"),
            control if control.is_ascii_control() => {
                let _ = write!(out, "\\x{:02X}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// `a <=> b`; `None` where Ruby has no order.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    #[allow(clippy::cast_precision_loss)]
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Int(a), Value::Float(b)) => (*a as f64).partial_cmp(b),
        (Value::Float(a), Value::Int(b)) => a.partial_cmp(&(*b as f64)),
        (Value::Array(a), Value::Array(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                match compare(a, b)? {
                    Ordering::Equal => {}
                    other => return Some(other),
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        _ => (a == b).then_some(Ordering::Equal),
    }
}

/// `Float#to_s`.
pub(crate) fn float_to_s(number: f64) -> String {
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
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if number == 0.0 || (-4..16).contains(&exponent) {
        let plain = format!("{number}");
        if plain.contains('.') {
            plain
        } else {
            format!("{plain}.0")
        }
    } else {
        let dot = if mantissa.contains('.') { "" } else { ".0" };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{mantissa}{dot}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_show_as_in_ruby() {
        for (number, text) in [
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1.0e+16"),
            (1e15, "1000000000000000.0"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (-0.0, "-0.0"),
            (1e100, "1.0e+100"),
        ] {
            assert_eq!(float_to_s(number), text);
        }
    }

    #[test]
    fn strings_are_escaped_as_in_ruby() {
        assert_eq!(
            inspect(&Value::from("a\"#{x}\n\u{1}é")),
            "\"a\\\"\\#{x}\\n\\x01é\""
        );
    }
}
