//! `bunraku verify`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use bunraku_catalog::canonical::Canonical;
use bunraku_catalog::diff::diff;
use bunraku_catalog::scoreboard::{NodeScore, ScoreError, Scoreboard};
use serde_json::{Value as Json, json};

use crate::cli::{Language, Verify};
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::{Program, facts_documents, facts_values, read_json, read_source, trusted_of};
use crate::reference::Reference;

/// What both compilers are told of the server.
fn server_facts() -> Json {
    json!({ "serverversion": "8.10.0", "servername": "puppet.example.test", "serverip": "192.0.2.1" })
}

/// Compiles with both compilers and compares; exit code 1 when a node differs.
pub(crate) fn run(options: &Verify, json: bool) -> Result<ExitCode> {
    let directory = std::path::absolute(&options.directory)
        .map_err(|error| Failure::input(format!("{}: {error}", options.directory.display())))?;
    let facts_directory = options
        .facts
        .clone()
        .unwrap_or_else(|| directory.join("facts"));
    let documents = facts_documents(&facts_directory)?;
    let nodes: Vec<String> = if options.nodes.is_empty() {
        documents.keys().cloned().collect()
    } else {
        options.nodes.clone()
    };
    let scratch = Scratch::new()?;
    let mut reference = Reference::start(&options.ruby)?;
    let mut board = Scoreboard::default();
    for node in nodes {
        let Some(document) = documents.get(&node) else {
            return Err(Failure::input(format!(
                "no facts of {node} in {}",
                facts_directory.display()
            )));
        };
        board.push(compare(
            options,
            &directory,
            &node,
            document,
            &scratch,
            &mut reference,
        )?);
    }
    console::result(json, &board, || board.render());
    Ok(ExitCode::from(u8::from(!board.is_perfect())))
}

/// Files that one command needs for a moment.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let directory = std::env::temp_dir().join(format!("bunraku-verify-{}", std::process::id()));
        std::fs::create_dir_all(&directory)
            .map_err(|error| Failure::input(format!("{}: {error}", directory.display())))?;
        Ok(Self(directory))
    }

    fn write(&self, name: &str, content: &Json) -> Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::write(&path, content.to_string())
            .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it any more; a leftover in the temporary directory does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn language(
    options: &Verify,
    directory: &Path,
    node: &str,
    facts: &Json,
    scratch: &Scratch,
) -> Result<Language> {
    Ok(Language {
        code: options.code.clone(),
        manifest: None,
        environment: "production".to_owned(),
        env_dir: Some(directory.to_owned()),
        modulepath: options.modulepath.clone(),
        hiera_config: None,
        codedir: None,
        settings: Vec::new(),
        node: node.to_owned(),
        facts: Some(scratch.write("facts.json", facts)?),
        trusted: None,
        server_facts: Some(scratch.write("server_facts.json", &server_facts())?),
        vars: None,
        classes: None,
        exports: options.exports.clone(),
        log_json: None,
        log_level: "notice".to_owned(),
    })
}

fn compare(
    options: &Verify,
    directory: &Path,
    node: &str,
    document: &Json,
    scratch: &Scratch,
    reference: &mut Reference,
) -> Result<NodeScore> {
    let facts = facts_values(document.clone());
    let program = Program::new(&language(options, directory, node, &facts, scratch)?)?;
    let began = Instant::now();
    let native = program.compile().outcome;
    let native_ms = began.elapsed().as_secs_f64() * 1000.0;

    let mut request = json!({
        "node": node, "env_dir": directory, "facts": facts, "trusted": trusted_of(node),
        "server_facts": server_facts(), "warm": true,
    });
    if let Some(code) = &options.code {
        request["code"] = Json::String(read_source(code)?);
    }
    if let Some(path) = &options.modulepath {
        request["modulepath"] = path.split(':').collect();
    }
    request["exports"] = match &options.exports {
        Some(path) => read_json(path)?,
        None => json!([]),
    };
    let answer = reference.ask(&request)?;

    let mut score = NodeScore {
        node: node.to_owned(),
        native_ms: Some(native_ms),
        reference_ms: answer["ms"].as_f64(),
        ..NodeScore::default()
    };
    let root = directory.display().to_string();
    match (native, answer.get("catalog")) {
        (Ok(catalog), Some(expected)) => {
            let left = Canonical::of(&catalog, &[&root]).map_err(Failure::input)?;
            let right = Canonical::from_json(expected, &[&root]).map_err(Failure::input)?;
            score.differences = diff(&left, &right);
            score.equal = score.differences.is_empty();
        }
        (native, _) => {
            let error = ScoreError {
                native: native.err().map(|error| error.to_string()),
                reference: answer["error"]["message"].as_str().map(str::to_owned),
            };
            score.equal = error.native == error.reference;
            score.error = Some(error);
        }
    }
    Ok(score)
}
