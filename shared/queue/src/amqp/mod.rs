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

mod announcements;
mod connect;
mod dead_letters;
mod in_hand;
mod letter;
mod names;
mod session;

use std::sync::Arc;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};
use tokio::sync::Notify;

use crate::broker::{Address, Broker, BrokerQueue, Held, Letter};
use crate::{Announcements, Depth, QueueError, QueueOptions, QueuedMessage};
use announcements::Listening;
use in_hand::InHand;
use letter::AmqpLetter;
use session::Sessions;

/// The farm's lanes on RabbitMQ.
pub(crate) type AmqpQueue = BrokerQueue<Amqp>;

/// RabbitMQ.
#[derive(Debug)]
pub(crate) struct Amqp {
    options: QueueOptions,
    sessions: Sessions,
    in_hand: InHand,
}

impl AmqpQueue {
    /// The queues of
    /// `amqp://[USER:PASSWORD@]HOST[:PORT][,HOST...][/VHOST][?prefix=NAME&cacertfile=FILE]`, or
    /// `amqps://`. Nothing is asked of the broker yet.
    pub(crate) fn connect(url: &str, options: QueueOptions) -> Result<Self, QueueError> {
        let address = Address::parse(url)?;
        // Read again for each connection, but better found out now.
        address.certificates()?;
        Ok(Self::over(Amqp {
            options,
            sessions: Sessions::new(address),
            in_hand: InHand::default(),
        }))
    }
}

#[async_trait]
impl Broker for Amqp {
    fn options(&self) -> QueueOptions {
        self.options
    }

    fn news(&self) -> &Notify {
        self.sessions.news()
    }

    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        self.sessions.get().await?.send(messages).await
    }

    /// One at a time: AMQP has no more in an answer.
    async fn take(
        self: Arc<Self>,
        channel: Channel,
        _max: usize,
    ) -> Result<Vec<Box<dyn Letter>>, QueueError> {
        let session = self.sessions.get().await?;
        let got = session.take(&session.names.of(channel)).await?;
        let letter = got.map(|got| AmqpLetter::new(&self, &session, channel, got));
        Ok(letter
            .map(|letter| Box::new(letter) as _)
            .into_iter()
            .collect())
    }

    fn hold(&self, message: &Arc<Held>) {
        self.in_hand.hold(message);
    }

    async fn depth(&self, channel: Channel) -> Result<Depth, QueueError> {
        let session = self.sessions.get().await?;
        Ok(Depth {
            waiting: session.count(&session.names.of(channel)).await?,
            delayed: self.in_hand.delayed(channel),
            leased: self.in_hand.leased(channel),
            dead: session.count(&session.names.dead(channel)).await?,
        })
    }

    async fn dead_letters(
        &self,
        channel: Channel,
        limit: usize,
    ) -> Result<Vec<QueuedMessage>, QueueError> {
        let session = self.sessions.get().await?;
        dead_letters::list(&session, channel, limit).await
    }

    async fn redrive(&self, channel: Channel) -> Result<usize, QueueError> {
        let session = self.sessions.get().await?;
        dead_letters::redrive(&session, channel).await
    }

    async fn announce(&self, key: &str) -> Result<(), QueueError> {
        announcements::announce(&*self.sessions.get().await?, key).await
    }

    async fn announcements(&self) -> Result<Box<dyn Announcements>, QueueError> {
        let listening = Listening::on(self.sessions.get().await?).await?;
        Ok(Box::new(listening))
    }
}
