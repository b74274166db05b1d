//! What AWS answers when it fails, as one line for the person who must fix it.

use std::error::Error;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::QueueError;

/// The error of a request about `name`: a queue or a topic.
pub(super) fn refused<E>(name: &str, error: SdkError<E>) -> QueueError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let said = match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => causes(&error),
    };
    let unreachable = matches!(
        error,
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)
    );
    let hint = hint(&said)
        .or_else(|| unreachable.then_some(UNREACHABLE))
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    QueueError::Unavailable {
        reason: format!("{name}: {said}{hint}"),
    }
}

/// What AWS said makes no sense.
pub(super) fn strange(name: &str, what: &str) -> QueueError {
    QueueError::Unavailable {
        reason: format!("{name}: {what}"),
    }
}

/// A request that can't be made of what was given.
pub(super) fn unsendable(error: impl std::fmt::Display) -> QueueError {
    QueueError::unavailable(format!("a message can't be sent: {error}"))
}

/// Whether the queue is not there.
pub(super) fn is_no_queue<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code().is_some_and(names_no_queue)
}

/// Whether the receipt of a message stands for nothing any more.
pub(super) fn is_void<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let message = error.message().unwrap_or_default();
    error.code().is_some_and(|code| {
        code.contains("MessageNotInflight")
            || code.contains("ReceiptHandleIsInvalid")
            // SQS says this of a message that is gone.
            || (code.contains("InvalidParameterValue") && message.contains("ReceiptHandle"))
    })
}

fn names_no_queue(text: &str) -> bool {
    text.contains("NonExistentQueue") || text.contains("QueueDoesNotExist")
}

const UNREACHABLE: &str =
    "AWS can't be reached: look at the network, the region and AWS_ENDPOINT_URL";

fn hint(said: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if names_no_queue(said) {
        Some(
            "is the stack deployed in this region and account, and is the queue URL its output QueueUrl?",
        )
    } else if has(&["Missing Region", "missing region"]) {
        Some("set AWS_REGION, or a region in the AWS configuration")
    } else if has(&["AccessDenied", "NotAuthorized", "AuthorizationError"]) {
        Some("the role or user has not this right: compare it with the stack's roles")
    } else if has(&[
        "ExpiredToken",
        "InvalidClientTokenId",
        "UnrecognizedClient",
        "SignatureDoesNotMatch",
        "InvalidSecurity",
    ]) {
        Some("AWS does not take these credentials: renew them")
    } else if has(&["hrottl", "TooManyRequests"]) {
        Some("AWS asks for fewer requests; it was tried several times")
    } else if has(&["credential", "Credential"]) {
        Some(
            "no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    } else {
        None
    }
}

/// An error with all its causes, in one line.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_can_mend_has_a_hint() {
        for (said, hinted) in [
            (
                "AWS.SimpleQueueService.NonExistentQueue: no",
                "stack deployed",
            ),
            ("QueueDoesNotExist", "QueueUrl"),
            (
                "dispatch failure: the credential provider was not enabled",
                "AWS_PROFILE",
            ),
            ("ExpiredToken: the token has expired", "renew"),
            ("AccessDenied: no sqs:SendMessage", "right"),
            ("RequestThrottled", "fewer"),
            ("Invalid Configuration: Missing Region", "AWS_REGION"),
        ] {
            assert!(hint(said).unwrap().contains(hinted), "{said}");
        }
        assert_eq!(hint("InternalError"), None);
    }
}
