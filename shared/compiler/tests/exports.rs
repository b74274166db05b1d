//! Exported resources against the reference with a PuppetDB: every step of the scenarios in `exports/scenarios`
//! must give the catalog, the exports or the error that the installed Puppet gave when `exports/record.rb`
//! recorded them.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test is the world, and stops at a surprise"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use bunraku_catalog::canonical::Canonical;
use bunraku_catalog::{ExportedResource, Read};
use bunraku_compiler::{CodeCache, Compilation, Manifest, Request, compile, verify};
use bunraku_pcore::rich;
use serde_json::{Value as Json, json};
use support::{Directory, hash, read};

/// What a step of a scenario asks for.
enum Step {
    Compile {
        node: String,
        environment: String,
        facts: Json,
    },
    Deactivate(String),
}

fn steps(name: &str) -> Vec<Step> {
    let path = root().join(format!("scenarios/{name}.json"));
    let steps: Vec<Json> = match path.exists() {
        true => serde_json::from_str(&read(&path)).unwrap(),
        false => vec![json!("exporter"), json!("collector")],
    };
    steps
        .iter()
        .map(|step| match step["deactivate"].as_str() {
            Some(node) => Step::Deactivate(node.to_owned()),
            None => Step::Compile {
                node: step
                    .as_str()
                    .or(step["compile"].as_str())
                    .unwrap()
                    .to_owned(),
                environment: step["environment"]
                    .as_str()
                    .unwrap_or("production")
                    .to_owned(),
                facts: step["facts"].clone(),
            },
        })
        .collect()
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exports"))
}

/// What all nodes export, as it is after some steps.
type Published = BTreeMap<String, Vec<ExportedResource>>;

fn world(node: &str, facts: &Json, published: &Published) -> Directory {
    Directory {
        root: root().to_owned(),
        facts: rich::from_plain_json(facts),
        trusted: hash(&[("certname", node)]),
        server_facts: hash(&[]),
        exports: (node.into(), published.values().flatten().cloned().collect()),
    }
}

fn run(name: &str, node: &str, environment: &str, inputs: &Directory) -> Compilation {
    let mut request = Request::new(node);
    request.environment = environment.to_owned();
    request.environment_root = "/env".to_owned();
    request.manifest = Manifest::Path(format!("scenarios/{name}.pp"));
    compile(&request, inputs, &CodeCache::new())
}

/// The reference's own accidents: it goes on with a query that it can't ask.
fn is_accident(error: &str) -> bool {
    error.contains("NoMethodError")
        || error.starts_with("Could not retrieve resources from the PuppetDB")
        || error.starts_with("Operator ")
}

/// PuppetDB keeps 1e7 as it is, which is what a query compares with, and shows it as 10000000.
fn as_shown(json: &mut Json) {
    match json {
        Json::Number(number) => {
            let float = number.as_f64().filter(|_| number.is_f64());
            if let Some(float) = float.filter(|float| float.fract() == 0.0 && float.abs() >= 1e7) {
                *json = Json::from(float as i64);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(as_shown),
        Json::Object(map) => map.values_mut().for_each(as_shown),
        _ => {}
    }
}

/// How a step differs from what was recorded; `None` when it does not.
fn difference(compilation: &Compilation, expected: &Json) -> Option<String> {
    let catalog = match &compilation.outcome {
        Ok(catalog) => catalog,
        Err(error) => {
            let (error, expected) = (error.to_string(), expected["error"].as_str());
            let same = expected.is_some_and(|expected| expected == error || is_accident(expected));
            return (!same).then(|| format!("error {error}\nexpected {expected:?}"));
        }
    };
    if let Some(error) = expected["error"].as_str() {
        return Some(format!("no error; expected {error}"));
    }
    let actual = Canonical::of(catalog, &[]).unwrap();
    let wanted = Canonical::from_json(&expected["catalog"], &[]).unwrap();
    if actual != wanted {
        return Some(format!("{actual:#?}\nexpected {wanted:#?}"));
    }
    let mut exports = compilation.exports.clone();
    exports.sort_by(|a, b| (&a.type_name, &a.title).cmp(&(&b.type_name, &b.title)));
    let wanted: Vec<ExportedResource> =
        serde_json::from_value(expected["exports"].clone()).unwrap();
    let mut actual = json!(exports);
    as_shown(&mut actual);
    let wanted = json!(wanted);
    (actual != wanted).then(|| format!("exports {actual:#}\nexpected {wanted:#}"))
}

#[test]
fn every_scenario_equals_the_reference_with_puppetdb() {
    let mut names: Vec<String> = std::fs::read_dir(root().join("scenarios"))
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".pp").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() >= 20, "{} scenarios", names.len());
    let mut wrong = Vec::new();
    for name in &names {
        let expected = read(&root().join(format!("expected/{name}.json")));
        let expected: Vec<Json> = serde_json::from_str(&expected).unwrap();
        let mut expected = expected.iter();
        let mut published = Published::new();
        for step in steps(name) {
            let (node, environment, facts) = match step {
                Step::Deactivate(node) => {
                    published.remove(&node);
                    continue;
                }
                Step::Compile {
                    node,
                    environment,
                    facts,
                } => (node, environment, facts),
            };
            let inputs = world(&node, &facts, &published);
            let compilation = run(name, &node, &environment, &inputs);
            assert_eq!(
                verify(&compilation.trace, &inputs),
                Ok(()),
                "{name}: {node}"
            );
            if let Some(difference) = difference(&compilation, expected.next().unwrap()) {
                wrong.push(format!("=== {name}: {node}\n{difference}"));
            }
            if compilation.outcome.is_ok() {
                published.insert(node, compilation.exports);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} steps differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_trace_breaks_when_a_query_is_answered_otherwise_and_only_then() {
    let nothing = json!({});
    let mut published = Published::new();
    let exporter = run(
        "simple",
        "exporter",
        "production",
        &world("exporter", &nothing, &published),
    );
    published.insert("exporter".to_owned(), exporter.exports.clone());
    let before = world("collector", &nothing, &published);
    let trace = run("simple", "collector", "production", &before).trace;

    // Other lines, and tags that are not asked for, are nothing to a collector.
    let mut moved = exporter.exports.clone();
    for resource in &mut moved {
        resource.line = Some(99);
        resource.tags.insert("more".into());
    }
    published.insert("exporter".to_owned(), moved.clone());
    assert_eq!(
        verify(&trace, &world("collector", &nothing, &published)),
        Ok(())
    );

    moved.retain(|resource| resource.type_name == "File");
    published.insert("exporter".to_owned(), moved);
    let broken = verify(&trace, &world("collector", &nothing, &published)).unwrap_err();
    let reads: Vec<&Read> = broken.iter().map(|broken| &broken.read).collect();
    assert_eq!(reads, [&Read::Exported(r#"["Notify"]"#.into())]);
}
