//! YAML documents against what the reference made of them (`yaml/golden.json`, by `oracle/yaml.rb`).

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "golden cases are files; helpers of tests fail as tests do"
)]

use std::path::Path;

use bunraku_hiera::yaml::{self, Data};
use serde_json::{Map, Value as Json, json};

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yaml")
}

fn rich(data: &Data) -> Json {
    match data {
        Data::Null => Json::Null,
        Data::Bool(truth) => json!(truth),
        Data::Int(number) => json!(number),
        Data::BigInt(digits) => json!({"__ptype": "BigInt", "__pvalue": digits.as_str()}),
        Data::Float(number) if number.is_finite() => json!(number),
        Data::Float(number) => {
            let text = if number.is_nan() {
                "NaN"
            } else if *number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            json!({"__ptype": "Float", "__pvalue": text})
        }
        Data::Str(text) => json!(text.as_str()),
        Data::Bytes(bytes) => json!({"__ptype": "Bytes", "__pvalue": bytes.as_slice()}),
        Data::Symbol(name) => json!({"__ptype": "Symbol", "__pvalue": name.as_str()}),
        Data::Array(elements) => Json::Array(elements.iter().map(rich).collect()),
        Data::Hash(map) => {
            let mut object = Map::new();
            for (key, value) in map.iter() {
                let Data::Str(key) = key else {
                    let parts = map.iter().flat_map(|(key, value)| [rich(key), rich(value)]);
                    return json!({"__ptype": "Hash", "__pvalue": parts.collect::<Vec<_>>()});
                };
                object.insert(key.to_string(), rich(value));
            }
            Json::Object(object)
        }
    }
}

/// Each `=== name` line starts a case; the lines up to the next are its text.
fn cases(documents: &str) -> Vec<(String, String)> {
    let mut cases: Vec<(String, String)> = Vec::new();
    for line in documents.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push((name.trim_end_matches('\n').to_owned(), String::new()));
        } else if let Some((_, text)) = cases.last_mut() {
            text.push_str(line);
        }
    }
    cases
}

#[test]
fn documents_load_as_in_the_reference() {
    let golden: Map<String, Json> =
        serde_json::from_str(&std::fs::read_to_string(directory().join("golden.json")).unwrap())
            .unwrap();
    let documents = std::fs::read_to_string(directory().join("documents.txt")).unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for (name, text) in cases(&documents) {
        let text = text
            .strip_suffix("\n$\n")
            .map_or(text.clone(), str::to_owned);
        let actual = match yaml::load(text.as_bytes(), Some("file.yaml")) {
            Ok(None) => json!({"empty": true}),
            Ok(Some(Data::Null)) => json!({"empty": true}),
            Ok(Some(data)) => json!({"value": rich(&data)}),
            Err(error) => json!({"error": error.to_string()}),
        };
        let expected = golden.get(&name).unwrap_or(&Json::Null);
        count += 1;
        // As text, so that the order of entries counts and 1 is not 1.0.
        let (expected, actual) = (expected.to_string(), actual.to_string());
        if actual != expected {
            failures.push(format!(
                "{name}\n  expected {expected}\n  actual   {actual}"
            ));
        }
    }
    assert!(count >= 120, "{count} documents");
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
