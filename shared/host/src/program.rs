//! A program of the site's own: a question on its standard input, the answer on its standard output.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

/// How many bytes of what a program last said on standard error are kept.
const SAID: usize = 8 * 1024;
/// How long to wait for more of it after the program's end: its children may have that open and live on.
const LISTEN: Duration = Duration::from_secs(1);
/// Exit codes that say nothing of the question: 'not now' (`EX_TEMPFAIL` of `sysexits.h`), and the shell's for a program
/// that it can't run or find.
const NOT_NOW: [i32; 3] = [75, 126, 127];

/// A line for the shell, run once for each question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    line: String,
    variables: Vec<(&'static str, String)>,
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// It could not be started, or not be waited for.
    #[error("{line}: {error}")]
    Unstartable {
        /// The line for the shell.
        line: String,
        /// Why.
        error: std::io::Error,
    },
    /// It refused: it ended with an exit code that is not 0.
    #[error("{said}")]
    Refused {
        /// What it said on standard error, or the exit code when that is nothing.
        said: String,
    },
    /// It was ended by a signal, could not be run, or said with exit code 75 that it can't now: another try may do.
    #[error("{line}: {status}{}{said}", if said.is_empty() { "" } else { ": " })]
    Troubled {
        /// The line for the shell.
        line: String,
        /// How it ended.
        status: ExitStatus,
        /// What it said on standard error.
        said: String,
    },
}

/// An answer as it comes.
#[derive(Debug)]
pub struct Answer {
    /// The program's standard output.
    pub output: ChildStdout,
    running: Running,
}

#[derive(Debug)]
struct Running {
    line: String,
    child: Child,
    group: Option<Pid>,
    question: JoinHandle<()>,
    said: Arc<Mutex<Vec<u8>>>,
    listener: JoinHandle<()>,
}

impl Program {
    /// What `/bin/sh -c` is to run.
    pub fn new(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            variables: Vec::new(),
        }
    }

    /// The same with an environment variable more.
    #[must_use]
    pub fn with_variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// The line for the shell.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The file that the line's first word names, by its path or by `PATH`.
    pub fn file(&self) -> Option<PathBuf> {
        let word = self.line.split_whitespace().next()?;
        if word.contains('/') {
            return Some(word.into());
        }
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|directory| directory.join(word))
            .find(|file| file.is_file())
    }

    /// Starts it with a question. Its standard error goes to ours. It is ended, and all that it started in its
    /// process group, when the answer is dropped.
    ///
    /// # Errors
    /// When there is no shell or no process to be had.
    pub fn ask(&self, question: Vec<u8>) -> Result<Answer, ProgramError> {
        let unstartable = |error| ProgramError::Unstartable {
            line: self.line.clone(),
            error,
        };
        let mut child = Command::new("/bin/sh")
            .args(["-c", &self.line])
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(unstartable)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(output), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(unstartable(std::io::Error::other("no pipes")));
        };
        let said = Arc::default();
        let running = Running {
            line: self.line.clone(),
            child,
            group,
            question: tokio::spawn(tell(stdin, question)),
            listener: tokio::spawn(listen(stderr, Arc::clone(&said))),
            said,
        };
        Ok(Answer { output, running })
    }
}

impl Answer {
    /// Waits for the program's end; what it has still to say on standard output is not heard.
    ///
    /// # Errors
    /// Unless it ended with exit code 0.
    pub async fn end(self) -> Result<(), ProgramError> {
        let Self {
            output,
            mut running,
        } = self;
        drop(output);
        let ended = running.child.wait().await;
        let _ = tokio::time::timeout(LISTEN, &mut running.listener).await;
        let said = running.said();
        let line = running.line.clone();
        match ended {
            Err(error) => Err(ProgramError::Unstartable { line, error }),
            Ok(status) if status.success() => Ok(()),
            Ok(status) if status.code().is_none_or(|code| NOT_NOW.contains(&code)) => {
                Err(ProgramError::Troubled { line, status, said })
            }
            Ok(status) if said.is_empty() => Err(ProgramError::Refused {
                said: format!("{line}: {status}"),
            }),
            Ok(_) => Err(ProgramError::Refused { said }),
        }
    }
}

impl Running {
    fn said(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).trim().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.question.abort();
        self.listener.abort();
        // Once it was waited for, its number may be another's.
        if let (Some(_), Some(group)) = (self.child.id(), self.group) {
            // There may be nothing left of it.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Writes the question. A program need not read it.
async fn tell(mut stdin: ChildStdin, question: Vec<u8>) {
    let _ = stdin.write_all(&question).await;
}

/// Passes on what is said, and keeps the end of it.
async fn listen(mut stderr: ChildStderr, said: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut bytes).await {
        let heard = bytes.get(..length).unwrap_or_default();
        let _ = std::io::stderr().write_all(heard);
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(heard);
        let over = said.len().saturating_sub(SAID);
        said.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The whole answer, and how the program ended.
    async fn answer(line: &str, question: &str) -> (String, Result<(), ProgramError>) {
        let program = Program::new(line).with_variable("BUNRAKU_STORE", "/srv");
        let mut answer = program.ask(question.into()).unwrap();
        let mut text = String::new();
        answer.output.read_to_string(&mut text).await.unwrap();
        (text, answer.end().await)
    }

    #[tokio::test]
    async fn a_question_and_its_answer() {
        let long = "x".repeat(1 << 20);
        let (text, ended) = answer("cat; echo $BUNRAKU_STORE", &long).await;
        ended.unwrap();
        assert_eq!(text, format!("{long}/srv\n"));
        // Whoever reads no question may answer it.
        let (text, ended) = answer("echo yes", &long).await;
        ended.unwrap();
        assert_eq!(text, "yes\n");
    }

    #[tokio::test]
    async fn a_refusal_is_told_from_trouble() {
        let (_, refused) = answer("echo 'no such class' >&2; exit 1", "").await;
        assert!(matches!(refused, Err(ProgramError::Refused { said }) if said == "no such class"));
        let (_, silent) = answer("exit 3", "").await;
        assert_eq!(silent.unwrap_err().to_string(), "exit 3: exit status: 3");
        for line in [
            "exit 75",
            "/no/such/program",
            "kill -9 $$",
            "echo later >&2; exit 75",
        ] {
            let (_, troubled) = answer(line, "").await;
            assert!(
                matches!(troubled, Err(ProgramError::Troubled { .. })),
                "{line}"
            );
        }
    }

    #[tokio::test]
    async fn of_much_that_is_said_the_end_is_kept() {
        let (_, refused) = answer("seq 1 100000 >&2; exit 1", "").await;
        let said = refused.unwrap_err().to_string();
        assert!(said.len() <= SAID && said.ends_with("100000"), "{said}");
    }

    #[tokio::test]
    async fn what_is_dropped_is_ended_with_its_children() {
        // The child holds standard output open as long as it lives.
        let asked = Program::new("sleep 1000 & echo started; wait").ask(Vec::new());
        let Answer {
            mut output,
            running,
        } = asked.unwrap();
        let mut started = [0; 8];
        output.read_exact(&mut started).await.unwrap();
        drop(running);
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(60), output.read_to_end(&mut rest));
        assert_eq!(ended.await.expect("the child was ended").unwrap(), 0);
    }

    #[test]
    fn the_program_of_a_line() {
        let file = |line: &str| Program::new(line).file();
        assert_eq!(file("./mine --fast"), Some("./mine".into()));
        assert!(file("sh -c true").is_some_and(|file| file.ends_with("sh")));
        assert_eq!(file(""), None);
    }
}
