//! Lanes on SQS: a queue for each channel, `PREFIX-<channel>`, and one for its dead letters,
//! `PREFIX-<channel>-dead`. The redrive policy of the queues is the stack's (`infra/template.yaml`).

mod body;
mod doctor;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::MessageAttributeValue;
use bunraku_farm::messages::Channel;
use tokio::sync::Mutex;

pub use body::{Body, BodyError};
pub use doctor::{Finding, State};

use crate::QueueError;

/// The attribute of a dead letter that says why it was given up.
pub const REASON: &str = "reason";
/// Longest reason kept, in bytes.
const LONGEST_REASON: usize = 4096;

/// The farm's lanes on SQS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    prefix: Arc<str>,
    urls: Arc<Mutex<HashMap<String, Arc<str>>>>,
}

impl SqsQueue {
    /// The queues `PREFIX-<channel>` of `sqs://PREFIX`, with region and credentials of the
    /// surroundings (as the AWS CLI finds them). Nothing is asked of SQS yet.
    pub async fn connect(url: &str) -> Result<Self, QueueError> {
        let prefix = url
            .strip_prefix("sqs://")
            .filter(|prefix| is_prefix(prefix))
            .ok_or_else(|| QueueError::Invalid {
                reason: format!(
                    "{url:?} is no queue URL: it is sqs://PREFIX, the stack's output QueueUrl"
                ),
            })?;
        let config = aws_config::load_from_env().await;
        Ok(Self::new(Client::new(&config), prefix))
    }

    /// The queues of a prefix through a client.
    pub fn new(client: Client, prefix: &str) -> Self {
        Self {
            client,
            prefix: prefix.into(),
            urls: Arc::default(),
        }
    }

    /// The URL of one of the queues, asked for once.
    async fn url(&self, name: String) -> Result<Arc<str>, QueueError> {
        if let Some(url) = self.urls.lock().await.get(&name) {
            return Ok(Arc::clone(url));
        }
        let found = self.client.get_queue_url().queue_name(&name).send().await;
        let found = found.map_err(|error| unavailable(&name, error))?;
        let url: Arc<str> = found.queue_url.unwrap_or_default().into();
        self.urls.lock().await.insert(name, Arc::clone(&url));
        Ok(url)
    }

    fn name(&self, channel: Channel) -> String {
        format!("{}-{channel}", self.prefix)
    }

    fn dead_name(&self, channel: Channel) -> String {
        format!("{}-{channel}-dead", self.prefix)
    }

    /// Puts a message that will never be handled among the dead letters, as it came, with the reason
    /// in its attribute [`REASON`].
    pub async fn bury(&self, channel: Channel, body: &str, reason: &str) -> Result<(), QueueError> {
        let name = self.dead_name(channel);
        let url = self.url(name.clone()).await?;
        let attribute = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(sendable(reason))
            .build()
            .map_err(|error| unavailable(&name, error))?;
        self.client
            .send_message()
            .queue_url(&*url)
            .message_body(body)
            .message_attributes(REASON, attribute)
            .send()
            .await
            .map_err(|error| unavailable(&name, error))?;
        Ok(())
    }

    /// Makes a message that was received visible again after `delay` (12 hours at most), for the
    /// next try. `receipt_handle` is that of SQS.
    pub async fn delay(
        &self,
        channel: Channel,
        receipt_handle: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        const LONGEST: u64 = 12 * 3600;
        let name = self.name(channel);
        let url = self.url(name.clone()).await?;
        let seconds = i32::try_from(delay.as_secs().min(LONGEST)).unwrap_or(i32::MAX);
        self.client
            .change_message_visibility()
            .queue_url(&*url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(seconds)
            .send()
            .await
            .map_err(|error| unavailable(&name, error))?;
        Ok(())
    }
}

/// Letters, digits, `-` and `_`, so that `PREFIX-<channel>-dead` is a queue's name.
fn is_prefix(prefix: &str) -> bool {
    (1..=60).contains(&prefix.len())
        && prefix
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// SQS takes no empty text and no control characters but tab and line ends.
fn sendable(reason: &str) -> String {
    let mut text: String = reason
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    while text.len() > LONGEST_REASON {
        text.pop();
    }
    match text.is_empty() {
        true => "no reason given".to_owned(),
        false => text,
    }
}

fn unavailable<E: std::error::Error>(name: &str, error: E) -> QueueError {
    QueueError::Unavailable {
        reason: format!("{name}: {}", DisplayErrorContext(error)),
    }
}
