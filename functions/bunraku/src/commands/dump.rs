//! `bunraku dump`

use std::process::ExitCode;

use bunraku_syntax::{ParseOptions, SourceFile, dump_pn, parse_epp, parse_manifest};
use serde_json::json;

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
                console::json(&json!({ "error": { "message": messages.join("\n") } }));
            }
            Err(Failure::input(messages.join("\n")))
        }
    }
}
