//! The engine `reference`: an installed Puppet in a warm Ruby process, asked over pipes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value as Json;

use crate::failure::{Failure, Result};

/// The program that answers: one JSON request a line, one JSON answer a line; its head says which.
const PROGRAM: &str = include_str!("../../../../localstack-tests/reference/compile.rb");

/// A Ruby process with Puppet in it; it ends when this is dropped.
pub(crate) struct Reference {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Reference {
    /// Starts Ruby. That Puppet is missing shows at the first question.
    pub(crate) fn start(ruby: &Path) -> Result<Self> {
        let failed = |error| {
            Failure::unreachable(format!(
                "{}: {error}; the reference needs Ruby with Puppet",
                ruby.display()
            ))
        };
        let mut child = Command::new(ruby)
            .args(["-e", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Failure::unreachable("the reference has no pipes"));
        };
        Ok(Self {
            child,
            requests: Some(requests),
            answers: BufReader::new(answers),
        })
    }

    /// Asks for one compile and waits for the answer.
    pub(crate) fn ask(&mut self, request: &Json) -> Result<Json> {
        let ended =
            || Failure::unreachable("the reference ended: is Puppet installed for this Ruby?");
        let requests = self.requests.as_mut().ok_or_else(ended)?;
        writeln!(requests, "{request}")
            .and_then(|()| requests.flush())
            .map_err(|_| ended())?;
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(length) if length > 0 => serde_json::from_str(&line).map_err(Failure::unreachable),
            _ => Err(ended()),
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // The end of its input ends it, and it removes its own temporary files.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}
