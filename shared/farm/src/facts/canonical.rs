//! The stable part of a facts document, in one canonical form.

use serde_json::{Map, Value};

use super::is_volatile;
use crate::Digest;

/// The facts without the volatile ones, keys sorted at every level. A hash that held nothing but
/// volatile facts goes with them.
pub fn stable(values: &Map<String, Value>) -> Value {
    Value::Object(stable_map(values, &mut Vec::new()))
}

/// Digest of [`stable`] as compact JSON.
pub fn stable_digest(values: &Map<String, Value>) -> Digest {
    Digest::of(stable(values).to_string())
}

fn stable_map<'a>(values: &'a Map<String, Value>, path: &mut Vec<&'a str>) -> Map<String, Value> {
    let mut entries: Vec<(&'a String, &'a Value)> = values.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    let mut kept = Map::new();
    for (name, value) in entries {
        path.push(name);
        if !is_volatile(path) {
            match stable_value(value, path) {
                Value::Object(map) if map.is_empty() && !is_empty_object(value) => {}
                value => {
                    kept.insert(name.clone(), value);
                }
            }
        }
        path.pop();
    }
    kept
}

fn stable_value<'a>(value: &'a Value, path: &mut Vec<&'a str>) -> Value {
    match value {
        Value::Object(map) => Value::Object(stable_map(map, path)),
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| stable_value(item, path)).collect())
        }
        other => other.clone(),
    }
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}
