//! Whether a bucket can carry a farm.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};

use super::{Bucket, Finding, code, judge};

const REACHABLE: &str = "reachable";

impl Bucket {
    /// Looks at everything that a farm needs of its bucket, and tries out what can be tried; each
    /// thing gives a finding, in a fixed order. Only `reachable` when that fails.
    ///
    /// The probe writes a few bytes under `probe/` and removes them again.
    pub async fn check(&self) -> Vec<Finding> {
        let dates = Dates::default();
        let head = self
            .client
            .head_bucket()
            .bucket(self.name())
            .customize()
            .interceptor(dates.clone())
            .send()
            .await;
        let skew = dates.skew().map(judge::clock);
        let mut findings = Vec::new();
        match head {
            Ok(_) => findings.push(Finding::ok(
                REACHABLE,
                format!(
                    "bucket {} in {}, at {}",
                    self.name(),
                    self.region(),
                    self.place.endpoint
                ),
            )),
            Err(error) => {
                let code = match code(&error) {
                    Some("NotFound") => Some("NoSuchBucket"),
                    other => other,
                };
                findings.push(Finding::error(
                    REACHABLE,
                    self.place.reason(&error, code),
                    "put this right first; the rest was not looked at",
                ));
                findings.extend(skew);
                return findings;
            }
        }
        findings.extend(skew);
        let (versioning, encryption, public_access, lifecycle, notifications, probe) = tokio::join!(
            self.check_versioning(),
            self.check_encryption(),
            self.check_public_access(),
            self.check_lifecycle(),
            self.check_notifications(),
            self.probe(),
        );
        findings.extend([versioning, encryption, public_access]);
        findings.extend(lifecycle);
        findings.extend(notifications);
        findings.push(probe);
        findings
    }

    async fn check_versioning(&self) -> Finding {
        let asked = self.client.get_bucket_versioning().bucket(self.name());
        match asked.send().await {
            Ok(answer) => judge::versioning(answer.status()),
            Err(error) => self.unseen(judge::VERSIONING, &error),
        }
    }

    async fn check_encryption(&self) -> Finding {
        let asked = self.client.get_bucket_encryption().bucket(self.name());
        match asked.send().await {
            Ok(answer) => judge::encryption(
                answer
                    .server_side_encryption_configuration()
                    .map(|configuration| configuration.rules())
                    .unwrap_or_default(),
            ),
            Err(error)
                if code(&error) == Some("ServerSideEncryptionConfigurationNotFoundError") =>
            {
                judge::encryption(&[])
            }
            Err(error) => self.unseen(judge::ENCRYPTION, &error),
        }
    }

    async fn check_public_access(&self) -> Finding {
        let asked = self.client.get_public_access_block().bucket(self.name());
        match asked.send().await {
            Ok(answer) => judge::public_access(answer.public_access_block_configuration()),
            Err(error) if code(&error) == Some("NoSuchPublicAccessBlockConfiguration") => {
                judge::public_access(None)
            }
            Err(error) => self.unseen(judge::PUBLIC_ACCESS, &error),
        }
    }

    async fn check_lifecycle(&self) -> Vec<Finding> {
        let uploads = self.object("uploads/");
        let asked = self
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(self.name());
        match asked.send().await {
            Ok(answer) => judge::lifecycle(answer.rules(), &uploads),
            Err(error) if code(&error) == Some("NoSuchLifecycleConfiguration") => {
                judge::lifecycle(&[], &uploads)
            }
            Err(error) => [judge::LIFECYCLE_PARTS, judge::LIFECYCLE_UPLOADS]
                .map(|what| self.unseen(what, &error))
                .to_vec(),
        }
    }

    async fn check_notifications(&self) -> Vec<Finding> {
        let asked = self
            .client
            .get_bucket_notification_configuration()
            .bucket(self.name());
        match asked.send().await {
            Ok(answer) => vec![
                judge::notify_uploads(answer.queue_configurations(), &self.object("uploads/")),
                judge::notify_pointers(answer.topic_configurations(), &self.object("pointers/")),
            ],
            Err(error) => [judge::NOTIFY_UPLOADS, judge::NOTIFY_POINTERS]
                .map(|what| self.unseen(what, &error))
                .to_vec(),
        }
    }

    /// What is not seen is not known to be wrong.
    fn unseen<E>(&self, what: &str, error: &SdkError<E>) -> Finding
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        Finding::warning(
            what,
            format!("could not be looked at: {}", self.reason(error)),
            "check with an administrator's credentials",
        )
    }
}

/// The `Date` of the last answer, against this machine's clock when it came.
#[derive(Clone, Debug, Default)]
struct Dates(Arc<Mutex<Option<Duration>>>);

impl Dates {
    fn skew(&self) -> Option<Duration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Dates {
    fn name(&self) -> &'static str {
        "Dates"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _settings: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let theirs = context
            .response()
            .headers()
            .get("date")
            .and_then(|date| DateTime::from_str(date, DateTimeFormat::HttpDate).ok())
            .and_then(|date| SystemTime::try_from(date).ok());
        if let Some(theirs) = theirs {
            let ours = SystemTime::now();
            let off = ours
                .duration_since(theirs)
                .unwrap_or_else(|behind| behind.duration());
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(off);
        }
        Ok(())
    }
}
