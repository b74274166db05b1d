//! `bunraku validate --watch`: again on each change.

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use notify::{RecursiveMode, Watcher as _};

use super::check::{self, Rules};
use super::{Finding, failed, files, has_errors, show};
use crate::cli::{Findings, Validate};
use crate::console;
use crate::failure::{Failure, Result};

/// A change is over when nothing more came for so long.
const QUIET: Duration = Duration::from_millis(80);

/// Checks now and whenever a file changes, until the watch ends.
pub(super) fn run(options: &Validate, rules: &Rules, form: Findings) -> Result<ExitCode> {
    let (changed, news) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            // Nobody listens any more only when the command ends.
            let _ = changed.send(());
        }
    })
    .map_err(Failure::unreachable)?;
    let here = [Path::new(".").to_owned()];
    let paths = match options.paths.as_slice() {
        [] => &here,
        paths => paths,
    };
    for path in paths {
        watcher
            .watch(path, RecursiveMode::Recursive)
            .map_err(|error| failed(path, &error))?;
    }
    loop {
        match files(options) {
            Ok(files) => tell(&check::all(&files, rules), files.len(), form),
            Err(failure) => console::error(&failure),
        }
        if news.recv().is_err() {
            return Ok(ExitCode::SUCCESS);
        }
        while news.recv_timeout(QUIET).is_ok() {}
    }
}

fn tell(findings: &[Finding], files: usize, form: Findings) {
    show(findings, form);
    if form == Findings::Text {
        let verdict = if has_errors(findings) {
            "errors"
        } else {
            "no errors"
        };
        console::say(&format!("{files} files, {verdict}; waiting for changes"));
    }
}
