//! `new` of the types that are neither numbers nor collections. The arguments fit the signatures by now.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE};
use ecow::EcoString;

use crate::time::TimespanFields;
use crate::{
    Deferred, Error, Object, PuppetHash, Result, RubyRegex, SemVer, SemVerRange, Timespan,
    Timestamp, Type, Uri, Value, ops, to_display_string,
};

/// For arguments that the signatures let through and no rule has.
fn unexpected(name: &str) -> Error {
    Error::new(format!(
        "The function 'new_{name}' was called with arguments it does not accept."
    ))
}

pub(super) fn boolean(arguments: &[Value]) -> Result<Value> {
    Ok(Value::Bool(match arguments.first() {
        Some(Value::Int(number)) => *number != 0,
        Some(Value::Float(number)) => *number != 0.0,
        Some(Value::Bool(truth)) => *truth,
        Some(Value::Str(text)) => !matches!(text.to_lowercase().as_str(), "false" | "no" | "n"),
        _ => true,
    }))
}

pub(super) fn string(arguments: &[Value]) -> Result<Value> {
    let from = arguments.first().unwrap_or(&Value::Undef);
    crate::format::convert(from, arguments.get(1).unwrap_or(&Value::Default)).map(Value::Str)
}

pub(super) fn regexp(arguments: &[Value]) -> Result<Value> {
    let text = arguments
        .first()
        .and_then(Value::as_str)
        .unwrap_or_default();
    if arguments.get(1) == Some(&Value::Bool(true)) {
        return RubyRegex::new(&escape(text)).map(Value::from);
    }
    RubyRegex::new(text).map(Value::from)
}

/// Ruby's `Regexp.escape`.
fn escape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => result.push_str("\\n"),
            '\t' => result.push_str("\\t"),
            '\r' => result.push_str("\\r"),
            '\u{c}' => result.push_str("\\f"),
            '\u{b}' => result.push_str("\\v"),
            special if " #$()*+-.?[\\]^{|}".contains(special) => result.extend(['\\', special]),
            other => result.push(other),
        }
    }
    result
}

pub(super) fn sem_ver(arguments: &[Value]) -> Result<Value> {
    let part = |index: usize, name: &str| match arguments {
        [Value::Hash(entries)] => entries.get_str(name),
        _ => arguments.get(index),
    };
    if let [Value::Str(text)] = arguments {
        return SemVer::parse(text).map(Value::from);
    }
    let number = |index, name| {
        let value = part(index, name).and_then(Value::as_int);
        value
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or_default()
    };
    let text = |index, name| part(index, name).and_then(Value::as_str).map(str::to_owned);
    Ok(Value::from(SemVer {
        major: number(0, "major"),
        minor: number(1, "minor"),
        patch: number(2, "patch"),
        prerelease: text(3, "prerelease"),
        build: text(4, "build"),
    }))
}

pub(super) fn sem_ver_range(arguments: &[Value]) -> Result<Value> {
    if let [Value::Str(text)] = arguments {
        return SemVerRange::parse(text).map(Value::from);
    }
    let part = |index: usize, name: &str| match arguments {
        [Value::Hash(entries)] => entries.get_str(name),
        _ => arguments.get(index),
    };
    let version = |value: Option<&Value>| match value {
        Some(Value::SemVer(version)) => Some(Arc::clone(version)),
        _ => None,
    };
    let exclude = part(2, "exclude_max") == Some(&Value::Bool(true));
    let (min, max) = (version(part(0, "min")), version(part(1, "max")));
    Ok(Value::from(SemVerRange::between(
        min.as_deref(),
        max.as_deref(),
        exclude,
    )))
}

/// Formats as given, and whether they are a list.
fn formats(value: Option<&Value>) -> (Vec<String>, bool) {
    match value {
        Some(Value::Str(format)) => (vec![format.to_string()], false),
        Some(Value::Array(formats)) => (
            formats
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            true,
        ),
        _ => (Vec::new(), false),
    }
}

pub(super) fn timespan(arguments: &[Value]) -> Result<Value> {
    let parse = |text: &str, format: Option<&Value>| {
        let (formats, is_list) = formats(format);
        Timespan::parse(text, &formats, is_list).map(Value::from)
    };
    match arguments {
        [seconds @ (Value::Int(_) | Value::Float(_))] => {
            ops::timespan(ops::seconds_to_nanos(seconds).unwrap_or_default())
        }
        [Value::Str(text), rest @ ..] => parse(text, rest.first()),
        [Value::Hash(entries)] => match entries.get_str("string") {
            Some(text) => parse(text.as_str().unwrap_or_default(), entries.get_str("format")),
            None => {
                let negative = entries.get_str("negative") == Some(&Value::Bool(true));
                let field = |_: usize, name: &str| {
                    entries
                        .get_str(name)
                        .and_then(Value::as_int)
                        .unwrap_or_default()
                };
                from_fields(negative, field)
            }
        },
        numbers => from_fields(false, |index, _| {
            numbers
                .get(index)
                .and_then(Value::as_int)
                .unwrap_or_default()
        }),
    }
}

fn from_fields(negative: bool, field: impl Fn(usize, &str) -> i64) -> Result<Value> {
    let fields = TimespanFields {
        negative,
        days: field(0, "days"),
        hours: field(1, "hours"),
        minutes: field(2, "minutes"),
        seconds: field(3, "seconds"),
        milliseconds: field(4, "milliseconds"),
        microseconds: field(5, "microseconds"),
        nanoseconds: field(6, "nanoseconds"),
    };
    Timespan::from_fields(&fields).map(Value::from)
}

pub(super) fn timestamp(arguments: &[Value]) -> Result<Value> {
    let parse = |text: &str, format: Option<&Value>, zone: Option<&Value>| {
        let (formats, is_list) = formats(format);
        Timestamp::parse(
            text,
            &formats,
            is_list,
            zone.and_then(Value::as_str).unwrap_or_default(),
        )
        .map(Value::from)
    };
    match arguments {
        [] => Err(Error::new(
            "Timestamp.new without arguments needs the clock, which is the evaluator's",
        )),
        [seconds @ (Value::Int(_) | Value::Float(_))] => {
            ops::timestamp(ops::seconds_to_nanos(seconds).unwrap_or_default())
        }
        [Value::Str(text), rest @ ..] => parse(text, rest.first(), rest.get(1)),
        [Value::Hash(entries)] => {
            let text = entries
                .get_str("string")
                .and_then(Value::as_str)
                .unwrap_or_default();
            parse(text, entries.get_str("format"), entries.get_str("timezone"))
        }
        _ => Err(unexpected("timestamp")),
    }
}

pub(super) fn binary(arguments: &[Value]) -> Result<Value> {
    let bytes = match arguments {
        [Value::Str(text)] => from_text(text, None)?,
        [Value::Str(text), format] => from_text(text, format.as_str())?,
        [Value::Array(numbers)] => from_numbers(numbers),
        [Value::Hash(entries)] => match entries.get_str("value") {
            Some(Value::Array(numbers)) => from_numbers(numbers),
            Some(Value::Str(text)) => {
                from_text(text, entries.get_str("format").and_then(Value::as_str))?
            }
            _ => return Err(unexpected("Binary")),
        },
        _ => return Err(unexpected("Binary")),
    };
    Ok(Value::Binary(Arc::new(bytes)))
}

fn from_numbers(numbers: &[Value]) -> Vec<u8> {
    numbers
        .iter()
        .filter_map(Value::as_int)
        .filter_map(|number| u8::try_from(number).ok())
        .collect()
}

fn from_text(text: &str, format: Option<&str>) -> Result<Vec<u8>> {
    let invalid = |_| Error::new("invalid base64");
    match format {
        Some("%s" | "%r") => Ok(text.as_bytes().to_vec()),
        Some("%u") => {
            let padding = "=".repeat((4 - text.len() % 4) % 4);
            URL_SAFE.decode(format!("{text}{padding}")).map_err(invalid)
        }
        Some("%b") => lenient().decode(only_base64(text)).map_err(invalid),
        _ => STANDARD.decode(text).map_err(invalid),
    }
}

/// Ruby's `unpack('m')`: what is no base64 is skipped, and padding may lack.
fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::STANDARD, config)
}

fn only_base64(text: &str) -> String {
    let is_digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let mut result: String = text
        .chars()
        .take_while(|c| *c != '=')
        .filter(is_digit)
        .collect();
    if result.len() % 4 == 1 {
        result.pop();
    }
    result
}

pub(super) fn uri(arguments: &[Value]) -> Result<Value> {
    match arguments {
        [Value::Hash(entries)] => Uri::parse(&joined(entries)).map(Value::from),
        [text] => Uri::parse(text.as_str().unwrap_or_default()).map(Value::from),
        _ => Err(unexpected("error")),
    }
}

fn joined(entries: &PuppetHash) -> String {
    let part = |name: &str, before: &str, after: &str| {
        entries
            .get_str(name)
            .map(|value| format!("{before}{}{after}", to_display_string(value)))
            .unwrap_or_default()
    };
    let scheme = part("scheme", "", ":");
    let opaque = part("opaque", "", "");
    let fragment = part("fragment", "#", "");
    if !opaque.is_empty() {
        return format!("{scheme}{opaque}{fragment}");
    }
    let authority = match entries.get_str("host") {
        Some(host) => format!(
            "//{}{}{}",
            part("userinfo", "", "@"),
            to_display_string(host),
            part("port", ":", "")
        ),
        None => String::new(),
    };
    format!(
        "{scheme}{authority}{}{}{fragment}",
        part("path", "", ""),
        part("query", "?", "")
    )
}

pub(super) fn deferred(arguments: &[Value]) -> Result<Value> {
    let (name, call) = match arguments {
        [Value::Hash(entries)] => (entries.get_str("name"), entries.get_str("arguments")),
        _ => (arguments.first(), arguments.get(1)),
    };
    Ok(Value::from(Deferred {
        name: name.and_then(Value::as_str).unwrap_or_default().into(),
        arguments: call.and_then(Value::as_array).map(<[Value]>::to_vec),
    }))
}

pub(super) fn error_value(data_type: &Type, arguments: &[Value]) -> Result<Value> {
    let names = ["msg", "kind", "details", "issue_code"];
    let attributes = (0..).zip(names).map(|(index, name)| {
        let value = match arguments {
            [Value::Hash(entries)] => entries.get_str(name),
            _ => arguments.get(index),
        };
        (EcoString::from(name), value.cloned().unwrap_or_default())
    });
    Ok(Value::Object(Arc::new(Object {
        object_type: Arc::new(data_type.clone()),
        attributes: attributes.collect(),
    })))
}
