//! Digests of answers: SHA-256 over canonical JSON, whichever form a value comes in.
//!
//! Canonical: no blanks, keys sorted by their bytes, integers in decimal, floats in the shortest
//! form that reads back, strings escaped as `serde_json` does.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bunraku_pcore::Value;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// SHA-256 of the answer to a read; shown as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnswerDigest([u8; 32]);

impl AnswerDigest {
    /// The answer "there is no such thing". Distinct from every answer, `null` too, since what it
    /// hashes is not JSON.
    #[must_use]
    pub fn absent() -> Self {
        Self::of_bytes(b"absent")
    }

    /// Digest of an answer that is not a value: the bytes of a file.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Digest of an answer in JSON.
    #[must_use]
    pub fn of_json(answer: &Json) -> Self {
        let mut hasher = Sha256::new();
        json(answer, &mut hasher);
        Self(hasher.finalize().into())
    }

    /// Digest of a Puppet value: the same as that of the JSON it was read from.
    #[must_use]
    pub fn of_value(answer: &Value) -> Self {
        let mut hasher = Sha256::new();
        value(answer, &mut hasher);
        Self(hasher.finalize().into())
    }

    /// Digest of an answer that may be missing.
    #[must_use]
    pub fn of_json_option(answer: Option<&Json>) -> Self {
        answer.map_or_else(Self::absent, Self::of_json)
    }

    /// Digest of an answer that may be missing.
    #[must_use]
    pub fn of_value_option(answer: Option<&Value>) -> Self {
        answer.map_or_else(Self::absent, Self::of_value)
    }

    /// A digest that was computed elsewhere (that of a blob, for one).
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Where canonical JSON goes: straight into the hash.
type Sink = Sha256;

fn put(text: &str, sink: &mut Sink) {
    sink.update(text.as_bytes());
}

fn string(text: &str, sink: &mut Sink) {
    // Writing a string as JSON cannot fail.
    if let Ok(escaped) = serde_json::to_string(text) {
        put(&escaped, sink);
    }
}

fn float(number: f64, sink: &mut Sink) {
    // `{:?}` is the shortest form that reads back, and tells 1.0 from 1.
    put(&format!("{number:?}"), sink);
}

fn json(answer: &Json, sink: &mut Sink) {
    match answer {
        Json::Null => put("null", sink),
        Json::Bool(flag) => put(if *flag { "true" } else { "false" }, sink),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => put(&int.to_string(), sink),
            (None, Some(number)) => float(number, sink),
            (None, None) => put(&number.to_string(), sink),
        },
        Json::String(text) => string(text, sink),
        Json::Array(items) => list(items.iter(), json, sink),
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(k, v)| (k.as_str(), v)).collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            object(&entries, json, sink);
        }
    }
}

fn list<'a, T: 'a>(items: impl Iterator<Item = &'a T>, each: fn(&T, &mut Sink), sink: &mut Sink) {
    put("[", sink);
    for (at, item) in items.enumerate() {
        if at > 0 {
            put(",", sink);
        }
        each(item, sink);
    }
    put("]", sink);
}

fn object<T>(sorted: &[(&str, &T)], each: fn(&T, &mut Sink), sink: &mut Sink) {
    put("{", sink);
    for (at, (key, item)) in sorted.iter().enumerate() {
        if at > 0 {
            put(",", sink);
        }
        string(key, sink);
        put(":", sink);
        each(item, sink);
    }
    put("}", sink);
}

fn value(answer: &Value, sink: &mut Sink) {
    match answer {
        Value::Undef => put("null", sink),
        Value::Bool(flag) => put(if *flag { "true" } else { "false" }, sink),
        Value::Int(number) => put(&number.to_string(), sink),
        Value::Float(number) => float(*number, sink),
        Value::Str(text) => string(text, sink),
        Value::Array(items) => list(items.iter(), value, sink),
        Value::Hash(entries) => {
            let named: Option<Vec<_>> = entries
                .iter()
                .map(|(key, item)| Some((key.as_str()?, item)))
                .collect();
            match named {
                Some(mut entries) => {
                    entries.sort_unstable_by_key(|(key, _)| *key);
                    object(&entries, value, sink);
                }
                None => rich(answer, sink),
            }
        }
        _ => rich(answer, sink),
    }
}

/// Values that plain JSON does not have. One without a rich form either has its printed text.
fn rich(answer: &Value, sink: &mut Sink) {
    match bunraku_pcore::rich::to_json(answer) {
        Ok(answer) => json(&answer, sink),
        Err(_) => string(&answer.to_string(), sink),
    }
}

impl fmt::Display for AnswerDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for AnswerDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AnswerDigest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl JsonSchema for AnswerDigest {
    fn schema_name() -> Cow<'static, str> {
        "AnswerDigest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Digest of an answer: 64 hexadecimal digits.",
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
        })
    }
}

impl Serialize for AnswerDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AnswerDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
