//! The queue on any broker: receiving in the order of channels, and settling.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};
use tokio::sync::Notify;

use super::{Found, Held, Letter, NO_ANSWER, read, receive};
use crate::{
    Announcements, Delivery, Depth, Queue, QueueError, QueueOptions, QueuedMessage, Receipt,
};

/// What a kind of broker does in a way of its own.
#[async_trait]
pub(crate) trait Broker: Debug + Send + Sync + 'static {
    /// Leases and attempts.
    fn options(&self) -> QueueOptions;

    /// Tells that something came.
    fn news(&self) -> &Notify;

    /// Sends messages; the broker has stored them when this returns.
    async fn send(&self, messages: &[Message]) -> Result<(), QueueError>;

    /// Takes at most `max` messages that wait in a channel, without waiting for more; none when none
    /// is there.
    async fn take(
        self: Arc<Self>,
        channel: Channel,
        max: usize,
    ) -> Result<Vec<Box<dyn Letter>>, QueueError>;

    /// A message that was taken is in work: for brokers that don't count these.
    fn hold(&self, _message: &Arc<Held>) {}

    /// How many messages a channel holds.
    async fn depth(&self, channel: Channel) -> Result<Depth, QueueError>;

    /// The dead letters of a channel, at most `limit`; those that are no messages at all are left out.
    async fn dead_letters(
        &self,
        channel: Channel,
        limit: usize,
    ) -> Result<Vec<QueuedMessage>, QueueError>;

    /// Puts the dead letters of a channel back as if they were new; says how many.
    async fn redrive(&self, channel: Channel) -> Result<usize, QueueError>;

    /// Tells all who listen of a key.
    async fn announce(&self, key: &str) -> Result<(), QueueError>;

    /// Listens from now on.
    async fn announcements(&self) -> Result<Box<dyn Announcements>, QueueError>;
}

/// The farm's lanes on a broker.
#[derive(Debug)]
pub(crate) struct BrokerQueue<B> {
    broker: Arc<B>,
}

impl<B: Broker> BrokerQueue<B> {
    pub(crate) fn over(broker: B) -> Self {
        Self {
            broker: Arc::new(broker),
        }
    }
}

/// Takes what waits in the channels, in their order.
async fn look<B: Broker>(
    broker: Arc<B>,
    channels: Vec<Channel>,
    max: usize,
) -> Result<Found, QueueError> {
    let mut found = Found::default();
    for channel in channels {
        while found.len() < max {
            let taken = Arc::clone(&broker).take(channel, max - found.len()).await?;
            if taken.is_empty() {
                break;
            }
            for letter in taken {
                sort(&broker, channel, letter, &mut found).await?;
            }
        }
    }
    Ok(found)
}

/// To whoever asked, or to the dead letters.
async fn sort<B: Broker>(
    broker: &Arc<B>,
    channel: Channel,
    letter: Box<dyn Letter>,
    found: &mut Found,
) -> Result<(), QueueError> {
    let options = broker.options();
    let attempt = letter.attempt();
    let reason = match read(channel, letter.body()) {
        Ok(message) if attempt <= options.max_attempts => {
            let held = Held::new(channel, attempt, options, letter);
            broker.hold(&held);
            found.push(message, held);
            return Ok(());
        }
        Ok(_) => NO_ANSWER.to_owned(),
        Err(reason) => reason,
    };
    tracing::warn!(%channel, reason, "a message goes to the dead letters");
    letter.bury(attempt.saturating_sub(1), &reason).await
}

#[async_trait]
impl<B: Broker> Queue for BrokerQueue<B> {
    async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        self.broker.send(&messages).await
    }

    async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let look = || look(Arc::clone(&self.broker), channels.to_vec(), max);
        receive(look, self.broker.news(), wait).await
    }

    async fn ack(&self, receipt: &Receipt) -> Result<(), QueueError> {
        match receipt.on_broker() {
            Some(held) => held.ack().await,
            None => Ok(()),
        }
    }

    async fn release(
        &self,
        receipt: &Receipt,
        delay: Duration,
        error: &str,
    ) -> Result<(), QueueError> {
        match receipt.on_broker() {
            Some(held) => held.release(delay, error).await,
            None => Ok(()),
        }
    }

    async fn extend(&self, receipt: &Receipt, lease: Duration) -> Result<(), QueueError> {
        let held = receipt.on_broker().ok_or(QueueError::LeaseLost)?;
        held.extend(lease).await
    }

    async fn depths(&self) -> Result<BTreeMap<Channel, Depth>, QueueError> {
        let mut depths = BTreeMap::new();
        for channel in Channel::ALL {
            depths.insert(channel, self.broker.depth(channel).await?);
        }
        Ok(depths)
    }

    async fn list(&self, channel: Channel, limit: usize) -> Result<Vec<QueuedMessage>, QueueError> {
        self.broker.dead_letters(channel, limit).await
    }

    async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError> {
        let mut moved = 0;
        for channel in channel.map_or(Channel::ALL.to_vec(), |channel| vec![channel]) {
            moved += self.broker.redrive(channel).await?;
        }
        Ok(moved)
    }

    async fn announce(&self, key: &str) {
        if let Err(error) = self.broker.announce(key).await {
            tracing::debug!(key, %error, "an object could not be announced");
        }
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, QueueError> {
        self.broker.announcements().await.map(Some)
    }
}
