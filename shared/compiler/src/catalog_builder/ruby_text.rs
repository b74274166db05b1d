//! Values as Ruby's `inspect` writes them, where the reference's messages do.

use bunraku_pcore::{Value, to_display_string};

/// `Object#inspect` of a value.
pub(crate) fn inspect(value: &Value) -> String {
    match value {
        Value::Undef => "nil".to_owned(),
        Value::Default => ":default".to_owned(),
        Value::Str(text) => inspect_text(text),
        Value::Array(elements) => {
            let inner: Vec<String> = elements.iter().map(inspect).collect();
            format!("[{}]", inner.join(", "))
        }
        Value::Hash(entries) => {
            let inner: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}=>{}", inspect(key), inspect(value)))
                .collect();
            format!("{{{}}}", inner.join(", "))
        }
        other => to_display_string(other).to_string(),
    }
}

fn inspect_text(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => result.push_str("\\\""),
            '\\' => result.push_str("\\\\"),
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            '\r' => result.push_str("\\r"),
            '\u{1b}' => result.push_str("\\e"),
            '#' if matches!(characters.peek(), Some('{' | '$' | '@')) => result.push_str("\\#"),
            control if control.is_control() => {
                result.push_str(&format!("\\u{:04X}", control as u32))
            }
            other => result.push(other),
        }
    }
    result.push('"');
    result
}
