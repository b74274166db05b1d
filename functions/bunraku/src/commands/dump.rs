//! `bunraku dump`

use std::process::ExitCode;

use bunraku_syntax::{Diagnostic, ParseOptions, SourceFile, dump_pn, parse_epp, parse_manifest};
use serde_json::{Value as Json, json};

use crate::cli::Dump;
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::read_source;

/// Prints a program's tree in Puppet Extended S-Expression Notation.
pub(crate) fn run(options: &Dump, json: bool) -> Result<ExitCode> {
    let source = SourceFile::new(None, read_source(&options.code)?);
    let parse = if options.epp {
        parse_epp
    } else {
        parse_manifest
    };
    let parsed = parse(
        &source,
        &ParseOptions {
            validate: false,
            tasks: options.tasks,
            ..ParseOptions::default()
        },
    );
    match parsed.valid_program() {
        Some(program) => {
            let pn = dump_pn(program);
            console::result(json, &json!({ "pn": pn }), || pn.clone());
            Ok(ExitCode::SUCCESS)
        }
        None => {
            let messages: Vec<String> = parsed
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.located(&source).to_string())
                .collect();
            if json {
                console::json(
                    &json!({ "error": error(&source, parsed.diagnostics.first(), &messages) }),
                );
            }
            Err(Failure::input(messages.join("\n")))
        }
    }
}

/// The error document: what went wrong, and where.
fn error(source: &SourceFile, first: Option<&Diagnostic>, messages: &[String]) -> Json {
    let mut error = json!({ "message": messages.join("\n") });
    if let Some(first) = first {
        error["basic_message"] = first.message.as_str().into();
        if !first.issue_code.is_empty() {
            error["issue_code"] = first.issue_code.into();
        }
        if let Some(at) = first.span.map(|span| source.line_column(span.start)) {
            error["line"] = at.line.into();
            error["column"] = at.column.into();
        }
    }
    error
}
