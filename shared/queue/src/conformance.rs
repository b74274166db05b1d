//! One suite for both queues; then what only the file can get wrong.

mod common;
mod crash;
mod order;

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::UploadKey;
use bunraku_farm::messages::{Cause, CompileTask, Lane, UploadCreated};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use jiff::Timestamp;

use crate::{Channel, Delivery, EmbeddedQueue, MemoryQueue, Message, Queue, QueueOptions};

const NORMAL: Channel = Channel::Compile(Lane::Normal);
const URGENT: Channel = Channel::Compile(Lane::Urgent);
const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(30);

fn options() -> QueueOptions {
    QueueOptions {
        lease: Duration::from_secs(60),
        max_attempts: 3,
    }
}

fn compile(node: &str, sequence: u64, lane: Lane) -> Message {
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

fn normal(node: &str) -> Message {
    compile(node, 1, Lane::Normal)
}

fn upload(id: &str) -> Message {
    let key: UploadKey = format!("uploads/production/{id}.tar.gz").parse().unwrap();
    UploadCreated { key }.into()
}

async fn receive(queue: &dyn Queue, channels: &[Channel], wait: Duration) -> Option<Delivery> {
    queue.receive(channels, 1, wait).await.unwrap().pop()
}

/// The node and sequence of a compile task.
fn of(delivery: &Delivery) -> (&str, u64) {
    match &delivery.message {
        Message::Compile(task) => (task.certname.as_str(), task.sequence),
        other => panic!("{other:?}"),
    }
}

/// Makes a test of each function for both queues, on a clock that only moves when all wait.
macro_rules! conformance {
    ($(async fn $name:ident($queue:ident: Arc<dyn Queue>) $body:block)*) => {
        $(
            mod $name {
                use super::*;

                async fn check($queue: Arc<dyn Queue>) $body

                #[tokio::test(start_paused = true)]
                async fn in_memory() {
                    check(Arc::new(MemoryQueue::new(options()))).await;
                }

                #[tokio::test(start_paused = true)]
                async fn in_a_file() {
                    let directory = tempfile::tempdir().unwrap();
                    let path = directory.path().join("queue.redb");
                    check(Arc::new(EmbeddedQueue::open(path, options()).unwrap())).await;
                }
            }
        )*
    };
}
use conformance;
