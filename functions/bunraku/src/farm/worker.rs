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

/// Handles messages of `channels`, the first named first, one at a time, until `stop` is asked for;
/// what is begun then is finished, or given back on insistence.
///
/// What fails comes again after a delay that doubles with each attempt; the queue gives it up as a
/// dead letter in the end.
pub(crate) async fn run<H, W, E>(queue: Arc<dyn Queue>, channels: &[Channel], stop: Stop, handle: H)
where
    H: Fn(Message) -> W,
    W: Future<Output = Result<(), E>>,
    E: Display,
{
    loop {
        let received = tokio::select! {
            () = stop.asked.cancelled() => return,
            received = queue.receive(channels, 1, POLL) => received,
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
mod tests {
    use std::sync::Mutex;

    use bunraku_farm::EnvironmentName;
    use bunraku_farm::documents::{ArchiveFormat, UploadKey};
    use bunraku_farm::messages::UploadCreated;
    use bunraku_queue::{MemoryQueue, Standing};
    use tokio::time::Instant;

    use super::*;

    const UPLOADS: [Channel; 1] = [Channel::Uploads];

    async fn queue() -> Arc<dyn Queue> {
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        let environment = EnvironmentName::parse("production").unwrap();
        let key = UploadKey::new(environment, "one", ArchiveFormat::TarZstd).unwrap();
        let message = Message::UploadCreated(UploadCreated { key });
        queue.send(message).await.unwrap();
        queue
    }

    /// Seconds from the start at which a worker began with the message, until it came no more.
    async fn attempts<W>(queue: &Arc<dyn Queue>, work: impl Fn() -> W) -> Vec<u64>
    where
        W: Future<Output = Result<(), &'static str>>,
    {
        let (began, times) = (Instant::now(), Mutex::new(Vec::new()));
        let handle = |_| {
            times.lock().unwrap().push(began.elapsed().as_secs());
            work()
        };
        let stop = Stop::default();
        let hour = tokio::time::sleep(Duration::from_secs(3600));
        tokio::join!(
            run(Arc::clone(queue), &UPLOADS, stop.clone(), handle),
            async {
                hour.await;
                stop.ask();
            }
        );
        times.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_handled_is_gone() {
        let queue = queue().await;
        assert_eq!(attempts(&queue, || async { Ok(()) }).await, [0]);
        assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_comes_again_ever_later_and_is_given_up_with_its_error() {
        let queue = queue().await;
        let times = attempts(&queue, || async { Err("no luck") }).await;
        assert_eq!(times, [0, 2, 6, 14, 30]);
        let left = queue.list(Channel::Uploads, 10).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].standing, Standing::Dead);
        assert_eq!(left[0].last_error.as_deref(), Some("no luck"));
    }

    #[tokio::test(start_paused = true)]
    async fn long_work_keeps_its_lease() {
        let queue = queue().await;
        let work = || async {
            tokio::time::sleep(LEASE * 5).await;
            Ok(())
        };
        assert_eq!(attempts(&queue, work).await, [0]);
        assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_lets_begun_work_end() {
        let queue = queue().await;
        let stop = Stop::default();
        let handle = |_| {
            stop.ask();
            async {
                tokio::time::sleep(Duration::from_secs(40)).await;
                Ok::<_, String>(())
            }
        };
        run(Arc::clone(&queue), &UPLOADS, stop.clone(), handle).await;
        assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_insistent_stop_gives_begun_work_back() {
        let queue = queue().await;
        let stop = Stop::default();
        let handle = |_| {
            stop.insist();
            std::future::pending::<Result<(), String>>()
        };
        run(Arc::clone(&queue), &UPLOADS, stop.clone(), handle).await;
        let listed = queue.list(Channel::Uploads, 10).await.unwrap();
        assert_eq!(listed[0].standing, Standing::Waiting);
        assert_eq!(listed[0].last_error.as_deref(), Some(STOPPED));
    }

    #[test]
    fn the_wait_stops_growing() {
        assert_eq!(backoff(1), Duration::from_secs(2));
        assert_eq!(backoff(60), Duration::from_secs(64));
    }
}
