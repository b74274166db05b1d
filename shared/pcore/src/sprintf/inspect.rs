//! Ruby's `inspect` of values (`%p`).

use std::fmt::Write;

use crate::{Value, numbers, to_display_string};

/// Values nested deeper are cut.
const DEPTH_LIMIT: usize = 200;

/// `value.inspect`.
pub(crate) fn inspect(value: &Value) -> String {
    let mut result = String::new();
    write(value, &mut result, 0);
    result
}

fn write(value: &Value, result: &mut String, depth: usize) {
    if depth > DEPTH_LIMIT {
        result.push_str("...");
        return;
    }
    match value {
        Value::Undef => result.push_str("nil"),
        Value::Default => result.push_str(":default"),
        Value::Str(text) => write_string(text, result),
        Value::Float(number) => result.push_str(&numbers::float_to_string(*number)),
        Value::Array(elements) => {
            result.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    result.push_str(", ");
                }
                write(element, result, depth + 1);
            }
            result.push(']');
        }
        Value::Hash(entries) => {
            result.push('{');
            for (index, (key, part)) in entries.iter().enumerate() {
                if index > 0 {
                    result.push_str(", ");
                }
                write(key, result, depth + 1);
                result.push_str("=>");
                write(part, result, depth + 1);
            }
            result.push('}');
        }
        Value::Sensitive(_) => result.push_str("#<Sensitive [value redacted]>"),
        other => result.push_str(&to_display_string(other)),
    }
}

fn write_string(text: &str, result: &mut String) {
    result.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            '\r' => result.push_str("\\r"),
            '\u{7}' => result.push_str("\\a"),
            '\u{8}' => result.push_str("\\b"),
            '\u{b}' => result.push_str("\\v"),
            '\u{c}' => result.push_str("\\f"),
            '\u{1b}' => result.push_str("\\e"),
            '#' if matches!(characters.peek(), Some('{' | '$' | '@')) => result.push_str("\\#"),
            '\u{7f}' => result.push_str("\\x7F"),
            control if u32::from(control) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(result, "\\u{:04X}", u32::from(control));
            }
            other => result.push(other),
        }
    }
    result.push('"');
}
