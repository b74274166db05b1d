//! Takes messages from the queue, has them handled, and keeps the queue informed.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::lanes::LaneOrder;
use bunraku_farm::messages::{Channel, Message};
use bunraku_queue::{Delivery, Queue, QueueError, Receipt};
use tokio_util::sync::CancellationToken;

/// How long a lease lasts from each sign of life.
const LEASE: Duration = Duration::from_secs(120);
/// How often a long-running handler's lease is renewed.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long one wait for messages lasts.
const POLL: Duration = Duration::from_secs(20);
/// Why work that took too long is given back at a stop.
const STOPPED: &str = "the worker was stopped while it worked on this";
/// How long to wait when the queue itself fails.
const QUEUE_TROUBLE: Duration = Duration::from_secs(2);

/// How workers are told to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    asked: CancellationToken,
    insisted: CancellationToken,
}

impl Stop {
    /// Take no more work.
    pub(crate) fn ask(&self) {
        self.asked.cancel();
    }

    /// Give back what is begun.
    pub(crate) fn insist(&self) {
        self.ask();
        self.insisted.cancel();
    }

    /// Cancelled when no more work is to be taken.
    pub(crate) fn asked(&self) -> CancellationToken {
        self.asked.clone()
    }
}

/// Handles messages of `channels`, one at a time, until `stop` is asked for: the first named first, and
/// lanes in their [`LaneOrder`]. What is begun then is finished, or given back on insistence.
///
/// What fails comes again after a delay that doubles with each attempt; the queue gives it up as a
/// dead letter in the end.
pub(crate) async fn run<H, W, E>(queue: Arc<dyn Queue>, channels: &[Channel], stop: Stop, handle: H)
where
    H: Fn(Message) -> W,
    W: Future<Output = Result<(), E>>,
    E: Display,
{
    let mut lanes = LaneOrder::default();
    loop {
        let order = in_order(channels, &lanes);
        let received = tokio::select! {
            // A stop comes first: what was given back just now would be taken again.
            biased;
            () = stop.asked.cancelled() => return,
            received = queue.receive(&order, 1, POLL) => received,
        };
        match received {
            Ok(deliveries) => {
                for delivery in deliveries {
                    let Delivery {
                        message,
                        attempt,
                        receipt,
                        ..
                    } = delivery;
                    let job = Job {
                        channel: message.channel(),
                        attempt,
                        receipt,
                    };
                    if let Channel::Compile(lane) = job.channel {
                        lanes.took(lane);
                    }
                    if let Err(error) = finish(queue.as_ref(), job, handle(message), &stop).await {
                        tracing::warn!(%error, "the queue could not be told what came of a message");
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "no messages can be received");
                tokio::select! {
                    () = stop.asked.cancelled() => return,
                    () = tokio::time::sleep(QUEUE_TROUBLE) => {}
                }
            }
        }
    }
}

/// The channels in the order in which to look into them.
fn in_order(channels: &[Channel], lanes: &LaneOrder) -> Vec<Channel> {
    let order = lanes.now();
    let mut channels = channels.to_vec();
    channels.sort_by_key(|channel| match channel {
        Channel::Compile(lane) => order.iter().position(|next| next == lane),
        Channel::Uploads | Channel::Plans => None,
    });
    channels
}

/// A message that is being worked on.
struct Job {
    channel: Channel,
    attempt: u32,
    receipt: Receipt,
}

/// Sees the work through, keeping its lease alive, and tells the queue what came of it. Work whose
/// lease is lost is left: someone else has it.
async fn finish<E: Display>(
    queue: &dyn Queue,
    job: Job,
    work: impl Future<Output = Result<(), E>>,
    stop: &Stop,
) -> Result<(), QueueError> {
    let Job {
        channel,
        attempt,
        receipt,
    } = job;
    let mut work = std::pin::pin!(work);
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            () = stop.insisted.cancelled() => {
                return queue.release(&receipt, Duration::ZERO, STOPPED).await;
            }
            () = tokio::time::sleep(HEARTBEAT) => match queue.extend(&receipt, LEASE).await {
                Err(QueueError::LeaseLost) => return Err(QueueError::LeaseLost),
                // The lease outlasts several heartbeats: the next may get through.
                Err(error) => tracing::warn!(%channel, %error, "a lease could not be renewed"),
                Ok(()) => {}
            },
        }
    };
    match outcome {
        Ok(()) => queue.ack(&receipt).await,
        Err(error) => {
            tracing::warn!(%channel, attempt, %error, "a message could not be handled");
            queue
                .release(&receipt, backoff(attempt), &error.to_string())
                .await
        }
    }
}

/// How long to wait after a failed attempt, counted from 1: two seconds, doubled to about a minute.
fn backoff(attempt: u32) -> Duration {
    Duration::from_secs(1 << attempt.min(6))
}

#[cfg(test)]
mod tests;
