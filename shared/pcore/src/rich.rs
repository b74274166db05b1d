//! Rich data: Pcore's JSON (CLI.md, "Rich data") and the plain fallback.

use serde_json::Value as Json;

use crate::{Error, Result, Value};

/// A value as rich-data JSON.
///
/// # Errors
/// When a value has no such form.
pub fn to_json(_value: &Value) -> Result<Json> {
    Err(Error::new("not implemented"))
}

/// A value from rich-data JSON.
///
/// # Errors
/// When a `__ptype` is unknown or its content malformed.
pub fn from_json(_json: &Json) -> Result<Value> {
    Err(Error::new("not implemented"))
}

/// Plain data as it is: no `__ptype` is read (facts, Hiera data).
#[must_use]
pub fn from_plain_json(_json: &Json) -> Value {
    Value::Undef
}

/// A value as plain JSON, for agents without rich data: everything else is its string form.
#[must_use]
pub fn to_plain_json(_value: &Value) -> Json {
    Json::Null
}
