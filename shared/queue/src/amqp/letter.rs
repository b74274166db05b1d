//! A message that this process holds.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::Channel;
use lapin::message::BasicGetMessage;
use lapin::options::BasicAckOptions;

use super::Amqp;
use super::names::{deliveries, headers};
use super::session::Session;
use crate::QueueError;
use crate::broker::Letter;

/// How often to look whether the connection that holds the message is still there.
const KEEP_EVERY: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct AmqpLetter {
    /// Of the queue that counts what is delayed.
    queue: Weak<Amqp>,
    session: Arc<Session>,
    channel: Channel,
    got: Arc<BasicGetMessage>,
}

impl fmt::Debug for AmqpLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.channel, self.got.delivery.delivery_tag)
    }
}

impl AmqpLetter {
    pub(super) fn new(
        queue: &Arc<Amqp>,
        session: &Arc<Session>,
        channel: Channel,
        got: BasicGetMessage,
    ) -> Self {
        Self {
            queue: Arc::downgrade(queue),
            session: Arc::clone(session),
            channel,
            got: Arc::new(got),
        }
    }

    /// Sends the message anew, then takes the old one away: whoever dies in between leaves it twice,
    /// not lost. With the session gone the broker has given it to the next already.
    async fn replace(
        &self,
        to: (&str, &str),
        attempts: u32,
        reason: Option<&str>,
    ) -> Result<(), QueueError> {
        if self.session.is_alive() {
            let headers = headers(attempts, reason);
            self.session.publish(to, self.body(), headers).await?;
            self.ack().await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Letter for AmqpLetter {
    fn body(&self) -> &[u8] {
        &self.got.delivery.data
    }

    fn attempt(&self) -> u32 {
        deliveries(&self.got.delivery.properties).saturating_add(1)
    }

    async fn ack(&self) -> Result<(), QueueError> {
        let acked = self.got.delivery.acker.ack(BasicAckOptions::default());
        self.session.answer(acked).await.map(drop)
    }

    async fn give_back(&self, delay: Duration, attempts: u32) -> Result<(), QueueError> {
        let letter = self.clone();
        let give_back = async move {
            let to = (letter.session.names.exchange(), letter.channel.as_str());
            letter.replace(to, attempts, None).await
        };
        if delay.is_zero() {
            return give_back.await;
        }
        let channel = self.channel;
        let delayed = tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            if let Err(error) = give_back.await {
                tracing::warn!(%channel, %error, "a delayed message comes again with its connection's end");
            }
        });
        if let Some(queue) = self.queue.upgrade() {
            queue.in_hand.delay(channel, delayed.abort_handle());
        }
        Ok(())
    }

    async fn bury(&self, attempts: u32, reason: &str) -> Result<(), QueueError> {
        let dead = self.session.names.dead(self.channel);
        self.replace(("", &dead), attempts, Some(reason)).await
    }

    async fn keep(&self) -> Result<(), QueueError> {
        if self.session.is_alive() {
            Ok(())
        } else {
            Err(QueueError::LeaseLost)
        }
    }

    fn keep_every(&self) -> Duration {
        KEEP_EVERY
    }
}
