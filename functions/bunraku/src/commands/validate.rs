//! `bunraku validate`

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use bunraku_farm::documents::{Severity, UploadDiagnostic};
use bunraku_ingest::check;
use bunraku_syntax::{ParseOptions, SourceFile, parse_epp, parse_manifest};
use serde_json::json;

use crate::cli::Validate;
use crate::commands::diagnostics;
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::{read_source, read_tree, settings};

/// Checks code and data: exit code 1 when there is an error.
pub(crate) fn run(options: &Validate, json: bool) -> Result<ExitCode> {
    let findings = match &options.code {
        Some(code) => check_code(options, code)?,
        None if options.paths.is_empty() => check_path(Path::new("."))?,
        None => {
            let mut findings = Vec::new();
            for path in &options.paths {
                findings.extend(check_path(path)?);
            }
            findings
        }
    };
    let failed = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if json {
        let shown: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "severity": finding.severity, "issue_code": finding.issue_code, "message": finding.message,
                    "file": finding.file, "line": finding.line, "column": finding.column,
                })
            })
            .collect();
        console::json(&json!({ "diagnostics": shown }));
    } else {
        console::say(diagnostics::render(&findings).trim_end());
    }
    Ok(ExitCode::from(u8::from(failed)))
}

fn check_code(options: &Validate, code: &Path) -> Result<Vec<UploadDiagnostic>> {
    let (settings, _) = settings(&options.settings)?;
    let source = SourceFile::new(None, read_source(code)?);
    let parse_options = ParseOptions {
        tasks: settings.tasks,
        strict: match settings.strict {
            bunraku_compiler::settings::Strict::Off => bunraku_syntax::Strict::Off,
            bunraku_compiler::settings::Strict::Warning => bunraku_syntax::Strict::Warning,
            bunraku_compiler::settings::Strict::Error => bunraku_syntax::Strict::Error,
        },
        module_path: options.source_name.as_deref().map(Into::into),
        ..ParseOptions::default()
    };
    let parse = if options.epp {
        parse_epp
    } else {
        parse_manifest
    };
    let parsed = parse(&source, &parse_options);
    Ok(parsed
        .diagnostics
        .iter()
        .map(|found| check::finding(&source, found))
        .collect())
}

fn check_path(path: &Path) -> Result<Vec<UploadDiagnostic>> {
    if path.is_dir() {
        let tree = read_tree(path)?;
        let files = tree
            .into_iter()
            .map(|(name, file)| (name.as_str().to_owned(), file.content.into()))
            .collect::<BTreeMap<_, bytes::Bytes>>();
        return Ok(check::check_tree(&files));
    }
    let content = std::fs::read(path)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    let name = path.display().to_string();
    Ok(check::check_tree(&BTreeMap::from([(name, content.into())])))
}
