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
/// How long to wait when the queue itself fails.
const QUEUE_TROUBLE: Duration = Duration::from_secs(2);

/// Handles messages of `channels`, one at a time, until `stop`: the first named first, and lanes in
/// their [`LaneOrder`].
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
    let mut lanes = LaneOrder::default();
    loop {
        let order = in_order(channels, &lanes);
        let received = tokio::select! {
            () = stop.cancelled() => return,
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
                    if let Err(error) = finish(queue.as_ref(), job, handle(message)).await {
                        tracing::warn!(%error, "the queue could not be told what came of a message");
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "no messages can be received");
                tokio::select! {
                    () = stop.cancelled() => return,
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

    use bunraku_farm::documents::{ArchiveFormat, UploadKey};
    use bunraku_farm::messages::{Cause, CompileTask, Lane, UploadCreated};
    use bunraku_farm::{Certname, Digest, EnvironmentName};
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
        let stop = CancellationToken::new();
        let hour = tokio::time::sleep(Duration::from_secs(3600));
        tokio::join!(
            run(Arc::clone(queue), &UPLOADS, stop.clone(), handle),
            async {
                hour.await;
                stop.cancel();
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
        let stop = CancellationToken::new();
        let handle = |_| {
            stop.cancel();
            async {
                tokio::time::sleep(Duration::from_secs(40)).await;
                Ok::<_, String>(())
            }
        };
        run(Arc::clone(&queue), &UPLOADS, stop.clone(), handle).await;
        assert!(queue.list(Channel::Uploads, 10).await.unwrap().is_empty());
    }

    /// How long a compile takes here.
    const COMPILE: Duration = Duration::from_millis(100);
    const LANES: [Channel; 3] = [
        Channel::Compile(Lane::Urgent),
        Channel::Compile(Lane::Normal),
        Channel::Compile(Lane::Bulk),
    ];

    fn task(node: String, lane: Lane) -> Message {
        Message::Compile(CompileTask {
            environment: EnvironmentName::parse("production").unwrap(),
            certname: Certname::parse(node).unwrap(),
            release: Digest::of("release"),
            sequence: 1,
            lane,
            cause: Cause::Manual,
            enqueued_at: jiff::Timestamp::UNIX_EPOCH,
        })
    }

    /// When each node was begun with, in a farm of one worker, while `busy` sends more.
    async fn begun(
        queue: Arc<dyn Queue>,
        busy: impl Future<Output = ()>,
    ) -> std::collections::HashMap<String, Instant> {
        let begun = Mutex::new(std::collections::HashMap::new());
        let handle = |message| {
            let Message::Compile(task) = message else {
                panic!("a compile task")
            };
            let name = task.certname.to_string();
            begun.lock().unwrap().insert(name, Instant::now());
            async {
                tokio::time::sleep(COMPILE).await;
                Ok::<_, String>(())
            }
        };
        let stop = CancellationToken::new();
        tokio::join!(run(queue, &LANES, stop.clone(), handle), async {
            busy.await;
            stop.cancel();
        });
        begun.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn before_10_000_bulk_tasks_an_urgent_one_waits_for_one_compile_at_most() {
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        let bulk = (0..10_000).map(|node| task(format!("bulk{node}"), Lane::Bulk));
        queue.send_batch(bulk.collect()).await.unwrap();
        let mut sent = Vec::new();
        let agents = async {
            for agent in 0..50 {
                tokio::time::sleep(Duration::from_millis(730)).await;
                let name = format!("agent{agent}");
                sent.push((name.clone(), Instant::now()));
                queue.send(task(name, Lane::Urgent)).await.unwrap();
            }
            tokio::time::sleep(2 * COMPILE).await;
        };
        let begun = begun(Arc::clone(&queue), agents).await;
        for (agent, sent) in sent {
            let waited = begun[&agent] - sent;
            assert!(waited <= COMPILE, "{agent} waited {waited:?}");
        }
        let bulk = begun.keys().filter(|node| node.starts_with("bulk")).count();
        assert!(bulk > 300, "{bulk} others meanwhile");
    }

    #[tokio::test(start_paused = true)]
    async fn bulk_work_goes_on_while_more_agents_wait_than_can_be_served() {
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        let bulk = (0..20).map(|node| task(format!("bulk{node}"), Lane::Bulk));
        queue.send_batch(bulk.collect()).await.unwrap();
        let herd = async {
            for agent in 0..800 {
                let urgent = task(format!("agent{agent}"), Lane::Urgent);
                queue.send(urgent).await.unwrap();
                tokio::time::sleep(COMPILE / 2).await;
            }
        };
        let begun = begun(Arc::clone(&queue), herd).await;
        let bulk = begun.keys().filter(|node| node.starts_with("bulk")).count();
        assert!(bulk >= 20, "{bulk} bulk tasks in the time of 400 compiles");
    }

    #[test]
    fn the_wait_stops_growing() {
        assert_eq!(backoff(1), Duration::from_secs(2));
        assert_eq!(backoff(60), Duration::from_secs(64));
    }
}
