//! A site's own command, run when something happened, with the event as JSON on its standard input.

use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Where Puppet's own packages put their programs; services don't have it in their path.
const PUPPET_BIN: &str = "/opt/puppetlabs/bin";

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    /// A line for the shell.
    Shell(String),
    /// A program and its arguments.
    Program(&'static [&'static str]),
}

impl Hook {
    /// Runs the command to its end. Its standard output goes to standard error if ours is for JSON.
    ///
    /// It has a process group of its own: an interrupt at the terminal stops us, not the command in its middle.
    pub(crate) async fn run(&self, event: &str, json: bool) -> std::io::Result<ExitStatus> {
        let mut command = match self {
            Self::Shell(line) => {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", line]);
                command
            }
            Self::Program(words) => {
                let mut words = words.iter();
                let mut command = Command::new(words.next().unwrap_or(&""));
                command.args(words);
                command
            }
        };
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{path}:{PUPPET_BIN}"));
        if json {
            command.stdout(std::io::stderr());
        }
        let mut child = command.stdin(Stdio::piped()).process_group(0).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A command need not read what it is told.
            let _ = input.write_all(format!("{event}\n").as_bytes()).await;
        }
        child.wait().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_gets_the_event_and_its_exit_code_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("seen");
        let hook = Hook::Shell(format!("cat > {}; exit 3", file.display()));
        let status = hook.run("{\"a\":1}", true).await.unwrap();
        assert_eq!(status.code(), Some(3));
        assert_eq!(std::fs::read_to_string(file).unwrap(), "{\"a\":1}\n");
    }

    #[tokio::test]
    async fn a_command_that_reads_nothing_is_no_failure_and_one_that_is_not_there_is() {
        let long = "x".repeat(1 << 20);
        let status = Hook::Shell("exit 0".to_owned()).run(&long, true).await;
        assert!(status.unwrap().success());
        let none = Hook::Program(&["/no/such/program"]).run("", true).await;
        assert!(none.is_err());
    }
}
