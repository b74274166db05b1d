//! The language against the reference: every case of `language/cases` must log and fail as the
//! installed Puppet did when `language/record.rb` recorded it.
//!
//! `language/exceptions.txt` lists cases that differ, each with its reason; an entry that is no
//! longer needed fails the test.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of a test")]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bunraku_compiler::log::Level;
use bunraku_compiler::{CodeCache, Manifest, Request, compile};
use bunraku_pcore::rich;
use serde_json::{Value as Json, json};
use support::{Directory, hash, read};

/// What a case came to, in the shape of the recorded answer.
fn outcome(code: &str, inputs: &Directory, cache: &CodeCache) -> Json {
    let mut request = Request::new("test.example.com");
    request.environment_root = "ENV".to_owned();
    request.manifest = Manifest::Code(code.to_owned());
    let compilation = compile(&request, inputs, cache);
    let logs: Vec<Json> = compilation
        .logs
        .iter()
        .filter(|entry| entry.level >= Level::Notice)
        .map(|entry| json!({ "level": entry.level.name(), "message": entry.message }))
        .collect();
    let mut answer = json!({ "logs": logs });
    if let Err(error) = compilation.outcome {
        let mut described = serde_json::Map::new();
        described.insert("message".to_owned(), json!(error.to_string()));
        if let Some(line) = error.line {
            described.insert("line".to_owned(), json!(line));
        }
        if let Some(column) = error.column {
            described.insert("column".to_owned(), json!(column));
        }
        if let Some(code) = &error.issue_code {
            described.insert("issue_code".to_owned(), json!(code));
        }
        answer["error"] = Json::Object(described);
    }
    answer
}

/// Whether an error says all that the reference's says; some of those tell their place in the message only.
fn agree(actual: &Json, expected: &Json) -> bool {
    match expected {
        Json::Object(fields) => fields.iter().all(|(name, value)| actual[name] == *value),
        _ => actual == expected,
    }
}

/// Reasons by `topic/name`.
fn exceptions(root: &Path) -> BTreeMap<String, String> {
    read(&root.join("exceptions.txt"))
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (case, reason) = line
                .split_once(": ")
                .unwrap_or_else(|| panic!("no reason: {line}"));
            (case.to_owned(), reason.to_owned())
        })
        .collect()
}

#[test]
fn every_case_logs_and_fails_as_the_reference_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let facts: Json = serde_json::from_str(&read(&root.join("facts.json"))).unwrap();
    let inputs = Directory {
        root: root.join("environment"),
        facts: rich::from_plain_json(&facts),
        trusted: hash(&[
            ("authenticated", "remote"),
            ("certname", "test.example.com"),
        ]),
        server_facts: hash(&[("serverversion", "8.0.0")]),
        exports: Default::default(),
    };
    let cache = CodeCache::new();
    let mut exceptions = exceptions(&root);
    let mut wrong = Vec::new();
    let mut cases = 0;
    #[expect(clippy::disallowed_methods, reason = "the test is the world")]
    let mut topics: Vec<PathBuf> = std::fs::read_dir(root.join("cases"))
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    topics.sort();
    for path in topics {
        let topic = path.file_stem().unwrap().to_string_lossy().into_owned();
        let recorded: Vec<Json> =
            serde_json::from_str(&read(&root.join("expected").join(format!("{topic}.json"))))
                .unwrap();
        let text = format!("\n{}", read(&path));
        let programs: Vec<&str> = text.split("\n#> ").skip(1).collect();
        assert_eq!(programs.len(), recorded.len(), "{topic}: recorded anew?");
        for (program, expected) in programs.iter().zip(&recorded) {
            cases += 1;
            let (name, code) = program.split_once('\n').unwrap_or((program, ""));
            assert_eq!(name.trim(), expected["name"], "{topic}: recorded anew?");
            let mut code = code.to_owned();
            if !code.ends_with('\n') {
                code.push('\n');
            }
            let actual = outcome(&code, &inputs, &cache);
            let differs =
                actual["logs"] != expected["logs"] || !agree(&actual["error"], &expected["error"]);
            let case = format!("{topic}/{}", name.trim());
            match (differs, exceptions.remove(&case)) {
                (true, None) => wrong.push(format!(
                    "{case}\n  expected {} {}\n  actual   {} {}",
                    expected["logs"], expected["error"], actual["logs"], actual["error"]
                )),
                (false, Some(reason)) => {
                    wrong.push(format!("{case}\n  is no exception any more ({reason})"))
                }
                _ => {}
            }
        }
    }
    wrong.extend(
        exceptions
            .keys()
            .map(|case| format!("{case}\n  is an exception but no case")),
    );
    assert!(
        wrong.is_empty(),
        "{} of {cases} cases\n\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The reads of facts and trusted data that a program leaves in the trace.
fn fact_reads(code: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    let facts: Json = serde_json::from_str(&read(&root.join("facts.json"))).unwrap();
    let inputs = Directory {
        root: root.join("environment"),
        facts: rich::from_plain_json(&facts),
        trusted: hash(&[
            ("authenticated", "remote"),
            ("certname", "test.example.com"),
        ]),
        server_facts: hash(&[]),
        exports: Default::default(),
    };
    let mut request = Request::new("test.example.com");
    request.manifest = Manifest::Code(code.to_owned());
    let compilation = compile(&request, &inputs, &CodeCache::new());
    if let Err(error) = compilation.outcome {
        panic!("{code}: {error}");
    }
    let reads = compilation.trace.iter().map(|(read, _)| read.to_string());
    reads
        .filter(|read| read.starts_with("fact:") || read.starts_with("trusted:"))
        .collect()
}

#[test]
fn a_trace_names_the_facts_that_were_looked_at_and_no_more() {
    for (code, expected) in [
        ("notice($facts['os']['family'])", vec!["fact:os.family"]),
        (
            "notice($os['release']['major'], $::kernel)",
            vec!["fact:kernel", "fact:os.release.major"],
        ),
        // A fact of the name of a top-scope variable would make the assignment an error.
        (
            "$o = $facts['os']\n$r = $o['release']\nnotice($r['full'])",
            vec!["fact:o", "fact:os.release.full", "fact:r"],
        ),
        (
            "class c { $o = $facts['os']\n$r = $o['release']\nnotice($r['full']) }\ninclude c",
            vec!["fact:os.release.full"],
        ),
        (
            "['family'].each |$key| { notice(\"${facts['os'][$key]}\") }",
            vec!["fact:os.family"],
        ),
        (
            "notice($facts['processors']['models'][1])",
            vec!["fact:processors.models.1"],
        ),
        ("$o = $facts['os']", vec!["fact:o"]),
        ("notice($facts['os'])", vec!["fact:os"]),
        ("$facts['os'].each |$k, $v| { }", vec!["fact:os"]),
        ("notice($facts['os']['cpus'][-1])", vec!["fact:os.cpus"]),
        ("notice($facts['nope'])", vec!["fact:nope"]),
        (
            "notice($facts['os']['nope'])",
            vec!["fact:os", "fact:os.nope"],
        ),
        (
            "notice($facts.dig('os', 'release', 'major'), $facts.get('os.name'))",
            vec!["fact:os.name", "fact:os.release.major"],
        ),
        ("notice(getvar('facts.os.family'))", vec!["fact:os.family"]),
        ("notice($trusted['certname'])", vec!["trusted:certname"]),
        ("$kernel_x = 1\nnotice($kernel_x)", vec!["fact:kernel_x"]),
        (
            "if $facts['os']['family'] == 'Debian' { notice('d') }",
            vec!["fact:os.family"],
        ),
        (
            "case $os['family'] { 'Debian': { notice('d') } default: { } }",
            vec!["fact:os.family"],
        ),
    ] {
        assert_eq!(fact_reads(code), expected, "{code}");
    }
}

/// What the reference takes and this compiler does not must be refused by name and place, never passed over.
#[test]
fn what_is_not_supported_is_refused_at_its_place() {
    let inputs = Directory {
        root: PathBuf::from("no such directory"),
        facts: hash(&[]),
        trusted: hash(&[]),
        server_facts: hash(&[]),
        exports: Default::default(),
    };
    let cache = CodeCache::new();
    for (code, message, line, column) in [
        (
            "\ntype Runtime['ruby', 'X'] = Integer",
            "A Type Mapping is not supported in a catalog compile",
            2,
            6,
        ),
        ("notice(1)\n$x = template('a/b.erb')", "template", 2, 6),
        ("$x = generate('/bin/true')", "generate", 1, 6),
    ] {
        let answer = outcome(code, &inputs, &cache);
        let error = &answer["error"];
        let text = error["message"].as_str().unwrap_or_default();
        assert!(
            text.contains(message) && text.contains("not supported"),
            "{code}: {answer}"
        );
        assert_eq!(
            (&error["line"], &error["column"]),
            (&json!(line), &json!(column)),
            "{code}: {answer}"
        );
    }
}

/// A module that keeps its data in Puppet 4's manner would otherwise compile with other values.
#[test]
fn a_data_provider_of_old_is_refused_at_the_line_that_names_it() {
    let inputs = Directory {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data_provider"),
        facts: hash(&[]),
        trusted: hash(&[]),
        server_facts: hash(&[]),
        exports: Default::default(),
    };
    let answer = outcome("include old", &inputs, &CodeCache::new());
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains("does not support the data provider 'function' yet")
            && message.contains("modules/old/metadata.json, line: 3"),
        "{answer}"
    );
}
