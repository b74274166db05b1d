//! What S3 says of objects that came to be.

use serde::Deserialize;

/// `{"Records": [{"eventName": ..., "s3": {"object": {"key": ...}}}]}`; S3 sends much more.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Notification {
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    event_name: String,
    s3: S3,
}

#[derive(Deserialize)]
struct S3 {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

impl Notification {
    /// The keys of the objects that were created.
    pub(super) fn created(self) -> impl Iterator<Item = String> {
        self.records
            .into_iter()
            .filter(|record| record.event_name.starts_with("ObjectCreated:"))
            .map(|record| form_decoded(&record.s3.object.key))
    }
}

/// `{"Service": "Amazon S3", "Event": "s3:TestEvent", ...}`: sent when notifications are set up.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TestEvent {
    pub(super) event: String,
}

impl TestEvent {
    pub(super) const NAME: &str = "s3:TestEvent";
}

/// Keys arrive as in a form: a space is `+` (AWS) or `%20` (LocalStack).
fn form_decoded(key: &str) -> String {
    let key = key.replace('+', " ");
    percent_encoding::percent_decode_str(&key)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_form_decoded() {
        for (key, decoded) in [
            (
                "pointers/production/web1.json",
                "pointers/production/web1.json",
            ),
            ("a+b%20c%2Bd", "a b c+d"),
            (
                "uploads%2Fproduction%2Fa.tar.gz",
                "uploads/production/a.tar.gz",
            ),
        ] {
            assert_eq!(form_decoded(key), decoded);
        }
    }

    #[test]
    fn only_created_objects_count() {
        let record = |event: &str, key: &str| {
            format!(r#"{{"eventName":"{event}","s3":{{"object":{{"key":"{key}"}}}}}}"#)
        };
        let text = format!(
            r#"{{"Records":[{},{}]}}"#,
            record("ObjectCreated:Put", "a"),
            record("ObjectRemoved:Delete", "b")
        );
        let notification: Notification = serde_json::from_str(&text).unwrap();
        assert_eq!(notification.created().collect::<Vec<_>>(), ["a"]);
    }
}
