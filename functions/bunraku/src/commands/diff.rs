//! `bunraku diff`

use std::path::Path;
use std::process::ExitCode;

use bunraku_catalog::canonical::Canonical;
use bunraku_catalog::diff::{diff, render};

use crate::cli::Diff;
use crate::console;
use crate::failure::{Failure, Result};
use crate::local::read_json;

fn canonical(path: &Path) -> Result<Canonical> {
    Canonical::from_json(&read_json(path)?, &[])
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

/// Compares two catalogs: exit code 0 when they are equal, 2 when not.
pub(crate) fn run(options: &Diff, json: bool) -> Result<ExitCode> {
    let differences = diff(&canonical(&options.left)?, &canonical(&options.right)?);
    console::result(json, &differences, || render(&differences));
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(2)
    })
}
