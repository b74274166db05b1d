//! What names a delivery towards the queue that made it.

use std::sync::Arc;

#[cfg(any(feature = "amqp", feature = "nats"))]
use crate::broker::Held;
use crate::sqs::SqsTicket;

/// Names one delivery of one message; void when its lease has run out, or when it comes from
/// another queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Receipt(pub(crate) Ticket);

/// A receipt, by the kind of queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ticket {
    /// Of the state machine: the message's id and the number of its lease.
    Local { id: u64, lease: u64 },
    /// Of SQS.
    Sqs(Arc<SqsTicket>),
    /// Of a site's own broker.
    #[cfg(any(feature = "amqp", feature = "nats"))]
    Broker(Arc<Held>),
}

#[cfg(any(feature = "amqp", feature = "nats"))]
impl Receipt {
    /// The message on a broker, if it is one.
    pub(crate) fn on_broker(&self) -> Option<&Held> {
        match &self.0 {
            Ticket::Broker(held) => Some(held),
            _ => None,
        }
    }
}
