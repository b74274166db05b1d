//! Runs cargo, and learns from it where the executables are.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::FUNCTIONS;
use crate::console;
use crate::failure::{Failure, Result};

/// The name of a function's binary.
pub(crate) fn binary_name(function: &str) -> String {
    format!("bunraku-{function}")
}

/// Builds all functions in one run of cargo over the whole workspace, so that features unify as in
/// every other build of it. Gives the executables in the order of [`FUNCTIONS`].
pub(crate) fn build(root: &Path, profile: &str, target: Option<&str>) -> Result<Vec<PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(&cargo);
    command
        .current_dir(root)
        .args(["build", "--locked", "--workspace", "--profile", profile])
        .args(["--message-format", "json-render-diagnostics"]);
    for function in FUNCTIONS {
        command.args(["--bin", &binary_name(function)]);
    }
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    console::say(&format!("Building the functions (profile {profile})"));
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| {
            Failure::input(format!(
                "{}: {error}; the functions are built with cargo: install Rust (rustup.rs)",
                Path::new(&cargo).display()
            ))
        })?;
    if !output.status.success() {
        return Err(Failure::input(format!(
            "cargo could not build the functions ({})",
            output.status
        )));
    }
    let mut found = executables(&String::from_utf8_lossy(&output.stdout));
    FUNCTIONS
        .into_iter()
        .map(|function| {
            let name = binary_name(function);
            found.remove(&name).ok_or_else(|| {
                Failure::input(format!("cargo named no executable of the binary {name}"))
            })
        })
        .collect()
}

/// One line of what cargo says with `--message-format json`; others lack `executable`.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// The executables by the names of their targets.
fn executables(messages: &str) -> BTreeMap<String, PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter_map(|artifact| Some((artifact.target.name, artifact.executable?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_taken_from_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"serde","kind":["lib"]},"executable":null}
{"reason":"build-script-executed","package_id":"x"}
not json
{"reason":"compiler-artifact","target":{"name":"bunraku-plan","kind":["bin"]},"executable":"/t/bunraku-plan"}
{"reason":"build-finished","success":true}"#;
        let found = executables(messages);
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("bunraku-plan".to_owned(), PathBuf::from("/t/bunraku-plan"))]
        );
    }
}
