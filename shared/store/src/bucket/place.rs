//! Where a bucket is, and what its errors mean to who must fix them.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::ConnectorError;

use crate::answer;

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

impl Place {
    /// An error in one line: what failed, and what to do. `code` is S3's, when the error does not
    /// hold it as text.
    pub(crate) fn reason(&self, error: &(dyn Error + 'static), code: Option<&str>) -> String {
        let Self {
            bucket,
            region,
            endpoint,
        } = self;
        if let Some(error) = answer::find::<CredentialsError>(error) {
            return credentials(bucket, error);
        }
        let text = error.to_string();
        let said = answer::said(error, &text);
        match code
            .or_else(|| answer::code_in(&text))
            .or_else(|| answer::code_of_status(&text))
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
}

fn credentials(bucket: &str, error: &CredentialsError) -> String {
    match error {
        CredentialsError::CredentialsNotLoaded(_) => format!(
            "there are no AWS credentials for bucket {bucket}: set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or run where a role is attached"
        ),
        _ => format!(
            "the AWS credentials for bucket {bucket} can't be had: {}",
            answer::root_cause(error)
        ),
    }
}

/// Whether no answer came at all, through `object_store` or the SDK.
fn unreachable(error: &(dyn Error + 'static)) -> bool {
    answer::is_missing(error) || answer::find::<ConnectorError>(error).is_some()
}
