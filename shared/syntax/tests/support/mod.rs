//! What the tests against the reference share.
#![allow(dead_code, reason = "not every test uses everything")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use bunraku_syntax::{
    ParseOptions, Parsed, SourceFile, Strict, dump_pn, parse_epp, parse_manifest,
};
use serde_json::{Value, json};

/// One source text to ask about.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) epp: bool,
    pub(crate) tasks: bool,
    pub(crate) strict: &'static str,
}

impl Request {
    /// A source, its kind and options told by its name: `epp: x`, `tasks: x`, `warning: x` or a path.
    pub(crate) fn new(name: &str, text: String) -> Self {
        let prefix = name.split_once(": ").map_or("", |(prefix, _)| prefix);
        Self {
            path: name.to_owned(),
            text,
            epp: prefix == "epp" || name.ends_with(".epp"),
            tasks: prefix == "tasks" || name.contains("/plans/"),
            strict: if prefix == "warning" {
                "warning"
            } else {
                "error"
            },
        }
    }
}

/// The programs of a case file: each behind a line `=== name`.
pub(crate) fn cases(file: &str) -> Vec<Request> {
    let path = format!("{}/tests/cases/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("case file is there");
    let blocks = text
        .strip_prefix("=== ")
        .expect("case file starts with a name")
        .split("\n=== ");
    blocks
        .map(|block| {
            let (name, text) = block.split_once('\n').unwrap_or((block, ""));
            Request::new(name, text.to_owned())
        })
        .collect()
}

/// All manifests and templates under a directory, in order.
pub(crate) fn walk(root: &Path, out: &mut Vec<Request>) {
    let Ok(entries) = std::fs::read_dir(root) else {
        return;
    };
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        let is_source = path
            .extension()
            .is_some_and(|extension| extension == "pp" || extension == "epp");
        if path.is_dir() {
            walk(&path, out);
        } else if is_source && let Ok(text) = std::fs::read_to_string(&path) {
            out.push(Request::new(&path.to_string_lossy(), text));
        }
    }
}

/// The reference's answers, in the form that `reference.rb` describes.
pub(crate) fn ask_reference(requests: &[Request]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference.rb");
    let child = Command::new("ruby")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        panic!("the reference is not installed (apt-get install puppet-agent)")
    };
    let mut stdin = child.stdin.take().expect("piped");
    let lines: Vec<String> = requests
        .iter()
        .map(|request| {
            let Request {
                path,
                text,
                epp,
                tasks,
                strict,
            } = request;
            json!({"path": path, "text": text, "epp": epp, "tasks": tasks, "strict": strict})
                .to_string()
        })
        .collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            if writeln!(stdin, "{line}").is_err() {
                break;
            }
        }
    });
    let output = child.wait_with_output().expect("ruby runs");
    writer.join().expect("writer ends");
    let answers: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    assert_eq!(
        answers.len(),
        requests.len(),
        "the reference stopped early (apt-get install puppet-agent)"
    );
    answers
}

/// Our answer in the reference's form.
pub(crate) fn ours(request: &Request) -> Value {
    let source = SourceFile::new(None, request.text.as_str());
    let options = ParseOptions {
        tasks: request.tasks,
        strict: if request.strict == "warning" {
            Strict::Warning
        } else {
            Strict::Error
        },
        ..ParseOptions::default()
    };
    let parsed = if request.epp {
        parse_epp(&source, &options)
    } else {
        parse_manifest(&source, &options)
    };
    answer(&source, &parsed)
}

fn answer(source: &SourceFile, parsed: &Parsed) -> Value {
    let diagnostics: Vec<Value> = parsed
        .diagnostics
        .iter()
        .map(|found| {
            let at = found.span.map(|span| source.line_column(span.start));
            json!({
                "severity": found.severity.as_str(),
                "code": found.issue_code,
                "message": found.message.as_str(),
                "line": at.map(|at| at.line),
                "column": at.map(|at| at.column),
            })
        })
        .collect();
    match &parsed.program {
        Some(program) => json!({"pn": dump_pn(program), "diagnostics": diagnostics}),
        None => json!({"diagnostics": diagnostics}),
    }
}

/// What is different, in short.
pub(crate) fn difference(ours: &Value, expected: &Value) -> Option<String> {
    // Where the reference itself falls over, any verdict of ours will do.
    if expected.get("crash").is_some() {
        return None;
    }
    if !expected["pn"].is_null() && ours["pn"] != expected["pn"] {
        let (ours, expected) = (
            ours["pn"].as_str().unwrap_or("no tree"),
            expected["pn"].as_str().unwrap_or(""),
        );
        let same = ours
            .bytes()
            .zip(expected.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let from = same.saturating_sub(60);
        let cut = |text: &str| {
            String::from_utf8_lossy(
                &text.as_bytes()[from.min(text.len())..(same + 60).min(text.len())],
            )
            .into_owned()
        };
        return Some(format!(
            "tree\n  ours {}\n  reference {}",
            cut(ours),
            cut(expected)
        ));
    }
    if ours["diagnostics"] != expected["diagnostics"] {
        return Some(format!(
            "findings\n  ours {}\n  reference {}",
            ours["diagnostics"], expected["diagnostics"]
        ));
    }
    None
}
