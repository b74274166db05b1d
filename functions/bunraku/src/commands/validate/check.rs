//! The check of files, on all processors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bunraku_farm::documents::Severity;
use bunraku_hiera::{Config, Layer};
use bunraku_ingest::check::FileKind;
use bunraku_syntax::{Language, ParseOptions, SourceFile, Strict, diagnose};

use super::files::File;
use super::finding::Finding;
use super::metadata;

/// Parsers recurse as deep as the source nests, within bounds of their own.
const STACK_BYTES: usize = 16 << 20;

/// Puppet's settings that the check depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) tasks: bool,
    pub(crate) strict: Strict,
}

/// Checks files; the findings are in the order of the files.
pub(crate) fn all(files: &[File], rules: &Rules) -> Vec<Finding> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut found = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else {
                return found;
            };
            found.push((index, one(file, rules)));
        }
    };
    let found: BTreeMap<usize, Vec<Finding>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.min(files.len()))
            .filter_map(|_| {
                std::thread::Builder::new()
                    .stack_size(STACK_BYTES)
                    .spawn_scoped(scope, worker)
                    .ok()
            })
            .collect();
        handles
            .into_iter()
            .filter_map(|handle| handle.join().ok())
            .flatten()
            .collect()
    });
    let unchecked = |file: &File| {
        let name = file.path.display().to_string();
        vec![Finding::error(&name, "the file could not be checked")]
    };
    files
        .iter()
        .enumerate()
        .flat_map(|(index, file)| {
            found
                .get(&index)
                .cloned()
                .unwrap_or_else(|| unchecked(file))
        })
        .collect()
}

fn one(file: &File, rules: &Rules) -> Vec<Finding> {
    let name = file.path.display().to_string();
    let bytes = match std::fs::read(&file.path) {
        Ok(bytes) => bytes,
        Err(error) => {
            return vec![Finding::error(
                &name,
                format!("the file can't be read: {error}"),
            )];
        }
    };
    let language = match file.kind {
        FileKind::Manifest => Language::Manifest,
        FileKind::Template => Language::Template,
        FileKind::EnvironmentConf => return environment_conf(&name, &bytes),
        FileKind::Metadata => return metadata(&name, &bytes, file),
        FileKind::HieraConfig => return hiera_config(&name, &bytes, file),
        _ => return data(&name, &bytes, file),
    };
    match text(&name, &bytes) {
        Ok(text) => code(&name, text, file, rules, language),
        Err(finding) => vec![*finding],
    }
}

/// The text of a file, which is UTF-8.
fn text<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str, Box<Finding>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or(&[]);
        let before = SourceFile::new(None, String::from_utf8_lossy(before).into_owned());
        let end = u32::try_from(before.text().len()).unwrap_or(u32::MAX);
        let at = before.line_column(end);
        let finding = Finding::error(name, "invalid byte sequence in UTF-8")
            .with_hint(Some("save the file as UTF-8".to_owned()))
            .in_text(&String::from_utf8_lossy(bytes), at.line, at.column);
        Box::new(finding)
    })
}

fn environment_conf(name: &str, bytes: &[u8]) -> Vec<Finding> {
    let text = match text(name, bytes) {
        Ok(text) => text,
        Err(finding) => return vec![*finding],
    };
    let found = bunraku_syntax::environment_conf::check(name, text).into_iter();
    found
        .map(|found| {
            Finding {
                severity: bunraku_ingest::check::severity(found.severity),
                ..Finding::error(name, found.message)
            }
            .with_hint(found.hint)
            .in_text(text, found.line, 1)
        })
        .collect()
}

fn metadata(name: &str, bytes: &[u8], file: &File) -> Vec<Finding> {
    let broken = data(name, bytes, file);
    if !broken.is_empty() {
        return broken;
    }
    let document = serde_json::from_slice(bytes).unwrap_or_default();
    metadata::check(name, &document)
}

fn code(name: &str, text: &str, file: &File, rules: &Rules, language: Language) -> Vec<Finding> {
    let in_plans = |path: &str| path.split('/').any(|part| part == "plans");
    let options = ParseOptions {
        // Bolt's plans lie beside the code and are none of the compiler's.
        tasks: rules.tasks || in_plans(&file.inside),
        strict: rules.strict,
        module_path: file.module_path.clone(),
        ..ParseOptions::default()
    };
    let source = SourceFile::new(Some(Arc::from(name)), text);
    diagnose(&source, &options, language)
        .iter()
        .map(|found| Finding::of_code(&source, found))
        .collect()
}

/// Documents: what the check of a push says of them.
fn data(name: &str, bytes: &[u8], file: &File) -> Vec<Finding> {
    let found = bunraku_ingest::check::check_data(file.kind, &file.inside, bytes);
    let found = found.into_iter();
    found.map(|found| Finding::of_push(name, found)).collect()
}

/// A `hiera.yaml`: of a module where it lies in one, else of an environment.
fn hiera_config(name: &str, bytes: &[u8], file: &File) -> Vec<Finding> {
    let broken = data(name, bytes, file);
    if !broken.is_empty() {
        return broken;
    }
    let parts: Vec<&str> = file.inside.split('/').collect();
    let layer = match parts.as_slice() {
        [.., module, _] => Layer::Module((*module).into()),
        _ => Layer::Environment,
    };
    let refused = |error: &bunraku_hiera::LookupError| {
        let finding = Finding {
            issue_code: error.issue_code.map(str::to_owned),
            ..Finding::error(name, error.message.clone())
        };
        match error.line {
            Some(line) => finding.in_text(&String::from_utf8_lossy(bytes), line, 1),
            None => finding,
        }
    };
    match Config::parse(bytes, name, &layer, bunraku_hiera::Strict::Error) {
        Ok(config) => {
            let warnings = config.warnings().iter();
            warnings
                .map(|warning| Finding {
                    severity: Severity::Warning,
                    ..Finding::error(name, warning.clone())
                })
                .chain(config.refusal().map(refused))
                .collect()
        }
        Err(error) => vec![refused(&error)],
    }
}
