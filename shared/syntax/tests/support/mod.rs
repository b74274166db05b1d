//! What the tests against the reference share.
#![allow(dead_code, reason = "not every test uses everything")]
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "tests read their cases and stop when the reference is missing"
)]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use bunraku_syntax::ast::BinaryOp;
use bunraku_syntax::visit::{for_each_child, lambda_of};
use bunraku_syntax::{
    Expr, ExprKind, ParseOptions, Parsed, SourceFile, Strict, dump_pn, parse_epp, parse_manifest,
};
use serde_json::{Value, json};

/// One source text to ask about.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) epp: bool,
    pub(crate) tasks: bool,
    pub(crate) strict: &'static str,
    /// The path under the module directory, for the checks of where definitions may be.
    pub(crate) module_path: Option<String>,
}

impl Request {
    /// A source, its kind and options told by its name: `epp: x`, `tasks: x`, `warning: x`, `off: x`,
    /// `module ntp/manifests/init.pp: x` or a path.
    pub(crate) fn new(name: &str, text: String) -> Self {
        let prefix = name.split_once(": ").map_or("", |(prefix, _)| prefix);
        Self {
            path: name.to_owned(),
            text,
            epp: prefix == "epp" || name.ends_with(".epp"),
            tasks: prefix == "tasks" || name.contains("/plans/"),
            strict: match prefix {
                "warning" => "warning",
                "off" => "off",
                _ => "error",
            },
            module_path: prefix.strip_prefix("module ").map(str::to_owned),
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

/// The topics of the broken programs: files of cases, by their names for [`cases`].
pub(crate) fn broken_topics() -> Vec<String> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/broken");
    let entries = std::fs::read_dir(directory).expect("cases are there");
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".txt"))
        .map(|name| format!("broken/{name}"))
        .collect();
    names.sort();
    names
}

/// Where the reference's answers to a topic are.
pub(crate) fn golden_path(topic: &str) -> String {
    let stem = topic.strip_suffix(".txt").unwrap_or(topic);
    format!(
        "{}/tests/cases/{stem}.expected.jsonl",
        env!("CARGO_MANIFEST_DIR")
    )
}

/// The reference's answers to a topic.
pub(crate) fn golden(topic: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(golden_path(topic)).expect("golden file is there");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("golden line is JSON"))
        .collect()
}

/// All programs of the case files, sound and broken.
pub(crate) fn all_cases() -> Vec<Request> {
    let files = std::iter::once("valid.txt".to_owned()).chain(broken_topics());
    files.flat_map(|file| cases(&file)).collect()
}

/// The manifests and templates of all modules that Debian packages, as `tests/fetch-modules` unpacked them.
pub(crate) fn modules_of_debian() -> Vec<Request> {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/puppet-modules/usr/share/puppet/modules.available"
    );
    let Ok(entries) = std::fs::read_dir(root) else {
        panic!("the modules are not there: run shared/syntax/tests/fetch-modules");
    };
    let mut modules: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    modules.sort();
    let mut sources = Vec::new();
    for module in modules {
        let name = module_name(&module);
        walk(&module, &module, name.as_deref(), &mut sources);
    }
    sources
}

/// The name that a module is loaded by: `ntp` of `puppetlabs-ntp`.
fn module_name(module: &Path) -> Option<String> {
    let text = std::fs::read(module.join("metadata.json")).ok()?;
    let metadata: Value = serde_json::from_slice(&text).ok()?;
    let (_, name) = metadata["name"].as_str()?.split_once(['-', '/'])?;
    Some(name.to_owned())
}

/// All manifests and templates under a directory of a module, in order.
fn walk(directory: &Path, module: &Path, name: Option<&str>, out: &mut Vec<Request>) {
    let Ok(entries) = std::fs::read_dir(directory) else {
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
            walk(&path, module, name, out);
        } else if is_source && let Ok(text) = std::fs::read_to_string(&path) {
            let mut request = Request::new(&path.to_string_lossy(), text);
            let inside = path.strip_prefix(module).ok().and_then(Path::to_str);
            if let (Some(name), Some(inside)) = (name, inside) {
                request.module_path = Some(format!("{name}/{inside}"));
            }
            out.push(request);
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
            let Request { path, text, epp, tasks, strict, module_path } = request;
            let name = module_path.as_ref().map_or(String::new(), |path| format!("/modules/{path}"));
            json!({"path": path, "name": name, "text": text, "epp": epp, "tasks": tasks, "strict": strict})
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
    let name = request
        .module_path
        .as_ref()
        .map(|path| format!("/modules/{path}").into());
    let source = SourceFile::new(name, request.text.as_str());
    let options = ParseOptions {
        tasks: request.tasks,
        strict: match request.strict {
            "warning" => Strict::Warning,
            "off" => Strict::Off,
            _ => Strict::Error,
        },
        module_path: request.module_path.as_deref().map(Into::into),
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
        Some(program) => {
            json!({"pn": dump_pn(program), "positions": positions(&program.body), "diagnostics": diagnostics})
        }
        None => json!({"diagnostics": diagnostics}),
    }
}

/// What is different, in short.
pub(crate) fn difference(ours: &Value, expected: &Value) -> Option<String> {
    // Where the reference itself falls over it refuses the program, in words that are about Ruby.
    if let Some(crash) = expected.get("crash") {
        let found = ours["diagnostics"].as_array();
        let refused =
            found.is_some_and(|found| found.iter().any(|found| found["severity"] == "error"));
        // Ruby shows the pattern as the locale has it, and where names are broken it matters which rule it looks at first.
        let reason = |message: &str| {
            let reason = message.split(": /").next()?;
            let of_names = reason.contains("group name") || reason.contains("conditional");
            Some(if of_names { "names" } else { reason }.to_owned())
        };
        let pattern = crash
            .as_str()
            .and_then(|text| text.strip_prefix("RegexpError: "));
        let last = found.and_then(|found| found.last()?["message"].as_str());
        if pattern.is_some() && pattern.and_then(reason) != last.and_then(reason) {
            return Some(format!("pattern\n  ours {last:?}\n  reference {pattern:?}"));
        }
        return (!refused).then(|| format!("verdict\n  ours none\n  reference {crash}"));
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
    if expected["positions"].is_array() && ours["positions"] != expected["positions"] {
        let all = |answer: &Value| answer["positions"].as_array().cloned().unwrap_or_default();
        let (ours, expected) = (all(ours), all(expected));
        let only = |left: &[Value], right: &[Value]| -> Vec<String> {
            left.iter()
                .filter(|item| !right.contains(item))
                .take(5)
                .map(Value::to_string)
                .collect()
        };
        return Some(format!(
            "positions\n  ours {:?}\n  reference {:?}",
            only(&ours, &expected),
            only(&expected, &ours)
        ));
    }
    let findings = |answer: &Value| comparable(&answer["diagnostics"]);
    if findings(ours) != findings(expected) {
        return Some(format!(
            "findings\n  ours {}\n  reference {}",
            ours["diagnostics"], expected["diagnostics"]
        ));
    }
    None
}

/// Findings without the words of Ruby's JSON library, which differ from version to version.
fn comparable(findings: &Value) -> Value {
    let mut findings = findings.clone();
    for finding in findings.as_array_mut().into_iter().flatten() {
        if finding["code"] == "ILLEGAL_JSON" {
            let message = finding["message"].as_str().unwrap_or("");
            finding["message"] = message.split('"').next().unwrap_or("").into();
        }
    }
    findings
}

/// The offsets of all nodes, in the reference's form.
fn positions(expr: &Expr) -> Vec<(&'static str, u32)> {
    fn collect(expr: &Expr, out: &mut Vec<(&'static str, u32)>) {
        if let Some(name) = model_class(&expr.kind) {
            out.push((name, expr.span.start));
        }
        for_each_child(expr, &mut |child| collect(child, out));
        if let Some(lambda) = lambda_of(expr) {
            let defaults = lambda
                .parameters
                .iter()
                .flat_map(|parameter| parameter.value.iter().chain(&parameter.type_expr));
            defaults
                .chain(&lambda.body)
                .chain(&lambda.return_type)
                .for_each(|child| collect(child, out));
        }
    }
    let mut out = Vec::new();
    collect(expr, &mut out);
    out.sort();
    out
}

fn model_class(kind: &ExprKind) -> Option<&'static str> {
    Some(match kind {
        ExprKind::Nop | ExprKind::NamedAccess(_) | ExprKind::Epp(_) => return None,
        ExprKind::Undef => "LiteralUndef",
        ExprKind::Default => "LiteralDefault",
        ExprKind::Boolean(_) => "LiteralBoolean",
        ExprKind::Integer { .. } | ExprKind::BigInteger(_) => "LiteralInteger",
        ExprKind::Float(_) => "LiteralFloat",
        ExprKind::String(_) => "LiteralString",
        ExprKind::Regex(_) => "LiteralRegularExpression",
        ExprKind::Name(_) => "QualifiedName",
        ExprKind::TypeName(_) => "QualifiedReference",
        ExprKind::Variable(_) => "VariableExpression",
        ExprKind::ReservedWord(_) => "ReservedWord",
        ExprKind::Array(_) => "LiteralList",
        ExprKind::Hash(_) => "LiteralHash",
        ExprKind::Not(_) => "NotExpression",
        ExprKind::Negate(_) => "UnaryMinusExpression",
        ExprKind::Splat(_) => "UnfoldExpression",
        ExprKind::Paren(_) => "ParenthesizedExpression",
        ExprKind::Binary(binary) => match binary.op {
            BinaryOp::Match | BinaryOp::NotMatch => "MatchExpression",
            BinaryOp::In => "InExpression",
            BinaryOp::And => "AndExpression",
            BinaryOp::Or => "OrExpression",
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::Less
            | BinaryOp::LessEqual
            | BinaryOp::Greater
            | BinaryOp::GreaterEqual => "ComparisonExpression",
            _ => "ArithmeticExpression",
        },
        ExprKind::Assignment(_) => "AssignmentExpression",
        ExprKind::Relationship(_) => "RelationshipExpression",
        ExprKind::Access(_) => "AccessExpression",
        ExprKind::Selector(_) => "SelectorExpression",
        ExprKind::If(_) => "IfExpression",
        ExprKind::Unless(_) => "UnlessExpression",
        ExprKind::Case(_) => "CaseExpression",
        ExprKind::Call(_) => "CallNamedFunctionExpression",
        ExprKind::MethodCall(_) => "CallMethodExpression",
        ExprKind::Block(_) => "BlockExpression",
        ExprKind::Resource(_) => "ResourceExpression",
        ExprKind::ResourceDefaults(_) => "ResourceDefaultsExpression",
        ExprKind::ResourceOverride(_) => "ResourceOverrideExpression",
        ExprKind::Collector(_) => "CollectExpression",
        ExprKind::Class(_) => "HostClassDefinition",
        ExprKind::Define(_) => "ResourceTypeDefinition",
        ExprKind::Node(_) => "NodeDefinition",
        ExprKind::Function(_) => "FunctionDefinition",
        ExprKind::Plan(_) => "PlanDefinition",
        ExprKind::TypeAlias(_) => "TypeAlias",
        ExprKind::TypeMapping(_) => "TypeMapping",
        ExprKind::TypeDefinition(_) => "TypeDefinition",
        ExprKind::Apply(_) => "ApplyExpression",
        ExprKind::RenderString(_) => "RenderStringExpression",
        ExprKind::RenderExpr(_) => "RenderExpression",
        ExprKind::Heredoc(_) => "HeredocExpression",
        ExprKind::Interpolated(_) => "ConcatenatedString",
    })
}
