//! What the command line writes: results on standard output, words for people on standard error.
#![expect(clippy::print_stderr, reason = "this is where printing is done")]

use std::io::{IsTerminal as _, Write as _};

use bunraku_compiler::log::{Level, LogEntry};
use serde::Serialize;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// Sends the farm's own log to standard error; `RUST_LOG` chooses what is logged.
pub(crate) fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(use_colour())
        .with_target(false)
        .init();
}

/// Whether words on standard error may have colour.
pub(crate) fn use_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Writes a result: one JSON document, or the text.
pub(crate) fn result<T: Serialize>(json: bool, value: &T, text: impl FnOnce() -> String) {
    if json {
        self::json(value)
    } else {
        out(&text())
    }
}

/// Writes one JSON document.
pub(crate) fn json<T: Serialize>(value: &T) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => out(&text),
        Err(error) => eprintln!("Error: the result can't be written as JSON: {error}"),
    }
}

/// Writes a line or lines to standard output. That nobody reads any more is no error.
pub(crate) fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = if text.ends_with('\n') {
        write!(stdout, "{text}")
    } else {
        writeln!(stdout, "{text}")
    };
}

/// Writes bytes to standard output as they are, and a line end.
pub(crate) fn out_bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout
        .write_all(bytes)
        .and_then(|()| stdout.write_all(b"\n"));
}

/// Tells a person something.
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Tells why the command failed.
pub(crate) fn error(failure: &Failure) {
    eprintln!("{} {failure}", paint("31", "Error:"));
}

/// A log entry of a compile, as Puppet prints it.
pub(crate) fn log_entry(entry: &LogEntry) {
    let (label, colour) = match entry.level {
        Level::Debug => ("Debug", "36"),
        Level::Info => ("Info", "32"),
        Level::Notice => ("Notice", "0"),
        Level::Warning => ("Warning", "33"),
        Level::Err => ("Error", "31"),
        Level::Alert => ("Alert", "31"),
        Level::Emerg => ("Emergency", "31"),
        Level::Crit => ("Critical", "31"),
    };
    let source = if entry.source == "Puppet" {
        String::new()
    } else {
        format!("{}: ", entry.source)
    };
    let place = place(entry.file.as_deref(), entry.line, entry.column);
    eprintln!(
        "{} {source}{}{place}",
        paint(colour, &format!("{label}:")),
        entry.message
    );
}

/// ` (file: x, line: 1, column: 2)` with what is known.
fn place(file: Option<&str>, line: Option<u32>, column: Option<u32>) -> String {
    let parts: Vec<String> = [
        file.map(|file| format!("file: {file}")),
        line.map(|line| format!("line: {line}")),
        column.map(|column| format!("column: {column}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if parts.is_empty() {
        String::new()
    } else {
        format!(" ({})", parts.join(", "))
    }
}

fn paint(colour: &str, text: &str) -> String {
    if use_colour() && colour != "0" {
        format!("\x1b[{colour}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A table with aligned columns; the first row is its head.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
