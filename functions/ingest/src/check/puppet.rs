//! Manifests and EPP templates.

use std::sync::Arc;

use bunraku_farm::documents::{Severity, UploadDiagnostic};
use bunraku_syntax::excerpt::{Colour, render};
use bunraku_syntax::{Diagnostic, ParseOptions, SourceFile, parse_epp, parse_manifest};

use super::modulepath::ModulePath;

pub(super) fn manifest(path: &str, bytes: &[u8], modules: &ModulePath) -> Vec<UploadDiagnostic> {
    let module_path = modules.relative(path);
    let in_module = module_path.and_then(|path| path.split_once('/'));
    let options = ParseOptions {
        // Bolt's plans lie beside the code and are none of the compiler's.
        tasks: in_module.is_some_and(|(_, rest)| rest.starts_with("plans/"))
            || path.starts_with("plans/"),
        module_path: module_path.map(Arc::from),
        ..ParseOptions::default()
    };
    check(path, bytes, |source| {
        parse_manifest(source, &options).diagnostics
    })
}

pub(super) fn epp(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    let options = ParseOptions::default();
    check(path, bytes, |source| {
        parse_epp(source, &options).diagnostics
    })
}

fn check(
    path: &str,
    bytes: &[u8],
    parse: impl Fn(&SourceFile) -> Vec<Diagnostic>,
) -> Vec<UploadDiagnostic> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return vec![UploadDiagnostic::error("the file is not valid UTF-8").in_file(path)];
    };
    let source = SourceFile::new(Some(Arc::from(path)), text);
    parse(&source)
        .iter()
        .map(|found| finding(&source, found))
        .collect()
}

/// A finding of the parser or validator as a diagnostic of the file that `source` is.
pub fn finding(source: &SourceFile, found: &Diagnostic) -> UploadDiagnostic {
    let place = found.span.map(|span| source.line_column(span.start));
    UploadDiagnostic {
        severity: severity(found.severity),
        issue_code: (!found.issue_code.is_empty()).then(|| found.issue_code.to_owned()),
        message: found.message.to_string(),
        file: source.name().map(str::to_owned),
        line: place.map(|at| at.line),
        column: place.map(|at| at.column),
        excerpt: excerpt(source, found),
    }
}

/// The severity as a record has it.
pub fn severity(found: bunraku_syntax::Severity) -> Severity {
    match found {
        bunraku_syntax::Severity::Error => Severity::Error,
        bunraku_syntax::Severity::Warning => Severity::Warning,
        bunraku_syntax::Severity::Deprecation => Severity::Deprecation,
    }
}

/// The source with its caret and a hint; without the message, which is a field of its own.
fn excerpt(source: &SourceFile, found: &Diagnostic) -> Option<String> {
    let text = render(found, source, Colour::Off);
    let lines: Vec<&str> = text.lines().skip_while(|line| line.trim() != "|").collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}
