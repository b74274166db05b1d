//! What only SQS has, on an emulator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_sqs::types::{MessageSystemAttributeNameForSends, MessageSystemAttributeValue};
use bunraku_farm::documents::UploadKey;
use bunraku_farm::messages::{Cause, Channel, Message, NodeSelection, PlanTask, UploadCreated};
use bunraku_farm::{Certname, Digest, EnvironmentName};

use super::testing::at;
use super::{Cloud, SqsQueue, with_trace};
use crate::conformance::{NORMAL, NOW, normal, receive, upload};
use crate::{MemoryQueue, Queue, QueueError, Receipt};

/// Nothing comes back by itself within a test.
const LEASE: Duration = Duration::from_secs(120);
const SOON: Duration = Duration::from_secs(5);
const UPLOADS: Channel = Channel::Uploads;

async fn cloud() -> (Cloud, SqsQueue) {
    let cloud = Cloud::with_queues(LEASE, 5).await;
    let queue = cloud.queue();
    (cloud, queue)
}

/// Everything that comes, acknowledged.
async fn drain(queue: &SqsQueue, channel: Channel) -> Vec<Message> {
    let mut all = Vec::new();
    loop {
        let got = queue.receive(&[channel], 100, NOW).await.unwrap();
        if got.is_empty() {
            return all;
        }
        for delivery in got {
            queue.ack(&delivery.receipt).await.unwrap();
            all.push(delivery.message);
        }
    }
}

fn created(keys: &[&str]) -> String {
    let records: Vec<_> = keys
        .iter()
        .map(|key| {
            serde_json::json!({
                "eventVersion": "2.1",
                "eventName": "ObjectCreated:CompleteMultipartUpload",
                "s3": {"bucket": {"name": "b"}, "object": {"key": key, "size": 1}},
            })
        })
        .collect();
    serde_json::json!({ "Records": records }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn many_and_long_messages_arrive_each_once() {
    let (cloud, queue) = cloud().await;
    let many: Vec<Message> = (0..523).map(|n| normal(&format!("n{n}"))).collect();
    // Of these, no more than some fit into a request.
    let long = (0..12).map(|n| {
        let nodes = (0..5000).map(|node| Certname::parse(format!("n{node}")).unwrap());
        Message::from(PlanTask {
            environment: EnvironmentName::parse("production").unwrap(),
            release: Digest::of("r"),
            sequence: n,
            cause: Cause::Manual,
            nodes: NodeSelection::Nodes(nodes.collect()),
        })
    });
    queue
        .send_batch(many.iter().cloned().chain(long).collect())
        .await
        .unwrap();
    let depths = queue.depths().await.unwrap();
    assert_eq!(
        (depths[&NORMAL].waiting, depths[&Channel::Plans].waiting),
        (523, 12)
    );
    let node = |message: &Message| message.coalescing_key().unwrap();
    let mut got: Vec<_> = drain(&queue, NORMAL).await.iter().map(node).collect();
    let mut sent: Vec<_> = many.iter().map(node).collect();
    got.sort();
    sent.sort();
    assert_eq!(got, sent);
    assert_eq!(drain(&queue, Channel::Plans).await.len(), 12);
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn the_trace_header_travels_along() {
    const HEADER: &str =
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let (cloud, queue) = cloud().await;
    // MiniStack keeps the header of single messages only; that batches carry it too is seen in
    // the tests of `send`.
    let batches = std::env::var("BUNRAKU_TEST_CLOUD").as_deref() != Ok("ministack");
    if batches {
        let sending = with_trace(Some(HEADER.to_owned()), queue.send(normal("a")));
        sending.await.unwrap();
        let delivery = receive(&queue, &[NORMAL], SOON).await.unwrap();
        assert_eq!(delivery.trace.as_deref(), Some(HEADER));
    }
    let lane = format!("{}-normal", cloud.prefix);
    let url = queue.queues.url(&lane).await.unwrap();
    let header = MessageSystemAttributeValue::builder()
        .data_type("String")
        .string_value(HEADER);
    let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
    let single = cloud.sqs.send_message().queue_url(&*url);
    let single = single.message_system_attributes(name, header.build().unwrap());
    let body = serde_json::to_string(&normal("b")).unwrap();
    single.message_body(body).send().await.unwrap();
    let delivery = receive(&queue, &[NORMAL], SOON).await.unwrap();
    assert_eq!(delivery.trace.as_deref(), Some(HEADER));
    with_trace(None, queue.send(normal("c"))).await.unwrap();
    let delivery = receive(&queue, &[NORMAL], SOON).await.unwrap();
    assert_eq!(delivery.trace, None);
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn each_upload_of_a_notification_is_a_message_and_a_test_event_is_none() {
    let (cloud, queue) = cloud().await;
    let uploads = format!("{}-uploads", cloud.prefix);
    cloud
        .send_raw(
            &uploads,
            r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#,
        )
        .await;
    let keys = [
        "uploads/production/a.tar.gz",
        "uploads%2Fproduction%2Fb.tar.gz",
    ];
    cloud.send_raw(&uploads, &created(&keys)).await;
    cloud.send_raw(&uploads, &created(&keys[..1])).await;
    let mut got = Vec::new();
    while got.len() < 3 {
        let delivery = receive(&queue, &[UPLOADS], SOON)
            .await
            .expect("another upload");
        queue.ack(&delivery.receipt).await.unwrap();
        got.push(delivery.message);
    }
    got.sort_by_key(Message::coalescing_key);
    assert_eq!(got, [upload("a"), upload("a"), upload("b")]);
    assert_eq!(receive(&queue, &[UPLOADS], NOW).await, None);
    let depth = queue.depths().await.unwrap()[&UPLOADS];
    assert_eq!((depth.open(), depth.dead), (0, 0));
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn what_is_no_task_is_buried_at_once_and_redriven_as_it_is() {
    let (cloud, queue) = cloud().await;
    let lane = format!("{}-normal", cloud.prefix);
    let stray = serde_json::to_string(&upload("x")).unwrap();
    cloud.send_raw(&lane, "no JSON").await;
    cloud.send_raw(&lane, &stray).await;
    for _ in 0..2 {
        assert_eq!(
            receive(&queue, &[NORMAL], Duration::from_secs(1)).await,
            None
        );
        let depth = queue.depths().await.unwrap()[&NORMAL];
        assert_eq!((depth.open(), depth.dead), (0, 2));
        // What can be read can be shown.
        let listed = queue.list(NORMAL, 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        let reason = listed[0].last_error.as_deref();
        assert_eq!(
            reason,
            Some("a message for the queue uploads came to the queue normal")
        );
        assert_eq!((&listed[0].message, listed[0].attempts), (&upload("x"), 1));
        // It was put back after the look.
        assert_eq!(queue.redrive(Some(NORMAL)).await.unwrap(), 2);
    }
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn many_dead_letters_are_listed_and_redriven() {
    let (cloud, queue) = cloud().await;
    for n in 0..35 {
        let body = serde_json::to_string(&normal(&format!("n{n}"))).unwrap();
        queue
            .bury(NORMAL, &body, "\u{0}the disk\nis full")
            .await
            .unwrap();
    }
    let listed = queue.list(NORMAL, 1000).await.unwrap();
    assert_eq!(listed.len(), 35);
    assert!(
        listed
            .iter()
            .all(|it| it.last_error.as_deref() == Some("the disk\nis full"))
    );
    assert_eq!(queue.list(NORMAL, 3).await.unwrap().len(), 3);
    assert_eq!(queue.redrive(Some(NORMAL)).await.unwrap(), 35);
    assert_eq!(queue.redrive(Some(NORMAL)).await.unwrap(), 0);
    assert_eq!(drain(&queue, NORMAL).await.len(), 35);
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_receiver_that_goes_away_leaves_nothing_hidden() {
    let (cloud, queue) = cloud().await;
    let queue = Arc::new(queue);
    // Warm, so that the next is in its long poll when it is dropped.
    assert_eq!(receive(&*queue, &[NORMAL], NOW).await, None);
    let waiting = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move { receive(&*queue, &[NORMAL], Duration::from_secs(15)).await })
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    // The poll that was left behind takes it, and puts it back.
    queue.send(normal("a")).await.unwrap();
    let start = Instant::now();
    let delivery = receive(&*queue, &[NORMAL], Duration::from_secs(20))
        .await
        .unwrap();
    assert_eq!(delivery.message, normal("a"));
    assert!(start.elapsed() < LEASE / 4, "{:?}", start.elapsed());
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_function_delays_by_the_handle_that_it_was_given() {
    let (cloud, queue) = cloud().await;
    queue.send(normal("a")).await.unwrap();
    let url = queue
        .queues
        .url(&format!("{}-normal", cloud.prefix))
        .await
        .unwrap();
    let got = cloud
        .sqs
        .receive_message()
        .queue_url(&*url)
        .send()
        .await
        .unwrap();
    let handle = got.messages()[0].receipt_handle().unwrap().to_owned();
    queue
        .delay(NORMAL, &handle, Duration::from_millis(1500))
        .await
        .unwrap();
    assert_eq!(receive(&queue, &[NORMAL], NOW).await, None);
    assert_eq!(receive(&queue, &[NORMAL], SOON).await.unwrap().attempt, 2);
    cloud.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_stack_that_is_not_there_is_told_with_a_hint() {
    let cloud = Cloud::new().await;
    let queue = cloud.queue();
    for error in [
        queue.send(normal("a")).await.unwrap_err(),
        queue.receive(&[NORMAL], 1, NOW).await.unwrap_err(),
        queue.depths().await.unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains("is the stack deployed"), "{text}");
        assert!(
            text.contains(&cloud.prefix) && !text.contains('\n'),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_receipt_of_another_queue_is_void() {
    let (cloud, queue) = cloud().await;
    let other = MemoryQueue::default();
    other.send(normal("a")).await.unwrap();
    let foreign: Receipt = receive(&other, &[NORMAL], NOW).await.unwrap().receipt;
    queue.ack(&foreign).await.unwrap();
    queue.release(&foreign, NOW, "no").await.unwrap();
    let extended = queue.extend(&foreign, LEASE).await;
    assert!(matches!(extended, Err(QueueError::LeaseLost)));
    cloud.remove().await;
}

#[tokio::test]
async fn without_a_server_the_error_says_what_to_look_at() {
    // Nothing listens there: the port is taken, and given back.
    let queue = at(&format!("http://{}", unused_address()));
    let text = queue.send(normal("a")).await.unwrap_err().to_string();
    assert!(
        text.contains("farm-normal") && text.contains("AWS_ENDPOINT_URL"),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
}

fn unused_address() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn a_notification_of_one_upload_is_no_different_from_ours() {
    let key: UploadKey = "uploads/production/a.tar.gz".parse().unwrap();
    let body = super::Body::parse(&created(&["uploads/production/a.tar.gz"]));
    assert_eq!(
        body,
        Ok(super::Body::Messages(vec![UploadCreated { key }.into()]))
    );
}
