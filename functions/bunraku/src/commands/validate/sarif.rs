//! Findings in SARIF 2.1.0, which code hosts and editors read.

use bunraku_farm::documents::Severity;
use serde_json::{Value as Json, json};

use super::finding::Finding;

/// The rule of findings that have no issue code.
const NO_CODE: &str = "ERROR";

/// The log of one run.
pub(crate) fn log(findings: &[Finding]) -> Json {
    let mut rules: Vec<&str> = findings.iter().map(rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Json> = findings.iter().map(|found| result(found, &rules)).collect();
    let rules: Vec<Json> = rules.iter().map(|id| json!({ "id": id })).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "bunraku",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules,
                },
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(finding: &Finding) -> &str {
    finding.issue_code.as_deref().unwrap_or(NO_CODE)
}

fn result(finding: &Finding, rules: &[&str]) -> Json {
    let text = match &finding.hint {
        Some(hint) => format!("{}\n{hint}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = json!({
        "ruleId": rule(finding),
        "ruleIndex": rules.iter().position(|id| *id == rule(finding)),
        "level": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Deprecation => "note",
        },
        "message": { "text": text },
    });
    if let Some(file) = &finding.file {
        let mut place = json!({ "artifactLocation": { "uri": uri(file) } });
        if let Some(line) = finding.line {
            let mut region = json!({ "startLine": line });
            let more = [
                ("startColumn", finding.column),
                ("endLine", finding.end_line),
                ("endColumn", finding.end_column),
            ];
            for (name, value) in more {
                if let Some(value) = value {
                    region[name] = value.into();
                }
            }
            place["region"] = region;
        }
        result["locations"] = json!([{ "physicalLocation": place }]);
    }
    if finding.further {
        result["properties"] = json!({ "further": true });
    }
    result
}

/// A path as a reference of RFC 3986.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    uri
}
