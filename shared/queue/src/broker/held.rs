//! A message in work: its lease is kept by the process that holds it.
//!
//! The broker gives the message to the next when this process falls silent; while it lives, the end
//! of the lease is what was agreed with the receiver, and the message is then given back by hand.

use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};
use tokio::sync::watch;
use tokio::time::Instant;

use super::NO_ANSWER;
use crate::receipt::{Receipt, Ticket};
use crate::state::after;
use crate::{Delivery, QueueError, QueueOptions};

/// What a broker can do with a message that it gave out.
#[async_trait]
pub(crate) trait Letter: Debug + Send + Sync + 'static {
    /// The message, as it was sent.
    fn body(&self) -> &[u8];

    /// How often the broker gave it out, this time included.
    fn attempt(&self) -> u32;

    /// The message is done with.
    async fn ack(&self) -> Result<(), QueueError>;

    /// The message comes again after `delay`, with so many attempts behind it.
    async fn give_back(&self, delay: Duration, attempts: u32) -> Result<(), QueueError>;

    /// The message becomes a dead letter.
    async fn bury(&self, attempts: u32, reason: &str) -> Result<(), QueueError>;

    /// Tells the broker that the message is still being worked on. [`QueueError::LeaseLost`] when
    /// the broker has given, or will give, it to someone else.
    async fn keep(&self) -> Result<(), QueueError>;

    /// How often the broker wants to be told.
    fn keep_every(&self) -> Duration;
}

/// A message under a lease.
#[derive(Debug)]
pub(crate) struct Held {
    channel: Channel,
    /// Counted from 1.
    attempt: u32,
    options: QueueOptions,
    letter: Box<dyn Letter>,
    /// When the lease ends; `None` when nothing is left to be done here.
    end: watch::Sender<Option<Instant>>,
}

impl Held {
    /// A message that was received just now; its lease is kept from [`Held::deliver`] on.
    pub(super) fn new(
        channel: Channel,
        attempt: u32,
        options: QueueOptions,
        letter: Box<dyn Letter>,
    ) -> Arc<Self> {
        let end = after(Instant::now(), options.lease);
        Arc::new(Self {
            channel,
            attempt,
            options,
            letter,
            end: watch::Sender::new(Some(end)),
        })
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel
    }

    /// Whether the lease still runs.
    pub(crate) fn holds(&self) -> bool {
        self.end.borrow().is_some_and(|end| Instant::now() < end)
    }

    /// Hands the message to its receiver.
    pub(super) fn deliver(self: Arc<Self>, message: Message) -> Delivery {
        tokio::spawn(Arc::clone(&self).keep_lease());
        Delivery {
            message,
            attempt: self.attempt,
            receipt: Receipt(Ticket::Broker(self)),
            trace: None,
        }
    }

    /// Puts a message back that nobody came to see.
    pub(super) async fn put_back(&self) -> Result<(), QueueError> {
        let attempts = self.attempt.saturating_sub(1);
        self.letter.give_back(Duration::ZERO, attempts).await
    }

    pub(super) async fn ack(&self) -> Result<(), QueueError> {
        if self.holds() {
            self.letter.ack().await?;
            self.end.send_replace(None);
        }
        Ok(())
    }

    pub(super) async fn release(&self, delay: Duration, error: &str) -> Result<(), QueueError> {
        if self.holds() {
            self.settle(delay, error).await?;
        }
        Ok(())
    }

    pub(super) async fn extend(&self, lease: Duration) -> Result<(), QueueError> {
        if !self.holds() {
            return Err(QueueError::LeaseLost);
        }
        self.letter.keep().await.inspect_err(|error| {
            if matches!(error, QueueError::LeaseLost) {
                self.end.send_replace(None);
            }
        })?;
        let end = after(Instant::now(), lease);
        let extended = self.end.send_if_modified(|current| match current {
            Some(current) => {
                *current = end;
                true
            }
            None => false,
        });
        if extended {
            Ok(())
        } else {
            Err(QueueError::LeaseLost)
        }
    }

    /// Ends an attempt that failed.
    async fn settle(&self, delay: Duration, reason: &str) -> Result<(), QueueError> {
        if self.attempt >= self.options.max_attempts {
            self.letter.bury(self.attempt, reason).await?;
        } else {
            self.letter.give_back(delay, self.attempt).await?;
        }
        self.end.send_replace(None);
        Ok(())
    }

    /// Gives the broker signs of life until the message is settled or its lease runs out.
    async fn keep_lease(self: Arc<Self>) {
        let mut ends = self.end.subscribe();
        let mut sign = Instant::now() + self.letter.keep_every();
        loop {
            let Some(end) = *ends.borrow_and_update() else {
                return;
            };
            let now = Instant::now();
            if now >= end {
                if let Err(error) = self.settle(Duration::ZERO, NO_ANSWER).await {
                    // The broker does it, then, when it misses this process.
                    tracing::warn!(channel = %self.channel, %error, "a message whose lease ran out could not be given back");
                    self.end.send_replace(None);
                }
                return;
            }
            if now >= sign {
                sign = now + self.letter.keep_every();
                match self.letter.keep().await {
                    Ok(()) => {}
                    Err(QueueError::LeaseLost) => {
                        self.end.send_replace(None);
                        return;
                    }
                    Err(error) => {
                        tracing::warn!(channel = %self.channel, %error, "a lease could not be kept");
                    }
                }
                continue;
            }
            tokio::select! {
                _ = ends.changed() => {}
                () = tokio::time::sleep_until(end.min(sign)) => {}
            }
        }
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Eq for Held {}

impl Hash for Held {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self, state);
    }
}
