//! `bunraku compile`

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use bunraku_catalog::wire::{self, Format};
use bunraku_compiler::Error;
use bunraku_compiler::log::{Level, LogEntry};
use serde_json::json;

use crate::cli::{CatalogFormat, Compile, Language};
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::Program;

/// Compiles and prints a catalog, or the error document.
pub(crate) fn run(options: &Compile, json: bool) -> Result<ExitCode> {
    let mut program = Program::new(&options.language)?;
    program.request.include_virtual = options.include_virtual;
    if let Some(times) = options.repeat {
        return repeat(&program, times);
    }
    let compilation = program.compile();
    write_log(&options.language, &compilation.logs)?;
    if let Some(path) = &options.trace {
        let trace = serde_json::to_vec_pretty(&compilation.trace).map_err(Failure::input)?;
        write_file(path, &trace)?;
    }
    match compilation.outcome {
        Ok(catalog) if options.format == CatalogFormat::Json || json => {
            console::out_bytes(&wire::to_json(&catalog, Format::Rich).map_err(Failure::input)?);
            Ok(ExitCode::SUCCESS)
        }
        Ok(catalog) => {
            for resource in &catalog.resources {
                console::out(&resource.reference());
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            if options.format == CatalogFormat::Json || json {
                console::json(&error_document(&error));
            }
            Err(Failure::input(error))
        }
    }
}

/// Compiles again and again with what the first compile has parsed, and prints the times in milliseconds: of the
/// compile, and of writing its catalog as JSON.
fn repeat(program: &Program, times: u32) -> Result<ExitCode> {
    let milliseconds = |began: Instant| began.elapsed().as_secs_f64() * 1000.0;
    let (mut compiles, mut writes, mut resources) = (Vec::new(), Vec::new(), 0);
    for _ in 0..times {
        let began = Instant::now();
        let catalog = program.compile().outcome.map_err(Failure::input)?;
        compiles.push(milliseconds(began));
        let began = Instant::now();
        wire::to_json(&catalog, Format::Rich).map_err(Failure::input)?;
        writes.push(milliseconds(began));
        resources = catalog.resources.len();
    }
    console::json(&json!({ "resources": resources, "compile_ms": compiles, "write_ms": writes }));
    Ok(ExitCode::SUCCESS)
}

/// Writes what was logged, to a file or for people, as the options say.
pub(super) fn write_log(options: &Language, logs: &[LogEntry]) -> Result<()> {
    let least = rank(level(&options.log_level)?);
    let logged: Vec<&LogEntry> = logs
        .iter()
        .filter(|entry| rank(entry.level) >= least)
        .collect();
    match &options.log_json {
        Some(path) => write_logs(path, &logged),
        None => {
            logged.iter().for_each(|entry| console::log_entry(entry));
            Ok(())
        }
    }
}

/// The error document of CLI.md.
pub(super) fn error_document(error: &Error) -> serde_json::Value {
    let mut document = json!({ "message": error.to_string(), "basic_message": error.message });
    if let Some(fields) = document.as_object_mut() {
        let known = [
            ("file", error.file.as_deref().map(Into::into)),
            ("line", error.line.map(Into::into)),
            ("column", error.column.map(Into::into)),
            ("issue_code", error.issue_code.as_deref().map(Into::into)),
        ];
        fields.extend(
            known
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), value?))),
        );
    }
    json!({ "error": document })
}

fn level(name: &str) -> Result<Level> {
    let levels = [
        Level::Debug,
        Level::Info,
        Level::Notice,
        Level::Warning,
        Level::Err,
        Level::Alert,
        Level::Emerg,
        Level::Crit,
    ];
    levels
        .into_iter()
        .find(|level| level.name() == name)
        .ok_or_else(|| Failure::input(format!("'{name}' is no log level")))
}

/// Severity in Puppet's order (`Puppet::Util::Log.levels`).
fn rank(level: Level) -> u8 {
    match level {
        Level::Debug => 0,
        Level::Info => 1,
        Level::Notice => 2,
        Level::Warning => 3,
        Level::Err => 4,
        Level::Alert => 5,
        Level::Emerg => 6,
        Level::Crit => 7,
    }
}

fn write_file(path: &Path, content: &[u8]) -> Result<()> {
    std::fs::write(path, content)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

fn write_logs(path: &Path, entries: &[&LogEntry]) -> Result<()> {
    let failed = |error: std::io::Error| Failure::input(format!("{}: {error}", path.display()));
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    for entry in entries {
        let mut line = json!({ "level": entry.level.name(), "message": entry.message, "source": entry.source });
        if let Some(fields) = line.as_object_mut() {
            let known = [
                ("file", entry.file.as_deref().map(Into::into)),
                ("line", entry.line.map(Into::into)),
                ("column", entry.column.map(Into::into)),
                ("issue_code", entry.issue_code.as_deref().map(Into::into)),
            ];
            fields.extend(
                known
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value?))),
            );
        }
        writeln!(file, "{line}").map_err(failed)?;
    }
    file.flush().map_err(failed)
}
