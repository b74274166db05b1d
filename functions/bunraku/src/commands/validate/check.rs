//! The check of files, on all processors.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bunraku_hiera::{Config, Layer, yaml};
use bunraku_syntax::{Language, ParseOptions, SourceFile, Strict, diagnose};

use super::files::{File, Kind};
use super::finding::Finding;
use super::project;

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
    match file.kind {
        Kind::Yaml => return data(&name, &bytes),
        Kind::Json => {
            return project::json(&name, &bytes)
                .err()
                .map(|found| *found)
                .into_iter()
                .collect();
        }
        Kind::Metadata => return project::metadata(&name, &bytes),
        Kind::HieraConfig => return hiera_config(&name, &bytes, file),
        Kind::Pushed => {
            let tree = BTreeMap::from([(file.inside.clone(), bytes.into())]);
            let found = bunraku_ingest::check::check_tree(&tree);
            return found
                .into_iter()
                .map(|found| Finding::of_push(&name, found))
                .collect();
        }
        Kind::Manifest | Kind::Template | Kind::EnvironmentConf => {}
    }
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or(&[]);
            let before = SourceFile::new(None, String::from_utf8_lossy(before).into_owned());
            let end = u32::try_from(before.text().len()).unwrap_or(u32::MAX);
            let at = before.line_column(end);
            let hint = Some("save the file as UTF-8".to_owned());
            return vec![
                Finding::error(&name, "invalid byte sequence in UTF-8")
                    .at(Some(at.line), Some(at.column))
                    .with_hint(hint),
            ];
        }
    };
    match file.kind {
        Kind::EnvironmentConf => project::environment_conf(&name, text),
        Kind::Template => code(&name, text, file, rules, Language::Template),
        _ => code(&name, text, file, rules, Language::Manifest),
    }
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

fn data(name: &str, bytes: &[u8]) -> Vec<Finding> {
    match yaml::load(bytes, Some(name)) {
        Ok(_) => Vec::new(),
        Err(error) => {
            let line = error.line.and_then(|line| u32::try_from(line).ok());
            let column = error.column.and_then(|column| u32::try_from(column).ok());
            vec![Finding::error(name, error.message).at(line, column)]
        }
    }
}

/// A `hiera.yaml`: of a module where it lies in one, else of an environment.
fn hiera_config(name: &str, bytes: &[u8], file: &File) -> Vec<Finding> {
    let broken = data(name, bytes);
    if !broken.is_empty() {
        return broken;
    }
    let parts: Vec<&str> = file.inside.split('/').collect();
    let layer = match parts.as_slice() {
        [.., module, _] => Layer::Module((*module).into()),
        _ => Layer::Environment,
    };
    let refused = |error: &bunraku_hiera::LookupError| Finding {
        issue_code: error.issue_code.map(str::to_owned),
        line: error.line,
        ..Finding::error(name, error.message.clone())
    };
    match Config::parse(bytes, name, &layer, bunraku_hiera::Strict::Error) {
        Ok(config) => {
            let warnings = config.warnings().iter();
            warnings
                .map(|warning| Finding::warning(name, warning.clone()))
                .chain(config.refusal().map(refused))
                .collect()
        }
        Err(error) => vec![refused(&error)],
    }
}
