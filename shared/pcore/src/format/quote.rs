//! Strings as Puppet source (`StringConverter#puppet_quote`).

use std::fmt::Write;

/// Single quotes where that is possible, else double ones.
pub(crate) fn puppet_quote(text: &str) -> String {
    if text.chars().any(|character| u32::from(character) < 0x20) {
        return double_quote(text);
    }
    let mut result = String::with_capacity(text.len() + 2);
    result.push('\'');
    let mut escaped = false;
    for character in text.chars() {
        if escaped {
            result.push('\\');
            result.push(character);
            escaped = false;
        } else if character == '\'' {
            result.push_str("\\'");
        } else if character == '\\' {
            escaped = true;
        } else {
            result.push(character);
        }
    }
    if escaped {
        result.push('\\');
    }
    result.push('\'');
    result
}

/// `"..."` with escapes.
pub(super) fn double_quote(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    for character in text.chars() {
        match character {
            '\t' => result.push_str("\\t"),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '"' => result.push_str("\\\""),
            '$' => result.push_str("\\$"),
            '\\' => result.push_str("\\\\"),
            control if u32::from(control) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(result, "\\u{{{:X}}}", u32::from(control));
            }
            other => result.push(other),
        }
    }
    result.push('"');
    result
}
