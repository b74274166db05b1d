//! One suite for what every queue promises (`common`, `lanes`), one for what the ordered, coalescing
//! queues do besides (`ordered`, `coalescing`); then what only the file can get wrong.

mod coalescing;
mod common;
mod crash;
mod lanes;
mod ordered;

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::UploadKey;
use bunraku_farm::messages::{Cause, CompileTask, Lane, UploadCreated};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use jiff::Timestamp;

use crate::sqs::Cloud;
use crate::{Channel, Delivery, EmbeddedQueue, MemoryQueue, Message, Queue, QueueOptions};

pub(crate) const NORMAL: Channel = Channel::Compile(Lane::Normal);
pub(crate) const URGENT: Channel = Channel::Compile(Lane::Urgent);
pub(crate) const NOW: Duration = Duration::ZERO;

/// On a clock that only moves when all wait.
const LEASE: Duration = Duration::from_secs(60);
/// In real time; SQS counts whole seconds.
const REAL_LEASE: Duration = Duration::from_secs(4);
const MAX_ATTEMPTS: u32 = 3;

fn options() -> QueueOptions {
    QueueOptions {
        lease: LEASE,
        max_attempts: MAX_ATTEMPTS,
        coalesces: true,
    }
}

pub(crate) fn compile(node: &str, sequence: u64, lane: Lane) -> Message {
    Message::Compile(CompileTask {
        environment: EnvironmentName::parse("production").unwrap(),
        certname: Certname::parse(node).unwrap(),
        release: Digest::of(sequence.to_string()),
        sequence,
        lane,
        cause: Cause::Manual,
        enqueued_at: Timestamp::UNIX_EPOCH,
    })
}

pub(crate) fn normal(node: &str) -> Message {
    compile(node, 1, Lane::Normal)
}

pub(crate) fn upload(id: &str) -> Message {
    let key: UploadKey = format!("uploads/production/{id}.tar.gz").parse().unwrap();
    UploadCreated { key }.into()
}

pub(crate) async fn receive(
    queue: &dyn Queue,
    channels: &[Channel],
    wait: Duration,
) -> Option<Delivery> {
    queue.receive(channels, 1, wait).await.unwrap().pop()
}

/// The node and sequence of a compile task.
pub(crate) fn of(delivery: &Delivery) -> (&str, u64) {
    match &delivery.message {
        Message::Compile(task) => (task.certname.as_str(), task.sequence),
        other => panic!("{other:?}"),
    }
}

/// Makes a test of each function, which is given a queue and how long its leases last: for both
/// queues of the state machine, on a clock that only moves when all wait, and, of `every queue`, for
/// SQS and the brokers in real time.
macro_rules! conformance {
    (of every queue; $(async fn $name:ident($($args:tt)*) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                conformance!(check ($($args)*) $body);

                #[tokio::test(flavor = "multi_thread")]
                #[ignore = "needs an S3 and SQS server: localstack-tests/run"]
                async fn on_sqs() {
                    let cloud = Cloud::with_queues(REAL_LEASE, MAX_ATTEMPTS).await;
                    check(Arc::new(cloud.queue()), REAL_LEASE).await;
                    cloud.remove().await;
                }

                #[cfg(all(feature = "amqp", feature = "nats"))]
                #[tokio::test(flavor = "multi_thread")]
                async fn on_rabbitmq() {
                    let queue = crate::broker::tests::queue(crate::testing::Kind::RabbitMq).await;
                    check(queue, REAL_LEASE).await;
                }

                #[cfg(all(feature = "amqp", feature = "nats"))]
                #[tokio::test(flavor = "multi_thread")]
                async fn on_nats() {
                    let queue = crate::broker::tests::queue(crate::testing::Kind::Nats).await;
                    check(queue, REAL_LEASE).await;
                }
            }
        )*
    };
    (of ordered queues; $(async fn $name:ident($($args:tt)*) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                conformance!(check ($($args)*) $body);
            }
        )*
    };
    (check ($queue:ident: Arc<dyn Queue>, $lease:ident: Duration) $body:block) => {
        async fn check($queue: Arc<dyn Queue>, $lease: Duration) $body

        #[tokio::test(start_paused = true)]
        async fn in_memory() {
            check(Arc::new(MemoryQueue::new(options())), LEASE).await;
        }

        #[tokio::test(start_paused = true)]
        async fn in_a_file() {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("queue.redb");
            check(Arc::new(EmbeddedQueue::open(path, options()).unwrap()), LEASE).await;
        }
    };
}
use conformance;
