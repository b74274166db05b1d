//! Text of values without any format: interpolation, `%p`, `String.new(value)`.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ecow::EcoString;

use super::quote::puppet_quote;
use crate::{Value, numbers};

/// Values nested deeper are cut.
const DEPTH_LIMIT: usize = 200;

/// `EvaluatorImpl#string`.
pub(super) fn to_display_string(value: &Value) -> EcoString {
    if let Value::Str(text) = value {
        return text.clone();
    }
    let mut result = EcoString::new();
    write_display(value, &mut result, 0);
    result
}

/// `StringConverter.convert(value)`.
pub(super) fn to_default_string(value: &Value) -> EcoString {
    match value {
        Value::Float(number) => crate::sprintf::kernel_format("%f", &[Value::Float(*number)])
            .unwrap_or_default()
            .into(),
        Value::Array(_)
        | Value::Hash(_)
        | Value::Iterator(_)
        | Value::Object(_)
        | Value::Deferred(_) => to_program_string(value),
        Value::Regexp(regex) => regex.source().into(),
        other => to_display_string(other),
    }
}

pub(super) fn to_program_string(value: &Value) -> EcoString {
    let mut result = EcoString::new();
    write_program(value, &mut result, 0);
    result
}

fn write_display(value: &Value, result: &mut EcoString, depth: usize) {
    if depth > DEPTH_LIMIT {
        return result.push_str("...");
    }
    match value {
        Value::Undef => {}
        Value::Default => result.push_str("default"),
        Value::Bool(truth) => result.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => push(result, format_args!("{number}")),
        Value::Float(number) => result.push_str(&numbers::float_to_string(*number)),
        Value::Str(text) => result.push_str(text),
        Value::Array(elements) => {
            result.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    result.push_str(", ");
                }
                write_display(element, result, depth + 1);
            }
            result.push(']');
        }
        Value::Hash(entries) => {
            result.push('{');
            for (index, (key, part)) in entries.iter().enumerate() {
                if index > 0 {
                    result.push_str(", ");
                }
                write_display(key, result, depth + 1);
                result.push_str(" => ");
                write_display(part, result, depth + 1);
            }
            result.push('}');
        }
        Value::Regexp(regex) => push(result, format_args!("{regex}")),
        Value::Type(data_type) => push(result, format_args!("{data_type}")),
        Value::Sensitive(_) => result.push_str("Sensitive [value redacted]"),
        Value::Binary(bytes) => STANDARD
            .encode(bytes.as_slice())
            .chars()
            .for_each(|part| result.push(part)),
        Value::SemVer(version) => push(result, format_args!("{version}")),
        Value::SemVerRange(range) => push(result, format_args!("{range}")),
        Value::Timespan(span) => push(result, format_args!("{span}")),
        Value::Timestamp(time) => push(result, format_args!("{time}")),
        Value::Uri(uri) => result.push_str(&uri.text),
        Value::Deferred(_) | Value::Object(_) => write_program(value, result, depth),
        Value::Iterator(iterator) => push(
            result,
            format_args!("Iterator[{}]-Value", iterator.element_type.generalize()),
        ),
    }
}

fn write_program(value: &Value, result: &mut EcoString, depth: usize) {
    if depth > DEPTH_LIMIT {
        return result.push_str("...");
    }
    match value {
        Value::Undef => result.push_str("undef"),
        Value::Str(text) => result.push_str(&puppet_quote(text)),
        Value::Array(elements) => write_elements(elements, result, depth),
        Value::Iterator(iterator) => write_elements(&iterator.elements, result, depth),
        Value::Hash(entries) => write_entries(entries.iter(), result, depth),
        Value::Binary(_) => {
            result.push_str("Binary(\"");
            write_display(value, result, depth);
            result.push_str("\")");
        }
        Value::Uri(uri) => push(result, format_args!("URI({})", puppet_quote(&uri.text))),
        Value::Sensitive(_) => result.push_str("#<Sensitive [value redacted]>"),
        Value::Deferred(call) => {
            result.push_str("Deferred({'name' => ");
            result.push_str(&puppet_quote(&call.name));
            if let Some(arguments) = &call.arguments {
                result.push_str(", 'arguments' => ");
                write_elements(arguments, result, depth);
            }
            result.push_str("})");
        }
        Value::Object(object) => {
            push(
                result,
                format_args!("{}(", crate::types::to_plain_string(&object.object_type)),
            );
            let keys: Vec<Value> = object
                .attributes
                .keys()
                .map(|name| Value::Str(name.clone()))
                .collect();
            let given = keys
                .iter()
                .zip(object.attributes.values())
                .filter(|(_, part)| !part.is_undef());
            write_entries(given, result, depth);
            result.push(')');
        }
        other => write_display(other, result, depth),
    }
}

fn write_elements(elements: &[Value], result: &mut EcoString, depth: usize) {
    result.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            result.push_str(", ");
        }
        write_program(element, result, depth + 1);
    }
    result.push(']');
}

fn write_entries<'a>(
    entries: impl Iterator<Item = (&'a Value, &'a Value)>,
    result: &mut EcoString,
    depth: usize,
) {
    result.push('{');
    for (index, (key, part)) in entries.enumerate() {
        if index > 0 {
            result.push_str(", ");
        }
        write_program(key, result, depth + 1);
        result.push_str(" => ");
        write_program(part, result, depth + 1);
    }
    result.push('}');
}

fn push(result: &mut EcoString, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = result.write_fmt(arguments);
}
