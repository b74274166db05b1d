//! The queues of a prefix: their names, URLs and settings, each asked for once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use bunraku_farm::messages::Channel;
use serde::Deserialize;

use super::failure::{refused, strange};
use crate::QueueError;

/// What names a stack's queues, and what is known of them.
#[derive(Debug)]
pub(super) struct Queues {
    pub(super) client: Client,
    pub(super) prefix: String,
    urls: Mutex<HashMap<String, Arc<str>>>,
    settings: Mutex<HashMap<Channel, Settings>>,
}

/// What the stack set for the queue of a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// How long a message is hidden from others once it is received.
    pub(super) lease: Duration,
    /// After how many attempts SQS makes it a dead letter; `None`: never.
    pub(super) max_attempts: Option<u32>,
}

/// `{"deadLetterTargetArn": ..., "maxReceiveCount": 5}`; older tools write the count as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    max_receive_count: Count,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u32),
    Text(String),
}

impl Queues {
    pub(super) fn new(client: Client, prefix: &str) -> Self {
        Self {
            client,
            prefix: prefix.to_owned(),
            urls: Mutex::default(),
            settings: Mutex::default(),
        }
    }

    /// The queue's name of a channel.
    pub(super) fn name(&self, channel: Channel) -> String {
        format!("{}-{channel}", self.prefix)
    }

    /// The name of the queue of a channel's dead letters.
    pub(super) fn dead_name(&self, channel: Channel) -> String {
        format!("{}-{channel}-dead", self.prefix)
    }

    /// The URL of a queue.
    pub(super) async fn url(&self, name: &str) -> Result<Arc<str>, QueueError> {
        if let Some(url) = locked(&self.urls).get(name) {
            return Ok(Arc::clone(url));
        }
        let found = self.client.get_queue_url().queue_name(name).send().await;
        let url = found
            .map_err(|error| refused(name, error))?
            .queue_url
            .ok_or_else(|| strange(name, "SQS gave no URL for this queue"))?;
        let url: Arc<str> = url.into();
        locked(&self.urls).insert(name.to_owned(), Arc::clone(&url));
        Ok(url)
    }

    /// The settings of a channel's queue.
    pub(super) async fn settings(&self, channel: Channel) -> Result<Settings, QueueError> {
        if let Some(settings) = locked(&self.settings).get(&channel) {
            return Ok(*settings);
        }
        let settings = self.ask_settings(&self.name(channel)).await?;
        locked(&self.settings).insert(channel, settings);
        Ok(settings)
    }

    async fn ask_settings(&self, name: &str) -> Result<Settings, QueueError> {
        use QueueAttributeName::{RedrivePolicy as Redrive, VisibilityTimeout};
        let attributes = self.attributes(name, [Redrive, VisibilityTimeout]).await?;
        let lease = attributes
            .get(&VisibilityTimeout)
            .and_then(|seconds| seconds.parse().ok())
            .ok_or_else(|| strange(name, "SQS did not say the queue's visibility timeout"))?;
        let max_attempts = attributes
            .get(&Redrive)
            .filter(|policy| !policy.is_empty())
            .map(|policy| max_receive_count(policy))
            .transpose()
            .map_err(|error| {
                strange(name, &format!("its redrive policy can't be read: {error}"))
            })?;
        Ok(Settings {
            lease: Duration::from_secs(lease),
            max_attempts,
        })
    }

    /// Attributes of a queue as they are now.
    pub(super) async fn attributes(
        &self,
        name: &str,
        wanted: impl IntoIterator<Item = QueueAttributeName>,
    ) -> Result<HashMap<QueueAttributeName, String>, QueueError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&*self.url(name).await?)
            .set_attribute_names(Some(wanted.into_iter().collect()))
            .send()
            .await
            .map_err(|error| refused(name, error))?;
        Ok(answer.attributes.unwrap_or_default())
    }
}

fn max_receive_count(policy: &str) -> Result<u32, String> {
    let policy: RedrivePolicy = serde_json::from_str(policy).map_err(|error| error.to_string())?;
    match policy.max_receive_count {
        Count::Number(count) => Ok(count),
        Count::Text(text) => text
            .parse()
            .map_err(|_| format!("maxReceiveCount is {text:?}")),
    }
}

/// Letters, digits, `-` and `_`, so that `PREFIX-<channel>-dead` is a queue's name.
pub(super) fn is_prefix(prefix: &str) -> bool {
    (1..=60).contains(&prefix.len())
        && prefix
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_a_redrive_policy_is_a_number_or_text() {
        let policy =
            |count: &str| format!(r#"{{"deadLetterTargetArn":"a","maxReceiveCount":{count}}}"#);
        assert_eq!(max_receive_count(&policy("5")), Ok(5));
        assert_eq!(max_receive_count(&policy("\"5\"")), Ok(5));
        assert!(max_receive_count(&policy("\"five\"")).is_err());
        assert!(max_receive_count("{}").is_err());
    }

    #[test]
    fn a_prefix_makes_names_that_sqs_takes() {
        assert!(is_prefix("bunraku-prod_2"));
        let long = "x".repeat(61);
        for bad in ["", "a/b", "a.b", "ä", &long] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }
}
