//! What a message's body says: one of ours, or a notification of S3.

use bunraku_farm::messages::{Message, UploadCreated};
use serde::Deserialize;

use super::notification::{Notification, TestEvent};

/// A body, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// What is to be done; S3 may tell of several objects at once.
    Messages(Vec<Message>),
    /// Nothing is to be done: the test event that S3 sends when notifications are set up, or an
    /// object that is no upload.
    Nothing,
}

/// Why a body can't be read; it never can.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message can't be read: {reason}")]
pub struct BodyError {
    reason: String,
}

/// Which of the three a body is; ours names itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Message(Message),
    Notification(Notification),
    Test(TestEvent),
}

impl Body {
    /// Reads a body.
    pub fn parse(text: &str) -> Result<Self, BodyError> {
        let refuse = |reason: String| BodyError { reason };
        match serde_json::from_str(text) {
            Ok(Wire::Message(message)) => Ok(Self::Messages(vec![message])),
            Ok(Wire::Notification(notification)) => Ok(Self::of(notification)),
            Ok(Wire::Test(test)) if test.event == TestEvent::NAME => Ok(Self::Nothing),
            Ok(Wire::Test(test)) => Err(refuse(format!("unknown event {:?}", test.event))),
            Err(_) => Err(refuse(match serde_json::from_str::<Message>(text) {
                Err(error) => error.to_string(),
                Ok(_) => "it is of no known form".to_owned(),
            })),
        }
    }

    fn of(notification: Notification) -> Self {
        let messages: Vec<Message> = notification
            .created()
            .filter_map(|key| match key.parse() {
                Ok(key) => Some(UploadCreated { key }.into()),
                Err(error) => {
                    tracing::warn!(key, %error, "an object is not taken for an upload");
                    None
                }
            })
            .collect();
        match messages.is_empty() {
            true => Self::Nothing,
            false => Self::Messages(messages),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(key: &str) -> String {
        format!(
            r#"{{"Records":[{{"eventVersion":"2.1","eventName":"ObjectCreated:Put","s3":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}","size":1,"eTag":"e"}}}}}}]}}"#
        )
    }

    fn upload(key: &str) -> Body {
        let key = key.parse().unwrap();
        Body::Messages(vec![UploadCreated { key }.into()])
    }

    #[test]
    fn our_messages_come_back() {
        let message = Message::from(UploadCreated {
            key: "uploads/production/a.tar.gz".parse().unwrap(),
        });
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(Body::parse(&text), Ok(Body::Messages(vec![message])));
    }

    #[test]
    fn an_object_created_under_uploads_is_an_upload() {
        let key = "uploads/production/a.tar.zst";
        assert_eq!(Body::parse(&created(key)), Ok(upload(key)));
        let escaped = "uploads%2Fproduction%2Fa.tar.zst";
        assert_eq!(Body::parse(&created(escaped)), Ok(upload(key)));
    }

    #[test]
    fn a_test_event_and_other_objects_are_nothing() {
        let test = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
        for text in [
            test.to_owned(),
            created("uploads/production/a.result.json"),
            created("uploads/production/a"),
            r#"{"Records":[]}"#.to_owned(),
        ] {
            assert_eq!(Body::parse(&text), Ok(Body::Nothing), "{text}");
        }
    }

    #[test]
    fn anything_else_is_told_with_its_reason() {
        for text in [
            "",
            "{}",
            "[]",
            "{\"message\":\"compile\"}",
            "{\"Event\":\"x\"}",
        ] {
            let error = Body::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("the message can't be read: "), "{error}");
        }
    }
}
