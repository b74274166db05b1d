//! Rich data: Pcore's JSON (CLI.md, "Rich data") and the plain fallback.
//!
//! As `pops/serialization/{to,from}_data_converter.rb` with the options of catalogs: symbols as
//! strings, types by reference; no local references are written, but those of others are read.

use serde_json::{Map, Value as Json};

use crate::types::{ObjectAttribute, Type};
use crate::{Error, PuppetHash, Result, Value};

mod read;
mod type_data;

const TYPE_KEY: &str = "__ptype";
const VALUE_KEY: &str = "__pvalue";

/// Deepest nesting that is written or read: that of the JSON reader.
const MAX_DEPTH: usize = 128;

/// A value as rich-data JSON.
///
/// An iterator becomes the list of its elements.
///
/// # Errors
/// When a value has no such form: an infinite float, a recursive type alias, a type set.
pub fn to_json(value: &Value) -> Result<Json> {
    write(value, 0)
}

/// A value from rich-data JSON.
///
/// An object of a type that is not Puppet's own is kept as it is: an [`crate::Object`] of a type
/// with that name and the attributes that are there, since this crate knows no environment.
///
/// # Errors
/// When a `__ptype` is no type name or its content malformed.
pub fn from_json(json: &Json) -> Result<Value> {
    read::Reader::new(json).read(json)
}

/// Plain data as it is: no `__ptype` is read (facts, Hiera data).
#[must_use]
pub fn from_plain_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Undef,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => number
            .as_i64()
            .map(Value::Int)
            .or_else(|| number.as_f64().map(Value::Float))
            .unwrap_or_default(),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(elements) => Value::array(elements.iter().map(from_plain_json).collect()),
        Json::Object(entries) => {
            let mut hash = PuppetHash::with_capacity(entries.len());
            for (key, element) in entries {
                hash.insert(key.as_str(), from_plain_json(element));
            }
            Value::hash(hash)
        }
    }
}

/// A value as plain JSON, for agents without rich data: everything else is its string form.
#[must_use]
pub fn to_plain_json(value: &Value) -> Json {
    plain(value, 0)
}

fn plain(value: &Value, depth: usize) -> Json {
    if depth > MAX_DEPTH {
        return Json::Null;
    }
    match value {
        Value::Undef => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Str(text) => Json::from(text.as_str()),
        Value::Array(elements) => elements
            .iter()
            .map(|element| plain(element, depth + 1))
            .collect(),
        Value::Iterator(iterator) => iterator
            .elements
            .iter()
            .map(|element| plain(element, depth + 1))
            .collect(),
        Value::Hash(entries) => {
            let keyed = |key: &Value| match key {
                Value::Undef => String::new(),
                other => plain_text(other),
            };
            Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (keyed(key), plain(value, depth + 1)))
                    .collect(),
            )
        }
        // The reference writes it so even where rich data is off.
        Value::Sensitive(inner) => Json::Object(Map::from_iter([
            type_entry("Sensitive"),
            (VALUE_KEY.to_owned(), plain(inner, depth + 1)),
        ])),
        other => Json::from(plain_text(other)),
    }
}

/// `unknown_to_string`
fn plain_text(value: &Value) -> String {
    match value {
        Value::Default => "default".to_owned(),
        Value::Regexp(regex) => regex.to_string(),
        other => crate::to_display_string(other).to_string(),
    }
}

fn type_entry(name: &str) -> (String, Json) {
    (TYPE_KEY.to_owned(), Json::from(name))
}

fn scalar(name: &str, text: impl Into<String>) -> Json {
    Json::Object(Map::from_iter([
        type_entry(name),
        (VALUE_KEY.to_owned(), Json::from(text.into())),
    ]))
}

fn too_deep() -> Error {
    Error::new("The value is nested too deeply for rich data")
}

fn write(value: &Value, depth: usize) -> Result<Json> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    Ok(match value {
        Value::Undef => Json::Null,
        Value::Default => Json::Object(Map::from_iter([type_entry("Default")])),
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => serde_json::Number::from_f64(*number)
            .map(Json::Number)
            .ok_or_else(|| {
                Error::new(format!(
                    "{} not allowed in JSON",
                    crate::numbers::float_to_string(*number)
                ))
            })?,
        Value::Str(text) => Json::from(text.as_str()),
        Value::Array(elements) => write_list(elements, depth)?,
        Value::Iterator(iterator) => write_list(&iterator.elements, depth)?,
        Value::Hash(entries) => write_hash(entries, depth)?,
        Value::Regexp(regex) => scalar("Regexp", regex.source()),
        Value::Type(data_type) => type_data::write(data_type, depth)?,
        Value::Sensitive(inner) => Json::Object(Map::from_iter([
            type_entry("Sensitive"),
            (VALUE_KEY.to_owned(), write(inner, depth + 1)?),
        ])),
        Value::Binary(bytes) => {
            use base64::Engine as _;
            scalar(
                "Binary",
                base64::engine::general_purpose::STANDARD.encode(bytes.as_slice()),
            )
        }
        Value::SemVer(version) => scalar("SemVer", version.to_string()),
        Value::SemVerRange(range) => scalar("SemVerRange", range.to_string()),
        Value::Timespan(span) => scalar("Timespan", span.to_string()),
        Value::Timestamp(time) => scalar("Timestamp", time.to_string()),
        Value::Uri(uri) => scalar("URI", uri.text.as_str()),
        Value::Deferred(call) => {
            let mut object = Map::from_iter([
                type_entry("Deferred"),
                ("name".to_owned(), call.name.as_str().into()),
            ]);
            if let Some(arguments) = &call.arguments {
                object.insert("arguments".to_owned(), write_list(arguments, depth)?);
            }
            Json::Object(object)
        }
        Value::Object(object) => write_object(object, depth)?,
    })
}

fn write_list(elements: &[Value], depth: usize) -> Result<Json> {
    elements
        .iter()
        .map(|element| write(element, depth + 1))
        .collect::<Result<Vec<_>>>()
        .map(Json::Array)
}

fn write_hash(entries: &PuppetHash, depth: usize) -> Result<Json> {
    let is_plain = entries
        .keys()
        .all(|key| key.as_str().is_some_and(|key| key != TYPE_KEY));
    if is_plain {
        let mut object = Map::with_capacity(entries.len());
        for (key, value) in entries {
            object.insert(
                key.as_str().unwrap_or_default().to_owned(),
                write(value, depth + 1)?,
            );
        }
        return Ok(Json::Object(object));
    }
    let mut pairs = Vec::with_capacity(entries.len() * 2);
    for (key, value) in entries {
        pairs.push(write(key, depth + 1)?);
        pairs.push(write(value, depth + 1)?);
    }
    Ok(Json::Object(Map::from_iter([
        type_entry("Hash"),
        (VALUE_KEY.to_owned(), Json::Array(pairs)),
    ])))
}

/// Required attributes, then optional ones up to the last that differs from its default.
fn write_object(object: &crate::Object, depth: usize) -> Result<Json> {
    let (name, attributes) = match object.object_type.as_ref() {
        Type::Object(Some(object_type)) => {
            (object_type.name.as_str(), object_type.all_attributes())
        }
        Type::Error(_) => ("Error", Vec::new()),
        _ => ("Object", Vec::new()),
    };
    let default_of = |name: &str| match attributes.iter().find(|attribute| attribute.name == name) {
        Some(attribute) => attribute.value.clone(),
        // Attributes of `Error` other than the message default to undef.
        None => (attributes.is_empty() && name != "msg").then_some(Value::Undef),
    };
    let is_written = |name: &str| {
        !attributes
            .iter()
            .any(|attribute| attribute.name == name && attribute.is_computed())
    };
    let present = || {
        object
            .attributes
            .iter()
            .filter(|(name, _)| is_written(name))
    };
    let (optional, required): (Vec<_>, Vec<_>) = present()
        .map(|(name, value)| (name, value, default_of(name)))
        .partition(|(_, _, default)| default.is_some());
    let used = optional
        .iter()
        .rposition(|(_, value, default)| Some(*value) != default.as_ref())
        .map_or(0, |at| at + 1);
    let mut json = Map::from_iter([type_entry(name)]);
    for (name, value, _) in required.iter().chain(optional.iter().take(used)) {
        json.insert(name.to_string(), write(value, depth + 1)?);
    }
    Ok(Json::Object(json))
}

impl ObjectAttribute {
    /// Whether its value is never given.
    fn is_computed(&self) -> bool {
        matches!(self.kind.as_deref(), Some("constant" | "derived"))
    }
}

impl crate::types::ObjectType {
    /// Attributes of the parents, then its own.
    fn all_attributes(&self) -> Vec<ObjectAttribute> {
        let mut chain = vec![self];
        while let Some(Type::Object(Some(parent))) =
            chain.last().and_then(|last| last.parent.as_ref())
        {
            if chain.len() > MAX_DEPTH {
                break;
            }
            chain.push(parent);
        }
        chain
            .iter()
            .rev()
            .flat_map(|object_type| object_type.attributes.iter().cloned())
            .collect()
    }
}
