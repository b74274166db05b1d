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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        let Value::Object(map) = value else {
            panic!("an object")
        };
        map
    }

    #[test]
    fn the_order_of_keys_and_volatile_facts_do_not_count() {
        let one = map(
            json!({"os": {"family": "Debian", "name": "Debian"}, "uptime": "1 day",
            "memory": {"system": {"total_bytes": 1, "used_bytes": 5}}}),
        );
        let two = map(
            json!({"memory": {"system": {"used_bytes": 6, "total_bytes": 1}},
            "uptime": "2 days", "os": {"name": "Debian", "family": "Debian"}}),
        );
        assert_eq!(stable_digest(&one), stable_digest(&two));
        let other = map(json!({"os": {"family": "RedHat", "name": "Debian"}}));
        assert_ne!(stable_digest(&one), stable_digest(&other));
    }

    #[test]
    fn a_hash_of_nothing_but_volatile_facts_goes_and_an_empty_one_stays() {
        let facts = map(json!({"memory": {"swap": {"used": "1 MiB"}}, "empty": {}, "list": [{}]}));
        assert_eq!(stable(&facts), json!({"empty": {}, "list": [{}]}));
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec(("[a-c]{1,2}|uptime|used", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    fn reversed(value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .rev()
                    .map(|(k, v)| (k.clone(), reversed(v)))
                    .collect(),
            ),
            Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
            other => other.clone(),
        }
    }

    proptest! {
        #[test]
        fn the_digest_depends_on_content_and_not_on_order(
            pairs in proptest::collection::vec(("[a-c]{1,2}|memory|uptime", value()), 0..5)
        ) {
            let facts: Map<String, Value> = pairs.into_iter().collect();
            let turned = map(reversed(&Value::Object(facts.clone())));
            prop_assert_eq!(stable_digest(&facts), stable_digest(&turned));
            // What is stable is its own stable part.
            let kept = map(stable(&facts));
            prop_assert_eq!(stable_digest(&kept), stable_digest(&facts));
        }
    }
}
