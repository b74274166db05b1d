//! Messages are sent in batches, several batches at once.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use bunraku_farm::messages::Message;
use futures::{StreamExt, TryStreamExt, stream};

use super::SqsQueue;
use super::failure::{refused, strange, unsendable};
use super::queues::Queues;
use super::trace;
use crate::QueueError;

/// What SQS takes in one request.
pub(super) const MOST_MESSAGES: usize = 10;
/// As long as there are regions and emulators that take no more; AWS has raised it to 1 MiB.
const MOST_BYTES: usize = 256 * 1024;
/// Requests under way at a time: 100,000 messages are 10,000 requests.
const AT_ONCE: usize = 16;
/// How often the part of a batch that SQS did not take is sent again.
const ROUNDS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn send_batch(queue: &SqsQueue, messages: Vec<Message>) -> Result<(), QueueError> {
    let mut bodies: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for message in messages {
        let body = serde_json::to_string(&message).map_err(unsendable)?;
        bodies.entry(message.channel()).or_default().push(body);
    }
    let mut posts = Vec::new();
    for (channel, bodies) in bodies {
        let name = queue.queues.name(channel);
        // All queues are looked up before anything is sent: one that is missing costs nothing.
        let url = queue.queues.url(&name).await?;
        posts.extend(batches(bodies).map(|batch| (name.clone(), url.clone(), batch)));
    }
    stream::iter(posts)
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, |(name, url, batch)| async move {
            post(&queue.queues, &name, &url, batch).await
        })
        .await
}

/// Sends bodies, as they are, to the queue `name`.
pub(super) async fn send_bodies(
    queues: &Queues,
    name: &str,
    bodies: Vec<String>,
) -> Result<(), QueueError> {
    let url = queues.url(name).await?;
    for batch in batches(bodies) {
        post(queues, name, &url, batch).await?;
    }
    Ok(())
}

/// Bodies by request: at most ten, and no more bytes than one request may have. A body that is
/// too long by itself travels alone, and SQS says so if it is.
fn batches(bodies: Vec<String>) -> impl Iterator<Item = Vec<String>> {
    let mut bodies = bodies.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut batch: Vec<String> = bodies.next().into_iter().collect();
        let mut bytes = batch.first()?.len();
        while let Some(body) = bodies.next_if(|body| {
            bytes += body.len();
            batch.len() < MOST_MESSAGES && bytes <= MOST_BYTES
        }) {
            batch.push(body);
        }
        Some(batch)
    })
}

/// Sends one batch; what SQS did not take of it is sent again.
async fn post(
    queues: &Queues,
    name: &str,
    url: &str,
    batch: Vec<String>,
) -> Result<(), QueueError> {
    let trace = trace::attribute()?;
    let mut left = batch
        .into_iter()
        .enumerate()
        .map(|(number, body)| entry(number, body, trace.as_ref()))
        .collect::<Result<Vec<_>, QueueError>>()?;
    let mut pause = FIRST_PAUSE;
    for round in 1.. {
        let sent = queues
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(left.clone()))
            .send()
            .await
            .map_err(|error| refused(name, error))?;
        left.retain(|entry| sent.failed.iter().any(|failed| failed.id() == entry.id()));
        let Some(failed) = sent.failed.first() else {
            break;
        };
        let ours = sent.failed.iter().find(|failed| failed.sender_fault());
        if ours.is_some() || round == ROUNDS {
            let failed = ours.unwrap_or(failed);
            let why = failed.message().unwrap_or(failed.code());
            let count = left.len();
            return Err(strange(
                name,
                &format!("SQS did not take {count} messages: {why}"),
            ));
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    Ok(())
}

fn entry(
    number: usize,
    body: String,
    trace: Option<&MessageSystemAttributeValue>,
) -> Result<SendMessageBatchRequestEntry, QueueError> {
    let mut entry = SendMessageBatchRequestEntry::builder()
        .id(number.to_string())
        .message_body(body);
    if let Some(trace) = trace {
        let name = MessageSystemAttributeNameForSends::AwsTraceHeader;
        entry = entry.message_system_attributes(name, trace.clone());
    }
    entry.build().map_err(unsendable)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::sqs::testing::answering;

    fn sizes(bodies: Vec<String>) -> Vec<usize> {
        batches(bodies).map(|batch| batch.len()).collect()
    }

    #[test]
    fn a_batch_has_ten_bodies_at_most_and_fits_into_a_request() {
        assert_eq!(sizes(vec![]), [0; 0]);
        assert_eq!(sizes(vec!["a".to_owned(); 25]), [10, 10, 5]);
        let third = "a".repeat(MOST_BYTES / 3);
        assert_eq!(sizes(vec![third; 7]), [3, 3, 1]);
        let long = "a".repeat(MOST_BYTES + 1);
        let short = "a".to_owned();
        assert_eq!(
            sizes(vec![short.clone(), short.clone(), long, short]),
            [2, 1, 1]
        );
    }

    #[test]
    fn no_body_is_lost_between_batches() {
        let bodies: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        assert_eq!(
            batches(bodies.clone()).flatten().collect::<Vec<_>>(),
            bodies
        );
    }

    fn message(node: usize) -> Message {
        crate::conformance::normal(&format!("n{node}"))
    }

    /// Answers to `SendMessageBatch`: the entries of which `refuses` says how fail, the rest are
    /// taken, and kept.
    async fn refusing(
        refuses: impl Fn(usize, &str) -> Option<Value> + Send + Sync + 'static,
    ) -> (SqsQueue, Arc<Mutex<Vec<String>>>) {
        let (taken, requests) = (Arc::<Mutex<Vec<String>>>::default(), AtomicUsize::new(0));
        let keep = Arc::clone(&taken);
        let queue = answering(move |operation, request| match operation {
            "GetQueueUrl" => (200, json!({"QueueUrl": "http://127.0.0.1/0/q"})),
            "SendMessageBatch" => {
                let number = requests.fetch_add(1, Ordering::SeqCst);
                let (mut good, mut bad) = (Vec::new(), Vec::new());
                for entry in request["Entries"].as_array().unwrap() {
                    let (id, body) = (&entry["Id"], entry["MessageBody"].as_str().unwrap());
                    match refuses(number, body) {
                        Some(mut failed) => {
                            failed["Id"] = id.clone();
                            bad.push(failed);
                        }
                        None => {
                            keep.lock().unwrap().push(body.to_owned());
                            good.push(json!({"Id": id, "MessageId": "m", "MD5OfMessageBody": ""}));
                        }
                    }
                }
                (200, json!({"Successful": good, "Failed": bad}))
            }
            other => panic!("{other}"),
        });
        (queue.await, taken)
    }

    fn internal() -> Value {
        json!({"SenderFault": false, "Code": "InternalError", "Message": "try again"})
    }

    #[tokio::test]
    async fn what_sqs_did_not_take_of_a_batch_is_sent_again() {
        let (queue, taken) =
            refusing(|number, body| (number < 3 && body.contains("n4")).then(internal)).await;
        send_batch(&queue, (0..8).map(message).collect())
            .await
            .unwrap();
        let mut taken = taken.lock().unwrap().clone();
        taken.sort();
        let sent = (0..8).map(|n| serde_json::to_string(&message(n)).unwrap());
        assert_eq!(taken, sent.collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn what_sqs_never_takes_is_an_error_with_its_reason() {
        let (queue, taken) = refusing(|_, body| body.contains("n4").then(internal)).await;
        let error = send_batch(&queue, (0..8).map(message).collect()).await;
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("farm-normal: SQS did not take 1 messages: try again"),
            "{text}"
        );
        assert_eq!(taken.lock().unwrap().len(), 7);
        // A fault of ours is not repeated.
        let invalid = json!({"SenderFault": true, "Code": "InvalidMessageContents"});
        let (queue, taken) = refusing(move |_, _| Some(invalid.clone())).await;
        let text = send_batch(&queue, vec![message(1)])
            .await
            .unwrap_err()
            .to_string();
        assert!(text.contains("InvalidMessageContents"), "{text}");
        assert_eq!(taken.lock().unwrap().len(), 0);
    }

    #[tokio::test]
    async fn batches_and_dead_letters_carry_the_trace() {
        let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
        let keep = Arc::clone(&seen);
        let queue = answering(move |operation, request| {
            let parts = match operation {
                "GetQueueUrl" => return (200, json!({"QueueUrl": "http://127.0.0.1/0/q"})),
                "SendMessageBatch" => request["Entries"].as_array().unwrap().clone(),
                _ => vec![request],
            };
            let headers = parts.iter().map(|part| {
                part["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"].clone()
            });
            keep.lock().unwrap().extend(headers);
            (200, json!({"Successful": [], "Failed": []}))
        });
        let queue = queue.await;
        trace::with_trace(Some("Root=1".to_owned()), async {
            send_batch(&queue, (0..2).map(message).collect())
                .await
                .unwrap();
            let channel = message(0).channel();
            queue.bury(channel, "body", "reason").await.unwrap();
        })
        .await;
        send_batch(&queue, vec![message(0)]).await.unwrap();
        let traced = json!("Root=1");
        let expected = [traced.clone(), traced.clone(), traced, Value::Null];
        assert_eq!(*seen.lock().unwrap(), expected);
    }

    #[tokio::test]
    async fn a_throttled_or_forbidden_send_says_so_in_one_line() {
        for (code, hint) in [
            ("AccessDeniedException", "roles"),
            ("ThrottlingException", "fewer"),
        ] {
            let queue = answering(move |_, _| {
                (
                    400,
                    json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": "no\nno"}),
                )
            });
            let error = send_batch(&queue.await, vec![message(1)])
                .await
                .unwrap_err();
            let text = error.to_string();
            assert!(
                text.contains(code) && text.contains(hint) && !text.contains('\n'),
                "{text}"
            );
        }
    }
}
