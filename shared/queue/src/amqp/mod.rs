//! Lanes on RabbitMQ (AMQP 0.9.1): a durable quorum queue for each channel, `PREFIX-<channel>`, and
//! one for its dead letters, `PREFIX-<channel>-dead`, made at the first use.
//!
//! What is sent is confirmed by the broker before `send` returns. Attempts are counted in a header,
//! and by the broker where a holder died (its connection gone, the message comes again at once). A
//! message that is delayed stays with its holder until then: exact, and nothing of it is lost with
//! the holder. The broker's `consumer_timeout` (30 minutes, if not set otherwise) bounds how long a
//! message can be worked on or delayed.
//!
//! As on SQS, order is best effort, every message may come twice, and waiting messages with the same
//! coalescing key all stay. AMQP answers no acknowledgement: one that is lost with its connection
//! brings the message once more.

mod dead_letters;
mod letter;
mod names;
mod session;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};
use tokio::task::AbortHandle;

use crate::broker::{self, Address, Found, Held};
use crate::{Delivery, Depth, Queue, QueueError, QueueOptions, QueuedMessage, Receipt};
use letter::AmqpLetter;
use session::Sessions;

/// The farm's lanes on RabbitMQ.
#[derive(Debug)]
pub struct AmqpQueue {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: QueueOptions,
    sessions: Sessions,
    in_hand: InHand,
}

/// What this process has in work, and what it will give back later: the broker does not tell.
#[derive(Debug, Default)]
struct InHand {
    held: Mutex<Vec<Weak<Held>>>,
    delayed: Mutex<Vec<(Channel, AbortHandle)>>,
}

impl InHand {
    fn hold(&self, message: &Arc<Held>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|held| held.upgrade().is_some_and(|held| held.holds()));
        held.push(Arc::downgrade(message));
    }

    fn delay(&self, channel: Channel, task: AbortHandle) {
        let mut delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        delayed.retain(|(_, task)| !task.is_finished());
        delayed.push((channel, task));
    }

    fn leased(&self, channel: Channel) -> usize {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.iter().filter_map(Weak::upgrade);
        held.filter(|held| held.channel() == channel && held.holds())
            .count()
    }

    fn delayed(&self, channel: Channel) -> usize {
        let delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        let delayed = delayed.iter();
        delayed
            .filter(|(of, task)| *of == channel && !task.is_finished())
            .count()
    }
}

impl AmqpQueue {
    /// The queues of `amqp://[USER:PASSWORD@]HOST[:PORT][,HOST...][/VHOST][?prefix=NAME]`, or
    /// `amqps://`. Nothing is asked of the broker yet.
    pub fn connect(url: &str, options: QueueOptions) -> Result<Self, QueueError> {
        Ok(Self {
            shared: Arc::new(Shared {
                options,
                sessions: Sessions::new(Address::parse(url)?),
                in_hand: InHand::default(),
            }),
        })
    }
}

/// Takes what waits in the channels, in their order.
async fn look(
    shared: Arc<Shared>,
    channels: Vec<Channel>,
    max: usize,
) -> Result<Found, QueueError> {
    let session = shared.sessions.get().await?;
    let mut found = Found::default();
    for channel in channels {
        while found.len() < max {
            let Some(got) = session.take(&session.names.of(channel)).await? else {
                break;
            };
            let letter = AmqpLetter::new(&shared, &session, channel, got);
            let attempt = letter.attempts_before().saturating_add(1);
            let reason = match broker::read(channel, letter.body()) {
                Ok(message) if attempt <= shared.options.max_attempts => {
                    let held = Held::new(channel, attempt, shared.options, Box::new(letter));
                    shared.in_hand.hold(&held);
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
    Ok(found)
}

#[async_trait]
impl Queue for AmqpQueue {
    async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError> {
        if messages.is_empty() {
            return Ok(());
        }
        let session = self.shared.sessions.get().await?;
        session.send(&messages).await
    }

    async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError> {
        let look = || look(Arc::clone(&self.shared), channels.to_vec(), max);
        broker::receive(look, self.shared.sessions.news(), wait).await
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
        let session = self.shared.sessions.get().await?;
        let mut depths = BTreeMap::new();
        for channel in Channel::ALL {
            let depth = Depth {
                waiting: session.count(&session.names.of(channel)).await?,
                delayed: self.shared.in_hand.delayed(channel),
                leased: self.shared.in_hand.leased(channel),
                dead: session.count(&session.names.dead(channel)).await?,
            };
            depths.insert(channel, depth);
        }
        Ok(depths)
    }

    async fn list(&self, channel: Channel, limit: usize) -> Result<Vec<QueuedMessage>, QueueError> {
        let session = self.shared.sessions.get().await?;
        dead_letters::list(&session, channel, limit).await
    }

    async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError> {
        let session = self.shared.sessions.get().await?;
        let mut moved = 0;
        for channel in channel.map_or(Channel::ALL.to_vec(), |channel| vec![channel]) {
            moved += dead_letters::redrive(&session, channel).await?;
        }
        Ok(moved)
    }
}
