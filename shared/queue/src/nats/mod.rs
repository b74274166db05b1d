//! Lanes on NATS JetStream: for each channel a stream in files with work-queue retention,
//! `PREFIX-<channel>`, with one pull consumer for all workers, and one for its dead letters,
//! `PREFIX-<channel>-dead`; made at the first use.
//!
//! The server gives a message to the next when it hears nothing of its holder for the time of
//! `ack_wait`; acknowledgements are themselves acknowledged. As on SQS, order is best effort, every
//! message may come twice, and waiting messages with the same coalescing key all stay.

mod announcements;
mod connection;
mod dead_letters;
mod lanes;
mod letter;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_farm::messages::{Channel, Message};
use tokio::sync::{Mutex, Notify};

use crate::broker::{Address, Broker, BrokerQueue, Letter};
use crate::{Announcements, Depth, QueueError, QueueOptions, QueuedMessage};
use announcements::Listening;
use connection::Connection;
use lanes::Lanes;
use letter::NatsLetter;

/// The farm's lanes on NATS JetStream.
pub(crate) type NatsQueue = BrokerQueue<Nats>;

/// NATS JetStream.
#[derive(Debug)]
pub(crate) struct Nats {
    options: QueueOptions,
    prefix: String,
    connection: Connection,
    lanes: Mutex<Option<Arc<Lanes>>>,
}

impl NatsQueue {
    /// The streams of
    /// `nats://[USER:PASSWORD@|TOKEN@]HOST[:PORT][,HOST...][?prefix=NAME&cacertfile=FILE]`, or
    /// `tls://`. The connection is made, and made again when it breaks, in the background.
    pub(crate) async fn connect(url: &str, options: QueueOptions) -> Result<Self, QueueError> {
        let address = Address::parse(url)?;
        Ok(Self::over(Nats {
            options,
            connection: Connection::to(&address).await?,
            prefix: address.prefix,
            lanes: Mutex::default(),
        }))
    }
}

impl Nats {
    /// The streams and consumers, made unless they are there.
    async fn lanes(&self) -> Result<Arc<Lanes>, QueueError> {
        self.connection.reachable().await?;
        let mut lanes = self.lanes.lock().await;
        if let Some(lanes) = &*lanes {
            return Ok(Arc::clone(lanes));
        }
        let made = Lanes::make(self.connection.jetstream(), &self.prefix, self.options).await?;
        Ok(Arc::clone(lanes.insert(Arc::new(made))))
    }

    /// After an error the streams are looked for again: the server may have lost them.
    async fn checked<T>(&self, outcome: Result<T, QueueError>) -> Result<T, QueueError> {
        if outcome.is_err() {
            *self.lanes.lock().await = None;
        }
        outcome
    }

    /// After how long a silence the server gives a message to the next.
    fn silence(&self) -> Duration {
        lanes::silence(self.options)
    }

    /// The subject of a channel's dead letters.
    fn dead_subject(&self, channel: Channel) -> String {
        lanes::dead_subject(&self.prefix, channel)
    }
}

#[async_trait]
impl Broker for Nats {
    fn options(&self) -> QueueOptions {
        self.options
    }

    fn news(&self) -> &Notify {
        self.connection.news()
    }

    async fn send(&self, messages: &[Message]) -> Result<(), QueueError> {
        let sent = self.lanes().await?.send(messages).await;
        self.checked(sent).await
    }

    async fn take(
        self: Arc<Self>,
        channel: Channel,
        max: usize,
    ) -> Result<Vec<Box<dyn Letter>>, QueueError> {
        let taken = self.lanes().await?.of(channel).take(max).await;
        let mut letters: Vec<Box<dyn Letter>> = Vec::new();
        for message in self.checked(taken).await? {
            letters.push(Box::new(NatsLetter::new(&self, channel, message)?));
        }
        Ok(letters)
    }

    async fn depth(&self, channel: Channel) -> Result<Depth, QueueError> {
        let depth = self.lanes().await?.of(channel).depth().await;
        self.checked(depth).await
    }

    async fn dead_letters(
        &self,
        channel: Channel,
        limit: usize,
    ) -> Result<Vec<QueuedMessage>, QueueError> {
        let lanes = self.lanes().await?;
        dead_letters::list(lanes.of(channel), channel, limit).await
    }

    async fn redrive(&self, channel: Channel) -> Result<usize, QueueError> {
        dead_letters::redrive(&*self.lanes().await?, channel).await
    }

    async fn announce(&self, key: &str) -> Result<(), QueueError> {
        self.connection.reachable().await?;
        let subject = announcements::subject(&self.prefix);
        let told = self
            .connection
            .client()
            .publish(subject, key.to_owned().into());
        told.await.map_err(QueueError::unavailable)
    }

    async fn announcements(&self) -> Result<Box<dyn Announcements>, QueueError> {
        let subject = announcements::subject(&self.prefix);
        let listening = Listening::on(&self.connection, subject).await?;
        Ok(Box::new(listening))
    }
}
