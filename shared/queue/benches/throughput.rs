//! Messages a second through each queue: sent in batches of a hundred, received ten at a time and
//! acknowledged one by one, as a worker does.

// A benchmark may fail as tests do.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;
use std::time::Duration;

use bunraku_queue::testing::{Broker, Kind};
use bunraku_queue::{Channel, EmbeddedQueue, MemoryQueue, Message, Queue, QueueOptions, open};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const BATCH: usize = 100;

fn batch() -> Vec<Message> {
    let uploads = (0..BATCH).map(|n| {
        let key = format!("uploads/production/u{n}.tar.zst");
        serde_json::json!({ "message": "upload_created", "key": key })
    });
    uploads
        .map(|upload| serde_json::from_value(upload).unwrap())
        .collect()
}

async fn there_and_back(queue: &dyn Queue) {
    queue.send_batch(batch()).await.unwrap();
    let mut left = BATCH;
    while left > 0 {
        let received = queue.receive(&[Channel::Uploads], 10, Duration::from_secs(1));
        for delivery in received.await.unwrap() {
            queue.ack(&delivery.receipt).await.unwrap();
            left -= 1;
        }
    }
}

async fn answering(url: &str) -> Arc<dyn Queue> {
    let queue = open(url).await.unwrap();
    while queue.depths().await.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    queue
}

fn throughput(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("queue.redb");
    let file = EmbeddedQueue::open(file, QueueOptions::default()).unwrap();
    let (rabbitmq, nats) = (Broker::start(Kind::RabbitMq), Broker::start(Kind::Nats));
    let queues: [(&str, Arc<dyn Queue>); 4] = [
        ("memory", Arc::new(MemoryQueue::default())),
        ("file", Arc::new(file)),
        ("amqp", runtime.block_on(answering(&rabbitmq.url("bench")))),
        ("nats", runtime.block_on(answering(&nats.url("bench")))),
    ];
    let mut group = criterion.benchmark_group("queue");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.sample_size(10);
    for (name, queue) in &queues {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| runtime.block_on(there_and_back(queue.as_ref())));
        });
    }
    group.finish();
    // The queues' connections end before their brokers.
    drop(queues);
    drop(runtime);
}

criterion_group!(benches, throughput);
criterion_main!(benches);
