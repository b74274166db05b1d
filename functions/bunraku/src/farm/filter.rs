//! A program in front of a function: a message on its standard input, messages on its standard output.

use std::time::Duration;

use anyhow::{anyhow, bail};
use bunraku_farm::messages::Message;
use bunraku_host::Program;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

/// How long a program may take for a message.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// The longest line that is taken from it, in bytes: what SQS takes.
const LONGEST_LINE: u64 = 256 * 1024;

/// Gives `program` a message, and `pass` each message that it prints, one after the other.
///
/// # Errors
/// When the program fails, prints what is no message or takes too long, or `pass` fails. The message is to come
/// again, and what was passed on already will be passed on again.
pub(super) async fn run<P>(
    program: &Program,
    message: &Message,
    pass: impl Fn(Message) -> P,
) -> anyhow::Result<()>
where
    P: Future<Output = anyhow::Result<()>>,
{
    let line = program.line();
    let run = async {
        let mut question = serde_json::to_vec(message)?;
        question.push(b'\n');
        let mut asked = program.ask(question)?;
        let mut lines = BufReader::new(&mut asked.output);
        while let Some(text) = next(&mut lines)
            .await
            .map_err(|error| anyhow!("{line}: {error}"))?
        {
            let message = serde_json::from_slice(&text).map_err(|error| {
                let shown: String = String::from_utf8_lossy(&text).chars().take(200).collect();
                anyhow!("{line}: it printed what is no message: {error}: {shown}")
            })?;
            pass(message).await?;
        }
        Ok(asked.end().await?)
    };
    let ended = tokio::time::timeout(LONGEST, run).await;
    ended.map_err(|_| anyhow!("{line}: not done after {LONGEST:?}"))?
}

/// The next line that is not empty.
async fn next(lines: &mut (impl AsyncBufRead + Unpin)) -> anyhow::Result<Option<Vec<u8>>> {
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut *lines).take(LONGEST_LINE);
        if bounded.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
            bail!("it printed a line of more than {LONGEST_LINE} bytes");
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(line));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use bunraku_farm::EnvironmentName;
    use bunraku_farm::messages::{AdvanceTask, GatherTask};

    use super::*;

    fn advance() -> Message {
        let environment = EnvironmentName::parse("production").unwrap();
        AdvanceTask { environment }.into()
    }

    /// What a program in front of a function passes on, and how it ended.
    async fn passed(line: &str) -> (Vec<Message>, anyhow::Result<()>) {
        let passed = Mutex::new(Vec::new());
        let pass = async |message| {
            passed.lock().unwrap().push(message);
            Ok(())
        };
        let ended = run(&Program::new(line), &advance(), pass).await;
        (passed.into_inner().unwrap(), ended)
    }

    #[tokio::test]
    async fn what_it_prints_goes_on_in_its_order() {
        let (messages, ended) = passed(r#"echo '{"message":"gather"}'; echo; cat"#).await;
        ended.unwrap();
        assert_eq!(messages, [GatherTask {}.into(), advance()]);
    }

    #[tokio::test]
    async fn what_is_no_message_is_told_and_nothing_after_it_goes_on() {
        let (messages, ended) = passed("cat; echo oh; cat").await;
        assert_eq!(messages, [advance()]);
        let told = ended.unwrap_err().to_string();
        assert!(
            told.starts_with("cat; echo oh; cat: it printed what is no message"),
            "{told}"
        );
        let (_, ended) = passed("head -c 1000000 /dev/zero").await;
        assert!(
            ended
                .unwrap_err()
                .to_string()
                .contains("a line of more than")
        );
    }

    #[tokio::test]
    async fn a_failure_is_told_in_its_words() {
        let (_, ended) = passed("cat; echo 'the database is away' >&2; exit 1").await;
        assert_eq!(ended.unwrap_err().to_string(), "the database is away");
    }
}
