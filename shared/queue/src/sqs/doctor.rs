//! What is wrong with a farm's queues: for `bunraku infra doctor`.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use bunraku_farm::messages::Channel;
use bunraku_farm::{Finding, Level};
use serde_json::Value;

use super::{SqsQueue, failure};
use crate::QueueError;

/// Six times the shortest timeout that the template gives a function.
const SHORTEST_VISIBILITY: u64 = 180;
/// Dead letters that are nearer to their end than this are in danger.
const DANGER: Duration = Duration::from_secs(2 * 24 * 3600);

impl SqsQueue {
    /// Looks at all queues: whether they are there, where their messages go after too many tries, how
    /// long a received message is hidden, encryption, and what lies among the dead letters. SQS tells
    /// the age of messages only to whoever receives them, so that this is looked up for dead letters
    /// alone, which nobody else takes.
    ///
    /// # Errors
    /// When SQS can't be reached. A queue that is not there, or may not be looked at, is a finding.
    pub async fn check(&self) -> Result<Vec<Finding>, QueueError> {
        let mut findings = Vec::new();
        for channel in Channel::ALL {
            let (name, dead) = (self.queues.name(channel), self.queues.dead_name(channel));
            let lane = self.look(&name).await?;
            let letters = self.look(&dead).await?;
            match &lane {
                Look::Seen(queue) => findings.extend(lane_findings(&name, &dead, queue)),
                Look::Refused(finding) => findings.push(finding.clone()),
            }
            match &letters {
                Look::Seen(queue) => {
                    let retention = match &lane {
                        Look::Seen(lane) => {
                            lane.number(&QueueAttributeName::MessageRetentionPeriod)
                        }
                        Look::Refused(_) => None,
                    };
                    let oldest = match queue.count() {
                        0 => None,
                        _ => self.oldest(&queue.url).await,
                    };
                    let source = Source {
                        name: &name,
                        channel,
                        retention,
                    };
                    findings.extend(dead_findings(&dead, &source, queue, oldest));
                }
                Look::Refused(finding) => findings.push(finding.clone()),
            }
        }
        Ok(findings)
    }

    /// A queue's attributes.
    async fn look(&self, name: &str) -> Result<Look, QueueError> {
        let found = self
            .queues
            .client
            .get_queue_url()
            .queue_name(name)
            .send()
            .await;
        let url = match found {
            Ok(found) => found.queue_url.unwrap_or_default(),
            Err(error) => return refused(name, "GetQueueUrl", error),
        };
        let attributes = self
            .queues
            .client
            .get_queue_attributes()
            .queue_url(&url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await;
        match attributes {
            Ok(attributes) => Ok(Look::Seen(Attributes {
                url,
                values: attributes.attributes.unwrap_or_default(),
            })),
            Err(error) => refused(name, "GetQueueAttributes", error),
        }
    }

    /// The age of the oldest of the next few messages, which stay where they are. `None` when they
    /// can't be looked at: the finding then goes without.
    async fn oldest(&self, url: &str) -> Option<Duration> {
        let received = self
            .queues
            .client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(0)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .ok()?;
        let sent = received
            .messages
            .unwrap_or_default()
            .iter()
            .filter_map(|message| {
                message
                    .attributes()?
                    .get(&MessageSystemAttributeName::SentTimestamp)?
                    .parse()
                    .ok()
            })
            .min()?;
        let sent = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(sent))?;
        SystemTime::now().duration_since(sent).ok()
    }
}

/// What came of looking at a queue.
enum Look {
    Seen(Attributes),
    Refused(Finding),
}

/// What SQS says of a queue.
struct Attributes {
    url: String,
    values: HashMap<QueueAttributeName, String>,
}

impl Attributes {
    fn text(&self, name: &QueueAttributeName) -> Option<&str> {
        let value = self.values.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    fn number(&self, name: &QueueAttributeName) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    fn json(&self, name: &QueueAttributeName) -> Option<Value> {
        serde_json::from_str(self.text(name)?).ok()
    }

    /// Messages that can be received now.
    fn count(&self) -> u64 {
        let count = self.number(&QueueAttributeName::ApproximateNumberOfMessages);
        count.unwrap_or_default()
    }

    fn is_encrypted(&self) -> bool {
        self.text(&QueueAttributeName::KmsMasterKeyId).is_some()
            || self.text(&QueueAttributeName::SqsManagedSseEnabled) == Some("true")
    }
}

/// The queue that dead letters come from.
struct Source<'a> {
    name: &'a str,
    channel: Channel,
    retention: Option<u64>,
}

/// A queue that is absent or closed to us is a finding; anything else means that SQS can't be reached.
fn refused<E>(
    name: &str,
    action: &str,
    error: SdkError<E, aws_sdk_sqs::config::http::HttpResponse>,
) -> Result<Look, QueueError>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let code = error.code().unwrap_or_default();
    let detail = if code.contains("NonExistentQueue") || code.contains("QueueDoesNotExist") {
        "there is no such queue: is the stack deployed in this region and account, and is its output \
         QueueUrl what --queue says?"
            .to_owned()
    } else if code.contains("AccessDenied") {
        format!("these credentials may not look at it: they need sqs:{action}")
    } else {
        return Err(failure::refused(name, error));
    };
    Ok(Look::Refused(finding(name, Level::Error, detail)))
}

fn finding(what: &str, level: Level, detail: String) -> Finding {
    Finding {
        what: what.to_owned(),
        level,
        detail,
        hint: None,
    }
}

/// The problems of a queue, or one line that says how it is.
fn or_fine(what: &str, problems: Vec<(Level, String)>, fine: String) -> Vec<Finding> {
    if problems.is_empty() {
        return vec![finding(what, Level::Ok, fine)];
    }
    let found = problems.into_iter();
    found
        .map(|(state, detail)| finding(what, state, detail))
        .collect()
}

fn check_encryption(queue: &Attributes, problems: &mut Vec<(Level, String)>) {
    if !queue.is_encrypted() {
        let detail = "its messages are not encrypted: switch on SSE-SQS, or deploy the stack anew";
        problems.push((Level::Error, detail.to_owned()));
    }
}

fn lane_findings(name: &str, dead: &str, queue: &Attributes) -> Vec<Finding> {
    let mut problems = Vec::new();
    let policy = queue.json(&QueueAttributeName::RedrivePolicy);
    let target = policy
        .as_ref()
        .and_then(|policy| policy.get("deadLetterTargetArn")?.as_str());
    match target {
        None => problems.push((
            Level::Error,
            format!("it has no redrive policy: a message that always fails is tried for ever; it should go to {dead}"),
        )),
        Some(arn) if is_queue(arn, dead) => {}
        Some(arn) => problems.push((
            Level::Error,
            format!("its dead letters go to {arn}, not to {dead}, where `bunraku tasks` and `bunraku redrive` look"),
        )),
    }
    let tries = policy.as_ref().and_then(max_receives);
    if target.is_some() && tries.is_none_or(|tries| tries < 2) {
        problems.push((
            Level::Warning,
            "a message is tried only once: a killed function makes it a dead letter (maxReceiveCount)".to_owned(),
        ));
    }
    let hidden = queue.number(&QueueAttributeName::VisibilityTimeout);
    let hidden = hidden.unwrap_or_default();
    if hidden < SHORTEST_VISIBILITY {
        problems.push((
            Level::Warning,
            format!(
                "a received message is hidden for {hidden} s only, and is handed out again while it is \
                 still worked on: AWS asks for six times the function's timeout"
            ),
        ));
    }
    check_encryption(queue, &mut problems);
    let in_work = queue.number(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
    let fine = format!(
        "{} waiting, {} in work; hidden for {hidden} s, dead after {} tries",
        queue.count(),
        in_work.unwrap_or_default(),
        tries.unwrap_or_default()
    );
    or_fine(name, problems, fine)
}

fn dead_findings(
    name: &str,
    source: &Source<'_>,
    queue: &Attributes,
    oldest: Option<Duration>,
) -> Vec<Finding> {
    let mut problems = Vec::new();
    if let Some(detail) = closed_to(queue, source.name) {
        problems.push((Level::Error, detail));
    }
    check_encryption(queue, &mut problems);
    let retention = queue.number(&QueueAttributeName::MessageRetentionPeriod);
    // A message's age goes on counting when it becomes a dead letter.
    if let (Some(retention), Some(of_source)) = (retention, source.retention)
        && retention <= of_source
    {
        problems.push((
            Level::Warning,
            format!(
                "it keeps messages for {}, {} for {}: one that waited long is gone before anybody looks",
                shown(Duration::from_secs(retention)),
                source.name,
                shown(Duration::from_secs(of_source))
            ),
        ));
    }
    let count = queue.count();
    if count > 0 {
        let age = oldest.map_or_else(String::new, |age| {
            format!(", the oldest seen {} old", shown(age))
        });
        let left = retention
            .zip(oldest)
            .map(|(retention, oldest)| Duration::from_secs(retention).saturating_sub(oldest));
        let end = left
            .filter(|left| *left < DANGER)
            .map_or_else(String::new, |left| {
                format!(", gone for good in {}", shown(left))
            });
        problems.push((
            Level::Warning,
            format!(
                "{count} dead letters{age}{end}: `bunraku tasks --dead` tells why, `bunraku redrive --lane {}` \
                 puts them back",
                source.channel
            ),
        ));
    }
    or_fine(name, problems, "no dead letters".to_owned())
}

/// Why dead letters of `source` can't come in, if they can't.
fn closed_to(queue: &Attributes, source: &str) -> Option<String> {
    let policy = queue.json(&QueueAttributeName::RedriveAllowPolicy)?;
    match policy.get("redrivePermission")?.as_str()? {
        "denyAll" => Some(format!(
            "it takes dead letters of no queue, so not of {source}"
        )),
        "byQueue" => {
            let arns = policy.get("sourceQueueArns")?.as_array()?;
            let is_open = arns
                .iter()
                .filter_map(Value::as_str)
                .any(|arn| is_queue(arn, source));
            (!is_open).then(|| format!("its redrive allow policy does not name {source}"))
        }
        _ => None,
    }
}

fn is_queue(arn: &str, name: &str) -> bool {
    arn.rsplit(':').next() == Some(name)
}

/// A number, or a number in a text: both are met.
fn max_receives(policy: &Value) -> Option<u64> {
    let count = policy.get("maxReceiveCount")?;
    count.as_u64().or_else(|| count.as_str()?.parse().ok())
}

/// A duration for people: its largest whole unit.
fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
