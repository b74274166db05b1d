//! The catalog builder against the reference: every case of `catalogs/cases` must give the catalog, to
//! the order of every list, or the error that the installed Puppet gave when `catalogs/record.rb` recorded it.
//!
//! `catalogs/exceptions.txt` lists cases that differ, each with its reason; an entry that is no longer
//! needed fails the test.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test is the world, and stops at a surprise"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use bunraku_catalog::wire::{Format, to_json_value};
use bunraku_compiler::{CodeCache, Manifest, Request, compile};
use bunraku_pcore::{PuppetHash, Value};
use serde_json::Value as Json;
use support::{Directory, hash, read};

/// What a case came to, in the shape of the recorded answer.
fn outcome(name: &str, inputs: &Directory, cache: &CodeCache) -> Json {
    let mut request = Request::new("test.example.org");
    request.environment_root = "/env".to_owned();
    request.manifest = Manifest::Path(format!("cases/{name}.pp"));
    request.code_id = name.starts_with("static_").then(|| "static".into());
    if let Ok(options) = std::fs::read_to_string(inputs.root.join(format!("cases/{name}.json"))) {
        let options: Json = serde_json::from_str(&options).unwrap();
        request.include_virtual = options["include_virtual"] == true;
        for (class, params) in options["classes"].as_object().into_iter().flatten() {
            let params = params.as_object().into_iter().flatten();
            let params = params
                .map(|(name, value)| (name.as_str().into(), Value::from(value.as_str().unwrap())));
            request
                .classes
                .push((class.as_str().into(), params.collect()));
        }
    }
    match compile(&request, inputs, cache).outcome {
        Ok(catalog) => {
            serde_json::json!({ "catalog": to_json_value(&catalog, Format::Rich).unwrap() })
        }
        Err(error) => serde_json::json!({ "error": { "message": error.to_string() } }),
    }
}

/// Without what differs between two runs of the reference: versions, change times, addresses of objects.
fn comparable(mut outcome: Json) -> String {
    if let Some(catalog) = outcome.get_mut("catalog").and_then(Json::as_object_mut) {
        catalog.shift_remove("version");
        catalog.shift_remove("catalog_uuid");
        // Where the reference writes this key depends on whether it was nil or false.
        for resource in catalog
            .get_mut("resources")
            .and_then(Json::as_array_mut)
            .into_iter()
            .flatten()
        {
            let resource = resource.as_object_mut().unwrap();
            let exported = resource.shift_remove("exported");
            resource.insert("exported".to_owned(), exported.unwrap_or_default());
        }
    }
    let text = serde_json::to_string_pretty(&outcome).unwrap();
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = match line.split_once("{ctime}") {
            Some((before, _)) => format!("{before}{{ctime}}\""),
            None => line.to_owned(),
        };
        lines.push(without_source(&line));
    }
    lines.join("\n")
}

/// `by #<Puppet::Resource::Type:0x1>` and our `by Class[x]` both become `by SOURCE`.
fn without_source(line: &str) -> String {
    let Some((before, rest)) = line
        .split_once("is already set on ")
        .and_then(|(_, rest)| rest.split_once(" by "))
    else {
        return line.to_owned();
    };
    let start = line
        .split_once("is already set on ")
        .map_or("", |(start, _)| start);
    let after = rest.split_once("; cannot").map_or(rest, |(by, _)| {
        by.split_once(" at ").map_or("", |(_, at)| at)
    });
    format!("{start}is already set on {before} by SOURCE at {after}; cannot redefine")
}

fn difference(expected: &str, actual: &str) -> String {
    let pairs = expected.lines().zip(actual.lines());
    let first = pairs
        .clone()
        .take_while(|(left, right)| left == right)
        .count();
    let window = |text: &str| {
        let from = first.saturating_sub(4);
        text.lines()
            .skip(from)
            .take(9)
            .collect::<Vec<_>>()
            .join("\n")
    };
    format!(
        "--- expected (line {first})\n{}\n--- actual\n{}",
        window(expected),
        window(actual)
    )
}

#[test]
fn catalogs_and_errors_are_those_of_the_reference() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalogs");
    let exceptions: BTreeMap<String, String> = read(&root.join("exceptions.txt"))
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            line.split_once(": ")
                .map(|(name, why)| (name.to_owned(), why.to_owned()))
        })
        .collect();
    let os = hash(&[("family", "Debian")]);
    let facts: PuppetHash = [(Value::from("os"), os)].into_iter().collect();
    let inputs = Directory {
        root: root.clone(),
        facts: Value::hash(facts),
        trusted: hash(&[]),
        server_facts: hash(&[]),
        exports: Default::default(),
    };
    let cache = CodeCache::new();
    let mut cases: Vec<String> = std::fs::read_dir(root.join("cases"))
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .strip_suffix(".pp")
                .map(str::to_owned)
        })
        .collect();
    cases.sort();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let only = option_env!("BUNRAKU_CASE");
    let mut wrong = Vec::new();
    for name in cases
        .iter()
        .filter(|name| only.is_none_or(|only| name.contains(only)))
    {
        let expected = read(&root.join(format!("expected/{name}.json")));
        let expected = comparable(serde_json::from_str(&expected).unwrap());
        let actual = comparable(outcome(name, &inputs, &cache));
        match (expected == actual, exceptions.get(name)) {
            (true, Some(why)) => wrong.push(format!("=== {name}: no exception any more ({why})")),
            (false, None) => wrong.push(format!("=== {name}\n{}", difference(&expected, &actual))),
            _ => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
