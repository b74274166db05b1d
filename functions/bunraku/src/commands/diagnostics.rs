//! Findings in code and data, for people.

use std::fmt::Write as _;

use bunraku_farm::documents::{Severity, UploadDiagnostic};

/// Puppet's wording and place, then the source around it.
pub(crate) fn render(findings: &[UploadDiagnostic]) -> String {
    let mut text = String::new();
    for finding in findings {
        let label = match finding.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
            Severity::Deprecation => "Deprecation",
        };
        let place: Vec<String> = [
            finding.file.as_ref().map(|file| format!("file: {file}")),
            finding.line.map(|line| format!("line: {line}")),
            finding.column.map(|column| format!("column: {column}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let place = if place.is_empty() {
            String::new()
        } else {
            format!(" ({})", place.join(", "))
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label}: {}{place}", finding.message);
        if let Some(excerpt) = &finding.excerpt {
            let _ = writeln!(text, "{}\n", excerpt.trim_end());
        }
    }
    text
}
