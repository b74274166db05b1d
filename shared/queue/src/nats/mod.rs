//! Lanes on NATS JetStream: for each channel a stream in files with work-queue retention,
//! `PREFIX-<channel>`, with one pull consumer for all workers, and one for its dead letters,
//! `PREFIX-<channel>-dead`; made at the first use.
//!
//! The server gives a message to the next when it hears nothing of its holder for the time of
//! `ack_wait`; acknowledgements are themselves acknowledged. As on SQS, order is best effort, every
//! message may come twice, and waiting messages with the same coalescing key all stay.

mod dead_letters;
mod lanes;
mod letter;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};

use crate::broker::{self, Address, Found, Held};
use crate::{Delivery, Depth, Queue, QueueError, QueueOptions, QueuedMessage, Receipt};
use lanes::Shared;
use letter::NatsLetter;

/// The farm's lanes on NATS JetStream.
#[derive(Debug)]
pub struct NatsQueue {
    shared: Arc<Shared>,
}

impl NatsQueue {
    /// The streams of `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT][,HOST...][?prefix=NAME]`, or
    /// `tls://`. The connection is made, and made again when it breaks, in the background.
    pub async fn connect(url: &str, options: QueueOptions) -> Result<Self, QueueError> {
        let shared = Shared::connect(&Address::parse(url)?, options).await?;
        Ok(Self {
            shared: Arc::new(shared),
        })
    }
}

/// Takes what waits in the channels, in their order.
async fn look(
    shared: Arc<Shared>,
    channels: Vec<Channel>,
    max: usize,
) -> Result<Found, QueueError> {
    let lanes = shared.lanes().await?;
    let mut found = Found::default();
    for channel in channels {
        while found.len() < max {
            let taken = lanes.of(channel).take(max - found.len()).await;
            let taken = shared.checked(taken).await?;
            if taken.is_empty() {
                break;
            }
            for message in taken {
                let letter = NatsLetter::new(&shared, channel, message)?;
                let attempt = letter.attempt();
                let reason = match broker::read(channel, letter.body()) {
                    Ok(message) if attempt <= shared.options.max_attempts => {
                        let held = Held::new(channel, attempt, shared.options, Box::new(letter));
                        found.push(message, held);
                        continue;
                    }
                    Ok(_) => broker::NO_ANSWER.to_owned(),
                    Err(reason) => reason,
                };
                tracing::warn!(%channel, reason, "a message goes to the dead letters");
                broker::Letter::bury(&letter, attempt.saturating_sub(1), &reason).await?;
            }
        }
    }
    Ok(found)
}

#[async_trait]
impl Queue for NatsQueue {
    async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let lanes = self.shared.lanes().await?;
        let sent = lanes.send(&messages).await;
        self.shared.checked(sent).await
    }

    async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let look = || look(Arc::clone(&self.shared), channels.to_vec(), max);
        broker::receive(look, self.shared.news(), wait).await
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
        let lanes = self.shared.lanes().await?;
        let mut depths = BTreeMap::new();
        for channel in Channel::ALL {
            let depth = lanes.of(channel).depth().await;
            depths.insert(channel, self.shared.checked(depth).await?);
        }
        Ok(depths)
    }

    async fn list(&self, channel: Channel, limit: usize) -> Result<Vec<QueuedMessage>, QueueError> {
        let lanes = self.shared.lanes().await?;
        dead_letters::list(lanes.of(channel), channel, limit).await
    }

    async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError> {
        let lanes = self.shared.lanes().await?;
        let mut moved = 0;
        for channel in channel.map_or(Channel::ALL.to_vec(), |channel| vec![channel]) {
            moved += dead_letters::redrive(&lanes, channel).await?;
        }
        Ok(moved)
    }
}
