//! `bunraku eval`

use std::process::ExitCode;

use bunraku_compiler::Program as Source;
use bunraku_pcore::{rich, to_display_string};
use serde_json::{Map, Value as Json, json};

use super::compile::{error_document, write_log};
use crate::cli::Eval;
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::{Program, read_source};

/// Evaluates a program and prints its value.
pub(crate) fn run(options: &Eval, json: bool) -> Result<ExitCode> {
    let Some(code) = &options.language.code else {
        return Err(Failure::input("nothing to evaluate: give --code"));
    };
    let program = Program::new(&options.language)?;
    let preludes = options
        .preludes
        .iter()
        .map(|path| read_source(path))
        .collect::<Result<Vec<_>>>()?;
    let evaluation = program.evaluate(&Source {
        preludes,
        code: match &program.request.manifest {
            bunraku_compiler::Manifest::Code(text) => text.clone(),
            bunraku_compiler::Manifest::Path(_) => read_source(code)?,
        },
        source_name: options.source_name.clone(),
        epp: options.epp,
    });
    write_log(&options.language, &evaluation.logs)?;
    let value = match evaluation.outcome {
        Ok(value) => value,
        Err(error) => {
            if json {
                console::json(&error_document(&error));
            }
            return Err(Failure::input(error));
        }
    };
    let mut document =
        json!({ "value": rich::to_json(&value).map_err(|error| Failure::input(error.message))? });
    if options.show_variables {
        let variables: Map<String, Json> = evaluation
            .variables
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), rich::to_json(value).ok()?)))
            .collect();
        document["variables"] = Json::Object(variables);
    }
    console::result(json, &document, || to_display_string(&value).to_string());
    Ok(ExitCode::SUCCESS)
}
