//! `bunraku validate`

mod check;
mod files;
mod finding;
mod metadata;
mod modules;
mod sarif;
mod watch;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use bunraku_farm::documents::Severity;
use bunraku_syntax::{Language, ParseOptions, SourceFile, diagnose};
use serde_json::json;

use self::check::Rules;
use self::files::File;
use self::finding::Finding;
use self::modules::{Modules, Places};
use crate::cli::{Findings, Validate};
use crate::console;
use crate::failure::Result;
use crate::local::{read_source, settings};

/// Checks code and data: exit code 1 when there is an error.
pub(crate) fn run(options: &Validate, json: bool) -> Result<ExitCode> {
    let rules = rules(options)?;
    let form = if json { Findings::Json } else { options.format };
    if options.watch {
        return watch::run(options, &rules, form);
    }
    let findings = match &options.code {
        Some(code) => check_code(options, &rules, code)?,
        None => check::all(&files(options), &rules),
    };
    show(&findings, form);
    Ok(ExitCode::from(u8::from(has_errors(&findings))))
}

fn rules(options: &Validate) -> Result<Rules> {
    let (settings, _) = settings(&options.settings)?;
    Ok(Rules {
        tasks: settings.tasks || options.tasks,
        strict: match settings.strict {
            bunraku_compiler::settings::Strict::Off => bunraku_syntax::Strict::Off,
            bunraku_compiler::settings::Strict::Warning => bunraku_syntax::Strict::Warning,
            bunraku_compiler::settings::Strict::Error => bunraku_syntax::Strict::Error,
        },
    })
}

/// The files that the options name, the current directory's if they name none.
fn files(options: &Validate) -> Vec<File> {
    let here = [Path::new(".").to_owned()];
    let paths = match options.paths.as_slice() {
        [] => &here,
        paths => paths,
    };
    let places = places(options);
    let mut found = Vec::new();
    for path in paths {
        files::find(path, &places, &mut found);
    }
    found
}

fn places(options: &Validate) -> Places {
    Places {
        modulepath: options.modulepath.clone(),
        manifest: options.manifest.clone(),
    }
}

/// Where the code is taken to be below a directory of modules. Without one `--source-name` says so itself.
fn module_path(options: &Validate) -> Option<Arc<str>> {
    let name = options.source_name.as_deref()?;
    if options.modulepath.is_none() && options.manifest.is_none() {
        return Some(Arc::from(name));
    }
    Modules::around(Path::new(name), &places(options)).relative(Path::new(name))
}

fn check_code(options: &Validate, rules: &Rules, code: &Path) -> Result<Vec<Finding>> {
    let source = SourceFile::new(None, read_source(code)?);
    let parse_options = ParseOptions {
        tasks: rules.tasks,
        strict: rules.strict,
        module_path: module_path(options),
        ..ParseOptions::default()
    };
    let language = if options.epp {
        Language::Template
    } else {
        Language::Manifest
    };
    let found = diagnose(&source, &parse_options, language);
    Ok(found
        .iter()
        .map(|found| Finding::of_code(&source, found))
        .collect())
}

fn has_errors(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

/// Results go to standard output, words for people to standard error.
fn show(findings: &[Finding], form: Findings) {
    match form {
        Findings::Json => console::json(&json!({ "diagnostics": findings })),
        Findings::Sarif => console::json(&sarif::log(findings)),
        Findings::Text => {
            let text: Vec<String> = findings.iter().map(Finding::text).collect();
            if !text.is_empty() {
                console::say(text.join("\n\n").trim_end());
            }
        }
    }
}

#[cfg(test)]
mod tests;
