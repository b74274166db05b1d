//! The language against the reference: every case of `language/cases` must log and fail as the
//! installed Puppet did when `language/record.rb` recorded it.
//!
//! `language/exceptions.txt` lists cases that differ, each with its reason; an entry that is no
//! longer needed fails the test.

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of a test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_compiler::inputs::{Entry, EntryKind, FileContent, FileMetadata, InputError, Inputs};
use bunraku_compiler::log::Level;
use bunraku_compiler::{CodeCache, Manifest, Request, compile};
use bunraku_hiera::{Config, DataSource, Layer, LookupError};
use bunraku_pcore::{PuppetHash, Value, rich};
use ecow::EcoString;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

/// A directory as environment, facts from a document.
struct Directory {
    root: PathBuf,
    facts: Value,
    trusted: Value,
    server_facts: Value,
}

fn dig(root: &Value, path: &[EcoString]) -> Option<Value> {
    path.iter().try_fold(root.clone(), |at, key| match &at {
        Value::Hash(entries) => entries.get_str(key).cloned(),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?).cloned(),
        _ => None,
    })
}

impl Inputs for Directory {
    fn fact(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.facts, path)
    }

    fn trusted(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.trusted, path)
    }

    fn server_fact(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.server_facts, path)
    }

    #[expect(clippy::disallowed_methods, reason = "the test is the world")]
    fn file(&self, path: &str) -> Result<Option<FileContent>, InputError> {
        Ok(std::fs::read(self.root.join(path))
            .ok()
            .map(|bytes| FileContent {
                digest: Arc::from(hex::encode(Sha256::digest(&bytes))),
                bytes: Arc::from(bytes),
            }))
    }

    fn exists(&self, path: &str) -> Result<bool, InputError> {
        Ok(self.root.join(path).exists())
    }

    #[expect(clippy::disallowed_methods, reason = "the test is the world")]
    fn listing(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        let Ok(entries) = std::fs::read_dir(self.root.join(path)) else {
            return Ok(None);
        };
        let mut entries: Vec<Entry> = entries
            .flatten()
            .map(|entry| Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind: if entry.path().is_dir() {
                    EntryKind::Directory
                } else {
                    EntryKind::File
                },
            })
            .collect();
        entries.sort();
        Ok(Some(entries.into()))
    }

    fn data(&self, _source: &DataSource<'_>, _key: &str) -> Result<Option<Value>, LookupError> {
        Ok(None)
    }

    fn data_warnings(
        &self,
        _source: &DataSource<'_>,
        _module: Option<&str>,
    ) -> Result<Vec<String>, LookupError> {
        Ok(Vec::new())
    }

    fn hiera_config(
        &self,
        _path: &str,
        _layer: &Layer,
    ) -> Result<Option<Arc<Config>>, LookupError> {
        Ok(None)
    }

    fn file_metadata(&self, _path: &str) -> Result<Option<FileMetadata>, InputError> {
        Ok(None)
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self) -> u64 {
        0
    }
}

#[expect(clippy::disallowed_methods, reason = "the test is the world")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn hash(entries: &[(&str, &str)]) -> Value {
    Value::hash(entries.iter().copied().collect::<PuppetHash>())
}

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
