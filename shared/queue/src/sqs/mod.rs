//! Lanes on SQS: a queue for each channel, `PREFIX-<channel>`, and one for its dead letters,
//! `PREFIX-<channel>-dead`. The queues, their leases (visibility timeout) and attempts (redrive
//! policy) are the stack's (`infra/template.yaml`).
//!
//! What SQS does not promise: order is best effort, every message may come twice, counts are
//! approximate, and waiting messages with the same coalescing key all stay. Nothing is kept of why
//! an attempt failed but of the last, which makes a dead letter.

mod announcements;
mod body;
mod configuration;
mod dead_letters;
mod doctor;
mod failure;
mod notification;
mod queues;
mod receive;
mod send;
mod settle;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod ticket;
mod trace;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use bunraku_farm::messages::{Channel, Message};
use futures::future::{try_join, try_join_all};

pub use announcements::Announced;
pub use body::{Body, BodyError};
pub(crate) use ticket::SqsTicket;
pub use trace::with_trace;

use crate::{Delivery, Depth, Queue, QueueError, QueuedMessage, Receipt};
use queues::{Queues, is_prefix};

#[cfg(test)]
pub(crate) use testing::Cloud;

/// The attribute of a dead letter that says why it was given up.
pub const REASON: &str = "reason";

/// The farm's lanes on SQS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    queues: Arc<Queues>,
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
        let config = configuration::configuration().load().await;
        Ok(Self::new(Client::new(&config), prefix))
    }

    /// The queues of a prefix through a client.
    pub fn new(client: Client, prefix: &str) -> Self {
        Self {
            queues: Arc::new(Queues::new(client, prefix)),
        }
    }

    /// Puts a message that will never be handled among the dead letters, as it came, with the reason
    /// in its attribute [`REASON`].
    pub async fn bury(&self, channel: Channel, body: &str, reason: &str) -> Result<(), QueueError> {
        dead_letters::bury(self, channel, body, reason, None).await
    }

    /// Makes a message that was received visible again after `delay` (12 hours at most), for the
    /// next try. `receipt_handle` is that of SQS. [`QueueError::LeaseLost`] when it is void.
    pub async fn delay(
        &self,
        channel: Channel,
        receipt_handle: &str,
        delay: Duration,
    ) -> Result<(), QueueError> {
        const LONGEST: Duration = Duration::from_secs(12 * 3600);
        let url = self.queues.url(&self.queues.name(channel)).await?;
        let delay = delay.min(LONGEST);
        let hidden = settle::hide(&self.queues, channel, &url, receipt_handle, delay).await;
        hidden.map(drop)
    }

    async fn depth(&self, channel: Channel) -> Result<(Channel, Depth), QueueError> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages as Visible, ApproximateNumberOfMessagesDelayed as Delayed,
            ApproximateNumberOfMessagesNotVisible as Hidden,
        };
        let (name, dead_name) = (self.queues.name(channel), self.queues.dead_name(channel));
        let (open, dead) = try_join(
            self.queues.attributes(&name, [Visible, Hidden, Delayed]),
            self.queues.attributes(&dead_name, [Visible, Hidden]),
        )
        .await?;
        let count = |of: &HashMap<QueueAttributeName, String>, which| {
            of.get(&which)
                .and_then(|count| count.parse().ok())
                .unwrap_or(0)
        };
        let depth = Depth {
            waiting: count(&open, Visible),
            delayed: count(&open, Delayed),
            leased: count(&open, Hidden),
            dead: count(&dead, Visible) + count(&dead, Hidden),
        };
        Ok((channel, depth))
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        send::send_batch(self, messages).await
    }

    async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        receive::receive(self, channels, max, wait).await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), QueueError> {
        settle::ack(receipt).await
    }

    async fn release(
        &self,
        receipt: &Receipt,
        delay: Duration,
        error: &str,
    ) -> Result<(), QueueError> {
        settle::release(self, receipt, delay, error).await
    }

    async fn extend(&self, receipt: &Receipt, lease: Duration) -> Result<(), QueueError> {
        settle::extend(receipt, lease).await
    }

    async fn depths(&self) -> Result<BTreeMap<Channel, Depth>, QueueError> {
        let depths = try_join_all(Channel::ALL.map(|channel| self.depth(channel))).await?;
        Ok(depths.into_iter().collect())
    }

    async fn list(&self, channel: Channel, limit: usize) -> Result<Vec<QueuedMessage>, QueueError> {
        dead_letters::list(self, channel, limit).await
    }

    async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError> {
        let mut moved = 0;
        for channel in channel.map_or(Channel::ALL.to_vec(), |channel| vec![channel]) {
            moved += dead_letters::redrive(self, channel).await?;
        }
        Ok(moved)
    }
}
