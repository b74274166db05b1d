//! Tries out what the farm rests on: writes on a condition.

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use uuid::Uuid;

use super::{Bucket, Finding, code};

const CONDITIONS: &str = "conditional writes";

type Put = Result<PutObjectOutput, SdkError<PutObjectError>>;

/// On what a put depends.
enum Condition<'a> {
    IsNotThere,
    Has(&'a str),
}

impl Bucket {
    /// Creates and swaps an object of its own, each once rightly and once wrongly.
    pub(super) async fn probe(&self) -> Finding {
        let object = self.object(format!("probe/{}", Uuid::new_v4()));
        let mut written = Vec::new();
        let outcome = self.try_conditions(&object, &mut written).await;
        let left = self.remove_probe(&object, &written).await;
        match (outcome, left) {
            (Ok(()), None) => Finding::ok(CONDITIONS, "create and swap work"),
            (Ok(()), Some(reason)) => Finding::warning(
                CONDITIONS,
                format!("create and swap work, but {object} can't be removed: {reason}"),
                "remove it by hand",
            ),
            (Err(reason), _) => Finding::error(
                CONDITIONS,
                reason,
                "the store must know If-None-Match and If-Match on PUT, and these credentials \
                 must be allowed to write: without both, updates get lost",
            ),
        }
    }

    /// `written` gets the version of each object written, empty in a bucket without versions.
    async fn try_conditions(&self, object: &str, written: &mut Vec<String>) -> Result<(), String> {
        let mut wrote = |put: &Put| {
            if let Ok(put) = put {
                written.push(put.version_id().unwrap_or_default().to_owned());
            }
        };
        let first = self.put_probe(object, "1", &Condition::IsNotThere).await;
        wrote(&first);
        let first = first.map_err(|error| format!("creating failed: {}", self.reason(&error)))?;
        let Some(first) = first.e_tag() else {
            return Err("creating gives no ETag".to_owned());
        };
        let again = self.put_probe(object, "2", &Condition::IsNotThere).await;
        wrote(&again);
        self.must_be_refused("creating what is there already", again)?;
        let swapped = self.put_probe(object, "3", &Condition::Has(first)).await;
        wrote(&swapped);
        swapped.map_err(|error| format!("swapping failed: {}", self.reason(&error)))?;
        let stale = self.put_probe(object, "4", &Condition::Has(first)).await;
        wrote(&stale);
        self.must_be_refused("swapping what was changed meanwhile", stale)
    }

    fn must_be_refused(&self, what: &str, put: Put) -> Result<(), String> {
        match put {
            Ok(_) => Err(format!("{what} was not refused: the condition is ignored")),
            Err(error) if code(&error) == Some("PreconditionFailed") => Ok(()),
            Err(error) => Err(format!("{what} failed wrongly: {}", self.reason(&error))),
        }
    }

    async fn put_probe(&self, object: &str, body: &'static str, condition: &Condition<'_>) -> Put {
        let put = self
            .client
            .put_object()
            .bucket(self.name())
            .key(object)
            .body(ByteStream::from_static(body.as_bytes()));
        match condition {
            Condition::IsNotThere => put.if_none_match("*"),
            Condition::Has(e_tag) => put.if_match(*e_tag),
        }
        .send()
        .await
    }

    /// Removes the probe's versions; says why not, if that fails.
    async fn remove_probe(&self, object: &str, written: &[String]) -> Option<String> {
        let mut failed = None;
        for version in written {
            let version = Some(version.clone()).filter(|version| !version.is_empty());
            let removed = self
                .client
                .delete_object()
                .bucket(self.name())
                .key(object)
                .set_version_id(version)
                .send()
                .await;
            if let Err(error) = removed {
                failed = Some(self.reason(&error));
            }
        }
        failed
    }
}
