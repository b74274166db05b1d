//! The farm's queue: lanes with leases, retries and dead letters.
//!
//! A message is sent, received under a lease, and acknowledged when its work is done; whoever dies
//! before that leaves it to the next. Delivery is at least once, on every queue.
//!
//! [`EmbeddedQueue`] keeps the messages in one local file and survives a crash at any instant;
//! [`MemoryQueue`] is for tests and simulation. Both are the same state machine (`state`) and do
//! more than the farm needs: order is that of sending but for retries, and of the waiting messages
//! with the same [coalescing key](bunraku_farm::messages::Message::coalescing_key) only the newest
//! remains. [`sqs::SqsQueue`] does neither: a task that comes twice, or late, finds the node's
//! pointer ahead of it and does nothing. The brokers that sites have already, RabbitMQ (`amqp`) and
//! NATS JetStream (`nats`, each behind the feature of its name), are as SQS in this.
//!
//! What every queue promises, and what the ordered, coalescing ones do besides, is one conformance
//! suite each (`conformance`).

#[cfg(feature = "amqp")]
mod amqp;
#[cfg(any(feature = "amqp", feature = "nats"))]
mod broker;
mod embedded;
mod engine;
mod error;
mod journal;
mod memory;
#[cfg(feature = "nats")]
mod nats;
mod open;
mod options;
mod receipt;
pub mod sqs;
mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
pub use bunraku_farm::messages::{Channel, Message};
use serde::{Deserialize, Serialize};

pub use embedded::EmbeddedQueue;
pub use error::QueueError;
pub use memory::MemoryQueue;
pub use open::open;
pub use options::QueueOptions;
pub use receipt::Receipt;

/// What a receiver got: a message under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// How often it was received, this time included.
    pub attempt: u32,
    /// Names this delivery towards the queue.
    pub receipt: Receipt,
    /// The X-Ray header that the message was sent with, see [`sqs::with_trace`].
    pub trace: Option<String>,
}

/// How many messages a channel holds; on SQS, about how many. RabbitMQ tells nobody what others have in
/// work: there, `delayed` and `leased` are those of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Ready to be received.
    pub waiting: usize,
    /// Put back with a delay that has not run out; SQS and NATS count these as leased.
    pub delayed: usize,
    /// Being worked on.
    pub leased: usize,
    /// Given up after too many attempts.
    pub dead: usize,
}

impl Depth {
    /// Messages that still have to be worked on.
    pub const fn open(&self) -> usize {
        self.waiting + self.delayed + self.leased
    }
}

/// Where a message in the queue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Ready to be received.
    Waiting,
    /// Put back with a delay that has not run out.
    Delayed,
    /// Being worked on.
    Leased,
    /// Given up after too many attempts.
    Dead,
}

/// A message as `bunraku tasks` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedMessage {
    /// Where it stands.
    pub standing: Standing,
    /// How often it was received.
    pub attempts: u32,
    /// Why the last attempt failed, when the receiver said so.
    pub last_error: Option<String>,
    /// The message.
    pub message: Message,
}

/// What is announced, as it comes; see [`Queue::announcements`].
#[async_trait]
pub trait Announcements: Debug + Send {
    /// What was announced since, as soon as there is something; nothing when there was none for a
    /// while. After an error some may have been missed: subscribe anew, and look at all.
    async fn next(&mut self) -> Result<Vec<String>, QueueError>;

    /// Ends the subscription and leaves nothing behind.
    async fn close(self: Box<Self>) -> Result<(), QueueError>;
}

/// A durable queue of [`Message`]s; see the crate's documentation for its promises.
#[async_trait]
pub trait Queue: Debug + Send + Sync + 'static {
    /// Sends one message to its channel. When this returns, the message is durable.
    async fn send(&self, message: Message) -> Result<(), QueueError> {
        self.send_batch(vec![message]).await
    }

    /// Sends messages. When this returns they are durable. The queue in a file takes all or none,
    /// with one durable write; others take them in parts, so that a send that fails may leave any
    /// part of them sent. Sending all again is right: every message may come twice anyway.
    async fn send_batch(&self, messages: Vec<Message>) -> Result<(), QueueError>;

    /// Takes at most `max` messages under a lease, waiting at most `wait` for the first. Channels
    /// named earlier are emptied first. An empty list: nothing came in time. Dropping the future
    /// loses nothing: what it had taken comes again.
    async fn receive(
        &self,
        channels: &[Channel],
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, QueueError>;

    /// The work is done: the message is gone for good when this returns. A void receipt changes
    /// nothing and is no error.
    async fn ack(&self, receipt: &Receipt) -> Result<(), QueueError>;

    /// The work failed with `error`: the message comes again after `delay`, or becomes a dead
    /// letter, with `error` as its reason, when this was its last attempt. A void receipt changes
    /// nothing.
    async fn release(
        &self,
        receipt: &Receipt,
        delay: Duration,
        error: &str,
    ) -> Result<(), QueueError>;

    /// Makes the lease last `lease` from now. [`QueueError::LeaseLost`] when the receipt is void:
    /// the work is someone else's now.
    async fn extend(&self, receipt: &Receipt, lease: Duration) -> Result<(), QueueError>;

    /// How many messages each channel holds; every channel is named.
    async fn depths(&self) -> Result<BTreeMap<Channel, Depth>, QueueError>;

    /// The messages of a channel, oldest first, dead letters last, at most `limit`. SQS and the
    /// brokers show dead letters only: what waits there can't be looked at without taking it.
    async fn list(&self, channel: Channel, limit: usize) -> Result<Vec<QueuedMessage>, QueueError>;

    /// Puts the dead letters of a channel (all channels: `None`) back as if they were new; says how
    /// many.
    async fn redrive(&self, channel: Option<Channel>) -> Result<usize, QueueError>;

    /// Tells all who listen now that the object `key` was written. Best effort, so that a failure is
    /// none of the caller's: it makes those who listen quick, not right. Queues that tell nobody do
    /// nothing: on SQS the bucket's topic tells ([`sqs::Announced`]), and a queue of one process needs none.
    async fn announce(&self, _key: &str) {}

    /// Listens to what is [announced](Self::announce) from now on; `None` where nothing ever is.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, QueueError> {
        Ok(None)
    }
}

#[cfg(test)]
mod conformance;
