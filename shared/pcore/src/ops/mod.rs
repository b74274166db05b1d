//! The operators of the language, on values.

mod arithmetic;
mod collections;
mod compare;
mod matching;
mod times;

pub use arithmetic::{add, append, divide, modulo, multiply, negate, shift_right, subtract};
pub(crate) use arithmetic::{hash_of_list, hash_of_pairs};
pub(crate) use collections::pairs;
pub use compare::{compare, equals, includes};
pub use matching::{Matched, match_option, match_pattern};
pub(crate) use times::{seconds, seconds_to_nanos, timespan, timestamp};

use crate::Value;

/// What a value is called in messages, with its article (`an Integer`).
fn a_label(value: &Value) -> String {
    let label = match value {
        Value::Undef => "Undef Value",
        Value::Default => "Object",
        Value::Bool(_) => "Boolean",
        Value::Int(_) => "Integer",
        Value::Float(_) => "Float",
        Value::Str(_) => "String",
        Value::Array(_) => "Array",
        Value::Hash(_) => "Hash",
        Value::Regexp(_) => "Regexp",
        Value::Type(data_type) => {
            let label = format!("{data_type}-Type");
            return format!("{} {label}", article(&label));
        }
        Value::Sensitive(_) => "Sensitive",
        Value::Binary(_) => "Binary",
        Value::Timespan(_) => "Timespan",
        Value::Timestamp(_) => "Timestamp",
        Value::SemVer(_) => "Semver",
        Value::SemVerRange(_) => "SemverRange",
        Value::Uri(_) | Value::Deferred(_) | Value::Object(_) | Value::Iterator(_) => "Object",
    };
    format!("{} {label}", article(label))
}

fn article(text: &str) -> &'static str {
    let first = text
        .chars()
        .find(|character| !matches!(character, '"' | '\''));
    match first.map(|first| first.to_ascii_lowercase()) {
        Some('a' | 'e' | 'i' | 'o' | 'u' | 'y') => "an",
        _ => "a",
    }
}
