//! `bunraku validate --watch`: again on each change.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use notify::RecursiveMode;

use super::check::{self, Rules};
use super::{Finding, files, has_errors, show};
use crate::cli::{Findings, Validate};
use crate::console;
use crate::failure::{Failure, Result};

/// A change is over when nothing more came for so long.
const QUIET: Duration = Duration::from_millis(80);

/// What is watched: directories with all in them, and files.
pub(super) struct Watched(Vec<PathBuf>);

impl Watched {
    pub(super) fn of(paths: &[PathBuf]) -> Self {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Self(paths.iter().map(absolute).collect())
    }

    /// Whether a change at `path` is one of what is watched.
    pub(super) fn concerns(&self, path: &Path) -> bool {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        self.0.iter().any(|watched| path.starts_with(watched))
    }

    /// Watches directories, and of a file the directory that it lies in: an editor puts a new file in its place.
    fn watch(&self, watcher: &mut impl notify::Watcher) -> Result<()> {
        for path in &self.0 {
            let watched = match path.parent() {
                Some(directory) if !path.is_dir() => {
                    watcher.watch(directory, RecursiveMode::NonRecursive)
                }
                _ => watcher.watch(path, RecursiveMode::Recursive),
            };
            watched.map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
        }
        Ok(())
    }
}

/// Checks now and whenever a file changes, until the watch ends.
pub(super) fn run(options: &Validate, rules: &Rules, form: Findings) -> Result<ExitCode> {
    let here = [PathBuf::from(".")];
    let paths = match options.paths.as_slice() {
        [] => &here,
        paths => paths,
    };
    let watched = Arc::new(Watched::of(paths));
    let concerned = Arc::clone(&watched);
    let (changed, news) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = |path: &PathBuf| concerned.concerns(path);
        if event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(concerns)) {
            // Nobody listens any more only when the command ends.
            let _ = changed.send(());
        }
    })
    .map_err(Failure::unreachable)?;
    watched.watch(&mut watcher)?;
    loop {
        let files = files(options);
        tell(&check::all(&files, rules), files.len(), form);
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
