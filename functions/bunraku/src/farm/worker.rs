//! Takes messages from the queue, has them handled, and keeps the queue informed.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::{Channel, Message};
use bunraku_queue::{Delivery, Queue, QueueError, Receipt};
use tokio_util::sync::CancellationToken;

/// How long a lease lasts from each sign of life.
const LEASE: Duration = Duration::from_secs(120);
/// How often a long-running handler's lease is renewed.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long one wait for messages lasts.
const POLL: Duration = Duration::from_secs(20);
/// How long to wait when the queue itself fails.
const QUEUE_TROUBLE: Duration = Duration::from_secs(2);

/// Handles messages of `channels`, the first named first, one at a time, until `stop`.
///
/// What fails comes again after a delay that doubles with each attempt; the queue gives it up as a
/// dead letter in the end.
pub(crate) async fn run<H, W, E>(
    queue: Arc<dyn Queue>,
    channels: &[Channel],
    stop: CancellationToken,
    handle: H,
) where
    H: Fn(Message) -> W,
    W: Future<Output = Result<(), E>>,
    E: Display,
{
    loop {
        let received = tokio::select! {
            () = stop.cancelled() => return,
            received = queue.receive(channels, 1, POLL) => received,
        };
        match received {
            Ok(deliveries) => {
                for delivery in deliveries {
                    let Delivery {
                        message,
                        attempt,
                        receipt,
                    } = delivery;
                    let job = Job {
                        channel: message.channel(),
                        attempt,
                        receipt,
                    };
                    if let Err(error) = finish(queue.as_ref(), job, handle(message)).await {
                        tracing::warn!(%error, "the queue could not be told what came of a message");
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "no messages can be received");
                tokio::time::sleep(QUEUE_TROUBLE).await;
            }
        }
    }
}

/// A message that is being worked on.
struct Job {
    channel: Channel,
    attempt: u32,
    receipt: Receipt,
}

/// Sees the work through, keeping its lease alive, and tells the queue what came of it.
async fn finish<E: Display>(
    queue: &dyn Queue,
    job: Job,
    work: impl Future<Output = Result<(), E>>,
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
            () = tokio::time::sleep(HEARTBEAT) => queue.extend(&receipt, LEASE).await?,
        }
    };
    match outcome {
        Ok(()) => queue.ack(&receipt).await,
        Err(error) => {
            tracing::warn!(%channel, attempt, %error, "a message could not be handled");
            let delay = Duration::from_secs(1 << attempt.min(6));
            queue.release(&receipt, delay, &error.to_string()).await
        }
    }
}
