//! An event of SQS, taken apart.

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use bunraku_farm::messages::{Channel, Message};
use bunraku_queue::sqs::Body;
use serde_json::Value;

use crate::channel;
use crate::task::Task;

/// One message of SQS.
#[derive(Debug)]
pub(crate) struct Item {
    /// How the answer names it.
    pub(crate) id: String,
    /// How SQS names this delivery.
    pub(crate) receipt: String,
    /// The queue it came from.
    pub(crate) channel: Channel,
    /// How often it was received, this time included.
    pub(crate) attempt: u32,
    /// The X-Ray header it was sent with.
    pub(crate) trace: Option<String>,
    /// Its text as it came.
    pub(crate) body: String,
    /// What it asks for, or why it can never be handled here.
    pub(crate) messages: Result<Vec<Message>, String>,
}

/// An event that this function can't have been meant for: its mapping is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EventError {
    #[error("this is no event of SQS: {0}; the function takes the messages of its queues only")]
    NotSqs(String),
    #[error("the queue {arn:?} is none of {prefix}'s (BUNRAKU_QUEUE)")]
    ForeignQueue { arn: String, prefix: String },
}

/// The messages of an event, for a function that handles `T`.
pub(crate) fn items<T: Task>(event: Value, prefix: &str) -> Result<Vec<Item>, EventError> {
    let event: SqsEvent =
        serde_json::from_value(event).map_err(|error| EventError::NotSqs(error.to_string()))?;
    let items = event.records.into_iter();
    items.map(|record| item::<T>(record, prefix)).collect()
}

fn item<T: Task>(record: SqsMessage, prefix: &str) -> Result<Item, EventError> {
    let lacking = |field: &str| EventError::NotSqs(format!("a record has no {field}"));
    // S3's and others' events look alike.
    if record.event_source.as_deref() != Some("aws:sqs") {
        return Err(EventError::NotSqs(format!(
            "a record comes from {:?}",
            record.event_source.unwrap_or_default()
        )));
    }
    let arn = record.event_source_arn.unwrap_or_default();
    let channel = channel::of_queue(&arn, prefix).ok_or_else(|| EventError::ForeignQueue {
        arn,
        prefix: prefix.to_owned(),
    })?;
    let mut attributes = record.attributes;
    let attempt = attributes
        .get("ApproximateReceiveCount")
        .and_then(|count| count.parse().ok());
    let body = record.body.unwrap_or_default();
    Ok(Item {
        id: record.message_id.ok_or_else(|| lacking("messageId"))?,
        receipt: record
            .receipt_handle
            .ok_or_else(|| lacking("receiptHandle"))?,
        channel,
        attempt: attempt.unwrap_or(1),
        trace: attributes.remove("AWSTraceHeader"),
        messages: messages::<T>(&body),
        body,
    })
}

/// What a body asks for; the error is for the people who look at dead letters.
fn messages<T: Task>(body: &str) -> Result<Vec<Message>, String> {
    let messages = match Body::parse(body).map_err(|error| error.to_string())? {
        Body::Nothing => return Ok(Vec::new()),
        Body::Messages(messages) => messages,
    };
    match messages
        .iter()
        .find(|message| T::of((*message).clone()).is_none())
    {
        None => Ok(messages),
        Some(other) => Err(format!(
            "the message is not {}, which this function handles: it belongs to the queue {:?}",
            T::KIND,
            other.channel().as_str()
        )),
    }
}

#[cfg(test)]
mod tests {
    use bunraku_farm::messages::{Lane, Planning, UploadCreated};
    use serde_json::json;

    use super::*;

    fn event(arn: &str, body: &str) -> Value {
        json!({"Records": [{
            "messageId": "m1",
            "receiptHandle": "r1",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "3", "AWSTraceHeader": "Root=1-2-3"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": "us-east-1",
        }]})
    }

    const UPLOADS: &str = "arn:aws:sqs:us-east-1:000000000000:farm-uploads";
    const TEST_EVENT: &str = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;

    fn upload() -> Message {
        let key = "uploads/production/a.tar.gz".parse().unwrap();
        UploadCreated { key }.into()
    }

    fn only<T: Task>(body: &str) -> Item {
        let mut items = items::<T>(event(UPLOADS, body), "farm").unwrap();
        assert_eq!(items.len(), 1);
        items.remove(0)
    }

    #[test]
    fn a_record_is_taken_apart() {
        let body = serde_json::to_string(&upload()).unwrap();
        let item = only::<UploadCreated>(&body);
        assert_eq!((&*item.id, &*item.receipt, item.attempt), ("m1", "r1", 3));
        assert_eq!((item.channel, &item.body), (Channel::Uploads, &body));
        assert_eq!(item.trace.as_deref(), Some("Root=1-2-3"));
        assert_eq!(item.messages, Ok(vec![upload()]));
    }

    #[test]
    fn the_test_event_of_s3_asks_for_nothing() {
        assert_eq!(only::<UploadCreated>(TEST_EVENT).messages, Ok(Vec::new()));
    }

    #[test]
    fn a_body_that_can_never_be_handled_has_its_reason() {
        let reason = only::<UploadCreated>("gibberish").messages.unwrap_err();
        assert!(
            reason.starts_with("the message can't be read: "),
            "{reason}"
        );
        let body = serde_json::to_string(&upload()).unwrap();
        assert_eq!(
            only::<Planning>(&body).messages.unwrap_err(),
            "the message is not a plan task, which this function handles: it belongs to the queue \"uploads\""
        );
    }

    #[test]
    fn other_events_are_refused_and_say_why() {
        let refuse = |event: Value| items::<Planning>(event, "farm").unwrap_err();
        let mut s3 = event(UPLOADS, "{}");
        s3["Records"][0]["eventSource"] = "aws:s3".into();
        let mut nameless = event(UPLOADS, "{}");
        nameless["Records"][0]["messageId"] = Value::Null;
        for (event, said) in [
            (json!({}), "missing field `Records`"),
            (json!("text"), "expected struct SqsEvent"),
            (s3, "a record comes from \"aws:s3\""),
            (nameless, "a record has no messageId"),
        ] {
            let error = refuse(event).to_string();
            assert!(error.starts_with("this is no event of SQS: "), "{error}");
            assert!(error.contains(said), "{error}");
        }
        let foreign = "arn:aws:sqs:us-east-1:000000000000:other-plans".to_owned();
        let refused = refuse(event(&foreign, "{}"));
        let prefix = "farm".to_owned();
        assert_eq!(
            refused,
            EventError::ForeignQueue {
                arn: foreign,
                prefix
            }
        );
    }

    #[test]
    fn the_queue_is_told_by_its_name() {
        let arn = "arn:aws:sqs:us-east-1:000000000000:farm-bulk";
        let items = items::<Planning>(event(arn, ""), "farm").unwrap();
        assert_eq!(items[0].channel, Channel::Compile(Lane::Bulk));
    }
}
