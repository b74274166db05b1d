//! What the queues on a site's own broker share: their URL, the leases that the holder itself keeps,
//! and the ways of receiving and settling. A kind of broker is a [`Broker`] below a [`BrokerQueue`].
//!
//! Nothing is fetched ahead of the work: a receiver looks into the channels in its order and takes
//! what it was asked for, so that what waits stays on the broker, for whoever is free first. That a
//! message came it hears by a subscription of its process, which holds no messages (*news*).

mod address;
mod held;
mod queue;
mod receive;
#[cfg(test)]
#[cfg(all(feature = "amqp", feature = "nats"))]
pub(crate) mod tests;

use bunraku_farm::messages::{Channel, Message};

pub(crate) use address::Address;
pub(crate) use held::{Held, Letter};
pub(crate) use queue::{Broker, BrokerQueue};
use receive::{Found, receive};

/// Why a message is a dead letter whose holders all fell silent.
const NO_ANSWER: &str = "the worker gave no answer before its lease ran out";

/// Reads a body that came through a channel; the reason, when it can never be handled there. The
/// lanes are one kind: a task may be moved between them.
pub(crate) fn read(channel: Channel, body: &[u8]) -> Result<Message, String> {
    let message: Message = serde_json::from_slice(body)
        .map_err(|error| format!("the message can't be read: {error}"))?;
    let of = message.channel();
    if std::mem::discriminant(&of) == std::mem::discriminant(&channel) {
        Ok(message)
    } else {
        Err(format!(
            "a message for the queue {of} came to the queue {channel}"
        ))
    }
}
