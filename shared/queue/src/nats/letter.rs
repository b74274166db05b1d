//! A message that this process holds.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::message::{AckKind, Acker};
use async_trait::async_trait;
use bunraku_farm::messages::Channel;
use bytes::Bytes;
use tokio::time::Instant;

use super::Nats;
use super::dead_letters::{ATTEMPTS, REASON};
use crate::QueueError;
use crate::broker::Letter;

/// How many signs of life fit into the silence that the server takes for death.
const SIGNS: u32 = 3;

pub(super) struct NatsLetter {
    nats: Arc<Nats>,
    channel: Channel,
    attempt: u32,
    body: Bytes,
    acker: Acker,
    /// When the server last heard of us.
    heard: Mutex<Instant>,
}

impl fmt::Debug for NatsLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} attempt {}", self.channel, self.attempt)
    }
}

impl NatsLetter {
    pub(super) fn new(
        nats: &Arc<Nats>,
        channel: Channel,
        message: async_nats::jetstream::Message,
    ) -> Result<Self, QueueError> {
        let delivered = message.info().map_err(QueueError::unavailable)?.delivered;
        let (message, acker) = message.split();
        Ok(Self {
            nats: Arc::clone(nats),
            channel,
            attempt: u32::try_from(delivered).unwrap_or(u32::MAX),
            body: message.payload,
            acker,
            heard: Mutex::new(Instant::now()),
        })
    }

    /// Tells the server something; it has heard it when this returns.
    async fn tell(&self, what: AckKind) -> Result<(), QueueError> {
        self.nats.connection.reachable().await?;
        let told = self.acker.double_ack_with(what).await;
        told.map_err(QueueError::unavailable)
    }
}

#[async_trait]
impl Letter for NatsLetter {
    fn body(&self) -> &[u8] {
        &self.body
    }

    fn attempt(&self) -> u32 {
        self.attempt
    }

    async fn ack(&self) -> Result<(), QueueError> {
        self.tell(AckKind::Ack).await
    }

    /// The server counts the attempts itself.
    async fn give_back(&self, delay: Duration, _attempts: u32) -> Result<(), QueueError> {
        let delay = (!delay.is_zero()).then_some(delay);
        self.tell(AckKind::Nak(delay)).await
    }

    /// Stored among the dead before it is taken away: whoever dies in between leaves it twice, not
    /// lost.
    async fn bury(&self, attempts: u32, reason: &str) -> Result<(), QueueError> {
        self.nats.connection.reachable().await?;
        let mut headers = HeaderMap::new();
        headers.insert(ATTEMPTS, attempts.to_string());
        // As JSON: a header has one line.
        let reason = serde_json::to_string(reason).map_err(QueueError::unavailable)?;
        headers.insert(REASON, reason);
        let dead = self.nats.dead_subject(self.channel);
        let jetstream = self.nats.connection.jetstream();
        let sent = jetstream.publish_with_headers(dead, headers, self.body.clone());
        let stored = sent.await.map_err(QueueError::unavailable)?.await;
        stored.map_err(QueueError::unavailable)?;
        self.tell(AckKind::Ack).await
    }

    async fn keep(&self) -> Result<(), QueueError> {
        let now = Instant::now();
        let told = self.tell(AckKind::Progress).await;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match told {
            Ok(()) if now.duration_since(*heard) < self.nats.silence() => *heard = now,
            Err(error) if now.duration_since(*heard) < self.nats.silence() => return Err(error),
            _ => return Err(QueueError::LeaseLost),
        }
        Ok(())
    }

    fn keep_every(&self) -> Duration {
        self.nats.silence() / SIGNS
    }
}
