//! What is published in the bucket, for edges: S3 tells the stack's topic of each new pointer, and
//! the topic tells a queue that each edge has to itself.
//!
//! Announcements make an edge quick, not right: some may be missing (a queue's policy takes up to a
//! minute to work on AWS), come twice or late, so an edge looks at the store now and then as well.

mod inbox;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use aws_sdk_sns::Client as Sns;
use aws_sdk_sqs::types::DeleteMessageBatchRequestEntry;
use serde::Deserialize;
use tokio::time::Instant;

use super::failure::{is_no_queue, refused, unsendable};
use super::notification::{Notification, TestEvent};
use super::receive::LONGEST_POLL;
use super::send::MOST_MESSAGES;
use super::{SqsQueue, configuration};
use crate::{Announcements, QueueError};
use inbox::Inbox;

/// How often a queue is marked as in use.
const HEARTBEAT: Duration = Duration::from_secs(600);
/// How old the mark of a queue is when its edge is taken for dead.
const DEAD: Duration = Duration::from_secs(3600);

/// A queue `PREFIX-edge-<random>` of one's own that the topic of published catalogs feeds.
///
/// It keeps messages for five minutes. [`close`](Announcements::close) removes it. What a killed edge leaves
/// behind is removed by the next one that subscribes, an hour later or more; when a stack is
/// deleted, the topic goes with all subscriptions, and queues `PREFIX-edge-*` of edges that were
/// killed and never followed by another must be deleted by hand (they cost nothing).
#[derive(Debug)]
pub struct Announced {
    sns: Sns,
    topic_arn: String,
    queue: SqsQueue,
    inbox: Inbox,
    marked: Instant,
}

impl Announced {
    /// Subscribes a new queue to the topic; `queue` says the prefix. Removes queues whose edges
    /// are dead.
    pub async fn subscribe(topic_arn: &str, queue: &SqsQueue) -> Result<Self, QueueError> {
        let config = configuration::configuration().load().await;
        Self::subscribe_through(Sns::new(&config), topic_arn, queue).await
    }

    async fn subscribe_through(
        sns: Sns,
        topic_arn: &str,
        queue: &SqsQueue,
    ) -> Result<Self, QueueError> {
        // A nuisance at most: what is left behind costs nothing.
        if let Err(error) = inbox::remove_dead(&sns, topic_arn, &queue.queues, DEAD).await {
            tracing::warn!(%error, "queues of dead edges could not be removed");
        }
        let inbox = Inbox::create(&sns, topic_arn, &queue.queues).await?;
        Ok(Self {
            sns,
            topic_arn: topic_arn.to_owned(),
            queue: queue.clone(),
            inbox,
            marked: Instant::now(),
        })
    }
}

#[async_trait]
impl Announcements for Announced {
    /// The keys of the objects that were published; none when there were none for twenty seconds.
    /// Should the queue be gone (an edge that slept for an hour is taken for dead), a new one takes
    /// its place.
    async fn next(&mut self) -> Result<Vec<String>, QueueError> {
        if self.marked.elapsed() >= HEARTBEAT {
            self.inbox.mark(&self.queue.queues).await?;
            self.marked = Instant::now();
        }
        let client = &self.queue.queues.client;
        let answer = client
            .receive_message()
            .queue_url(&self.inbox.url)
            .max_number_of_messages(i32::try_from(MOST_MESSAGES).unwrap_or(1))
            .wait_time_seconds(i32::try_from(LONGEST_POLL.as_secs()).unwrap_or(0))
            .send()
            .await;
        let messages = match answer {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) if is_no_queue(&error) => {
                tracing::warn!(queue = %self.inbox.name, "the edge's queue is gone; making another");
                self.inbox = Inbox::create(&self.sns, &self.topic_arn, &self.queue.queues).await?;
                self.marked = Instant::now();
                return Ok(Vec::new());
            }
            Err(error) => return Err(refused(&self.inbox.name, error)),
        };
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let bodies = messages.iter().flat_map(|message| message.body());
        let keys = bodies.flat_map(keys).collect();
        let entries = messages.iter().enumerate().map(|(number, message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(number.to_string())
                .receipt_handle(message.receipt_handle().unwrap_or_default())
                .build()
                .map_err(unsendable)
        });
        let deleted = client
            .delete_message_batch()
            .queue_url(&self.inbox.url)
            .set_entries(Some(entries.collect::<Result<_, _>>()?))
            .send()
            .await;
        // They come again then, which does no harm.
        if let Err(error) = deleted {
            let error = refused(&self.inbox.name, error);
            tracing::warn!(%error, "announcements could not be deleted");
        }
        Ok(keys)
    }

    async fn close(self: Box<Self>) -> Result<(), QueueError> {
        let Self {
            sns, queue, inbox, ..
        } = *self;
        inbox.remove(&sns, &queue.queues).await
    }
}

/// A body: the notification of S3 as it is (raw delivery), or in an envelope of SNS.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Notification(Notification),
    Envelope(Envelope),
    Test(TestEvent),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    message: String,
}

/// The keys that a body tells of; what can't be read is passed over, with a warning.
fn keys(body: &str) -> Vec<String> {
    let unread = |body: &str| {
        tracing::warn!(body, "an announcement can't be read");
        Vec::new()
    };
    match serde_json::from_str(body) {
        Ok(Wire::Notification(notification)) => notification.created().collect(),
        Ok(Wire::Test(test)) if test.event == TestEvent::NAME => Vec::new(),
        Ok(Wire::Envelope(envelope)) => match serde_json::from_str(&envelope.message) {
            Ok(Wire::Notification(notification)) => notification.created().collect(),
            Ok(Wire::Test(test)) if test.event == TestEvent::NAME => Vec::new(),
            _ => unread(body),
        },
        _ => unread(body),
    }
}

fn unix_seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests;
