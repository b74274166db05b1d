//! Where a bucket is, and what its errors mean to who must fix them.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::ConnectorError;
use object_store::client::{HttpError, HttpErrorKind};

/// A bucket's name and where it is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its name.
    pub(crate) bucket: String,
    /// The region that requests are signed for.
    pub(crate) region: String,
    /// The URL that requests go to.
    pub(crate) endpoint: String,
}

/// The longest text of others that is shown, in characters.
const SHOWN: usize = 300;

impl Place {
    /// An error in one line: what failed, and what to do. `code` is S3's, when the error does not
    /// hold it as text.
    pub(crate) fn reason(&self, error: &(dyn Error + 'static), code: Option<&str>) -> String {
        let Self {
            bucket,
            region,
            endpoint,
        } = self;
        if let Some(error) = find::<CredentialsError>(error) {
            return credentials(bucket, error);
        }
        let text = error.to_string();
        let said = message_in(&text).map_or_else(|| Self::root_cause(error), one_line);
        match code
            .or_else(|| Self::code_in(&text))
            .or_else(|| status(&text))
        {
            Some("NoSuchBucket") => format!(
                "there is no bucket {bucket} (looked for in {region}): check the store's URL and \
                 AWS_REGION, or deploy the stack first"
            ),
            Some("AccessDenied" | "AllAccessDisabled" | "Forbidden") => format!(
                "access to bucket {bucket} was denied ({said}): give these credentials the rights \
                 of the deployed template's roles"
            ),
            Some(
                code @ ("InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "InvalidToken"
                | "ExpiredToken"
                | "TokenRefreshRequired"
                | "InvalidSecurity"),
            ) => format!(
                "the AWS credentials are not valid for bucket {bucket} ({code}: {said}): renew \
                 them, or choose others with AWS_PROFILE"
            ),
            Some("RequestTimeTooSkewed") => format!(
                "bucket {bucket} refuses this machine's clock, which is wrong by more than 15 \
                 minutes: set it"
            ),
            Some(
                "PermanentRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException",
            ) => format!(
                "bucket {bucket} is not in region {region}: set AWS_REGION to the region of the \
                 bucket"
            ),
            Some("SlowDown" | "ServiceUnavailable" | "RequestLimitExceeded" | "Throttling") => {
                format!("bucket {bucket} asks to slow down, still after several tries")
            }
            Some(code) if code.starts_with("KMS.") => {
                format!("the key of bucket {bucket} can't be used ({code}: {said})")
            }
            Some(code) => format!("bucket {bucket} answers {code}: {said}"),
            None if unreachable(error) => format!(
                "bucket {bucket} can't be reached at {endpoint}: {said}; check the network and \
                 the endpoint"
            ),
            None => format!("bucket {bucket}: {said}"),
        }
    }

    /// S3's error code in the text of an answer.
    pub(crate) fn code_in(text: &str) -> Option<&str> {
        element(text, "<Code>", "</Code>")
    }

    /// The first cause of an error, in one line.
    pub(crate) fn root_cause(error: &(dyn Error + 'static)) -> String {
        let mut deepest = error;
        while let Some(cause) = deepest.source() {
            deepest = cause;
        }
        one_line(&deepest.to_string())
    }
}

fn credentials(bucket: &str, error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => format!(
            "there are no AWS credentials for bucket {bucket}: set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or run where a role is attached"
        ),
        _ => format!(
            "the AWS credentials for bucket {bucket} can't be had: {}",
            Place::root_cause(error)
        ),
    }
}

fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// Whether no answer came at all, through `object_store` or the SDK.
fn unreachable(error: &(dyn Error + 'static)) -> bool {
    let kind = find::<HttpError>(error).map(HttpError::kind);
    matches!(
        kind,
        Some(HttpErrorKind::Connect | HttpErrorKind::Request | HttpErrorKind::Timeout)
    ) || find::<ConnectorError>(error).is_some()
}

/// The code that an answer without a body would have had.
fn status(text: &str) -> Option<&'static str> {
    [
        ("403 Forbidden", "AccessDenied"),
        ("301 Moved Permanently", "PermanentRedirect"),
        ("redirect without LOCATION", "PermanentRedirect"),
        ("503 Service Unavailable", "SlowDown"),
    ]
    .into_iter()
    .find_map(|(said, code)| text.contains(said).then_some(code))
}

fn message_in(text: &str) -> Option<&str> {
    element(text, "<Message>", "</Message>")
}

fn element<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(open)?;
    rest.split_once(close).map(|(inner, _)| inner)
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(SHOWN).collect()
}
