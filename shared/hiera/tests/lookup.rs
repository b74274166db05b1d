//! Lookups in small environments against the reference (`lookup/golden.json`, by `oracle/lookup.rb`).

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "golden cases are files; helpers of tests fail as tests do"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bunraku_hiera::{
    Config, ConvertError, DataFile, DataSource, DirEntry, Hiera, Layer, LayerSet, LookupError,
    LookupOptions, Result, Strict, VariablePath, World,
};
use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;
use serde_json::{Map, Value as Json, json};

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lookup")
}

/// An archive in memory, with the environment at `/e` and the global layer at `/g`.
#[derive(Default)]
struct Archive {
    files: BTreeMap<String, String>,
    variables: Map<String, Json>,
    warnings: RefCell<Vec<String>>,
}

impl Archive {
    fn read(text: &str) -> (Self, Vec<Json>) {
        let mut archive = Self::default();
        let mut name = None;
        let mut sections: BTreeMap<String, String> = BTreeMap::new();
        for line in text.split_inclusive('\n') {
            let header = line
                .strip_prefix("-- ")
                .and_then(|rest| rest.strip_suffix(" --\n"));
            if let Some(header) = header {
                name = Some(header.to_owned());
                sections.insert(header.to_owned(), String::new());
            } else if let Some(name) = &name {
                sections.get_mut(name).unwrap().push_str(line);
            }
        }
        let mut scenarios = Vec::new();
        let mut facts = json!({});
        let mut variables = json!({});
        for (name, text) in sections {
            match name.as_str() {
                "scenarios" => {
                    scenarios = text
                        .lines()
                        .map(|line| serde_json::from_str(line).unwrap())
                        .collect()
                }
                "facts.json" => facts = serde_json::from_str(&text).unwrap(),
                "vars.json" => variables = serde_json::from_str(&text).unwrap(),
                path => {
                    let path = match path.strip_prefix("env/") {
                        Some(path) => path.to_owned(),
                        None => format!("/g/{}", path.strip_prefix("global/").unwrap()),
                    };
                    archive.files.insert(path, text);
                }
            }
        }
        let mut all = facts.as_object().unwrap().clone();
        all.extend(variables.as_object().unwrap().clone());
        all.insert("facts".to_owned(), facts);
        all.insert(
            "trusted".to_owned(),
            json!({"certname": "node.example.com"}),
        );
        all.insert(
            "server_facts".to_owned(),
            json!({"environment": "production"}),
        );
        all.insert("environment".to_owned(), json!("production"));
        archive.variables = all;
        (archive, scenarios)
    }
}

impl World for Archive {
    fn config(&self, path: &str, layer: &Layer) -> Result<Option<Arc<Config>>> {
        let Some(text) = self.files.get(path) else {
            return Ok(None);
        };
        Config::parse(
            text.as_bytes(),
            &self.display_path(path),
            layer,
            Strict::Error,
        )
        .map(Some)
    }

    fn data(&self, source: &DataSource<'_>, key: &str) -> Result<Option<Value>> {
        let text = self.files.get(source.path).unwrap();
        DataFile::parse(
            text.as_bytes(),
            source.display_path,
            source.format,
            Strict::Error,
        )?
        .value(key)
    }

    fn data_warnings(&self, source: &DataSource<'_>, module: Option<&str>) -> Result<Vec<String>> {
        let text = self.files.get(source.path).unwrap();
        let file = DataFile::parse(
            text.as_bytes(),
            source.display_path,
            source.format,
            Strict::Error,
        )?;
        Ok(file.warnings(module))
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path) || !self.list(path).is_empty()
    }

    fn list(&self, directory: &str) -> Vec<DirEntry> {
        let prefix = if directory.is_empty() {
            String::new()
        } else {
            format!("{directory}/")
        };
        let mut entries: BTreeMap<&str, bool> = BTreeMap::new();
        for path in self.files.keys() {
            if let Some(rest) = path.strip_prefix(&prefix) {
                match rest.split_once('/') {
                    Some((name, _)) => entries.insert(name, true),
                    None => entries.insert(rest, false),
                };
            }
        }
        let entry = |(name, is_directory): (&str, bool)| DirEntry {
            name: name.into(),
            is_directory,
        };
        entries.into_iter().map(entry).collect()
    }

    fn display_path(&self, path: &str) -> EcoString {
        match path {
            "" => "/e".into(),
            path if path.starts_with('/') => path.into(),
            path => format!("/e/{path}").into(),
        }
    }

    fn module_path(&self, module: &str) -> Option<EcoString> {
        let path = format!("modules/{module}");
        (!self.list(&path).is_empty()).then(|| path.into())
    }

    fn variable(&self, path: &VariablePath<'_>) -> Result<Option<Value>> {
        let name = path.root.strip_prefix("::").unwrap_or(path.root);
        match self.variables.get(name) {
            Some(value) => path.dig(to_value(value)),
            None => {
                let class = name.rsplit_once("::").map(|(class, _)| class);
                let reason = class.map(|class| format!("class {class} could not be found"));
                Err(LookupError::undefined_variable(
                    path.root,
                    &reason.unwrap_or_default(),
                ))
            }
        }
    }

    fn convert(&self, target: &[Value], value: Value) -> std::result::Result<Value, ConvertError> {
        match target.first().and_then(Value::as_str) {
            Some("Sensitive") => Ok(Value::sensitive(value)),
            Some("Integer") => {
                let text = value.as_str().unwrap();
                text.parse().map(Value::Int).map_err(|_| {
                    ConvertError::Failed(format!(
                        "'new' The string '{text}' cannot be converted to Integer"
                    ))
                })
            }
            _ => Err(ConvertError::InvalidType(
                "Syntax error at end of input".to_owned(),
            )),
        }
    }

    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Undef,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(elements) => Value::array(elements.iter().map(to_value).collect()),
        Json::Object(members) => Value::hash(to_hash(members)),
    }
}

fn to_hash(members: &Map<String, Json>) -> PuppetHash {
    members
        .iter()
        .map(|(key, value)| (key.as_str(), to_value(value)))
        .collect()
}

fn rich(value: &Value) -> Json {
    match value {
        Value::Undef => Json::Null,
        Value::Default => json!({"__ptype": "Default"}),
        Value::Bool(truth) => json!(truth),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Str(text) => json!(text.as_str()),
        Value::Array(elements) => Json::Array(elements.iter().map(rich).collect()),
        Value::Sensitive(inner) => json!({"__ptype": "Sensitive", "__pvalue": rich(inner)}),
        Value::Hash(entries) => {
            let mut object = Map::new();
            for (key, value) in entries.iter() {
                let Some(key) = key.as_str() else {
                    let parts = entries
                        .iter()
                        .flat_map(|(key, value)| [rich(key), rich(value)]);
                    return json!({"__ptype": "Hash", "__pvalue": parts.collect::<Vec<_>>()});
                };
                object.insert(key.to_owned(), rich(value));
            }
            Json::Object(object)
        }
        other => panic!("{other:?} is no data"),
    }
}

fn run(world: &Archive, scenario: &Json) -> Json {
    let hiera = Hiera::new(LayerSet {
        global: Some("/g/hiera.yaml".into()),
        global_only: false,
    });
    let result = if let Some(key) = scenario.get("apl") {
        hiera.lookup_parameter(world, key.as_str().unwrap())
    } else {
        let names: Vec<String> = match &scenario["lookup"] {
            Json::Array(names) => names
                .iter()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect(),
            name => vec![name.as_str().unwrap().to_owned()],
        };
        let hash = |key: &str| {
            scenario
                .get(key)
                .map(|json| to_hash(json.as_object().unwrap()))
        };
        let options = LookupOptions {
            merge: scenario.get("merge").map(to_value),
            default: scenario.get("default").map(to_value),
            default_values_hash: hash("defaults_hash"),
            override_values: hash("override"),
        };
        match hiera.lookup(world, &names, &options) {
            Ok(None) => Err(LookupError::not_found(&names)),
            found => found.map(|found| found.map(|found| found.value)),
        }
    };
    let mut answer = match result {
        Ok(Some(value)) => json!({"value": rich(&value)}),
        Ok(None) => json!({"missing": true}),
        Err(error) => json!({"error": error.to_string()}),
    };
    let warnings = world.warnings.take();
    if !warnings.is_empty() {
        answer["warnings"] = json!(warnings);
    }
    answer
}

#[test]
fn lookups_answer_as_in_the_reference() {
    let golden: Map<String, Json> =
        serde_json::from_str(&std::fs::read_to_string(directory().join("golden.json")).unwrap())
            .unwrap();
    let mut failures = Vec::new();
    let mut count = 0;
    for (name, expected) in &golden {
        let text = std::fs::read_to_string(directory().join(format!("{name}.txtar"))).unwrap();
        let (world, scenarios) = Archive::read(&text);
        let expected = expected.as_array().unwrap();
        assert_eq!(scenarios.len(), expected.len(), "{name}");
        for (scenario, expected) in scenarios.iter().zip(expected) {
            count += 1;
            let actual = run(&world, scenario);
            let (expected, actual) = (expected.to_string(), actual.to_string());
            if actual != expected {
                failures.push(format!(
                    "{name} {scenario}\n  expected {expected}\n  actual   {actual}"
                ));
            }
        }
    }
    assert!(count >= 60, "{count} scenarios");
    assert!(
        failures.is_empty(),
        "{} of {count}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
