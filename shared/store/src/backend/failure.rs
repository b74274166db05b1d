//! What an error of `object_store` means for what was asked.

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use super::credentials::NoCredentials;
use crate::answer;

/// What became of a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There is no such object.
    Missing,
    /// The condition of a put does not hold.
    Refused,
    /// Another write to the same key was under way: nothing was written, nothing is decided.
    Raced,
    /// The answer was lost; a write may have happened.
    Unknown,
    /// Anything else, after all tries.
    Other,
}

/// Sorts an error.
pub(crate) fn of(error: &Error) -> Failure {
    if answer::find::<NoCredentials>(error).is_some() {
        return Failure::Other;
    }
    let text = error.to_string();
    match answer::code_in(&text) {
        // A missing bucket is 404 too, and no answer to a question about an object; nor does a bucket
        // that takes no writes at all say anything of a write's condition.
        Some(
            "NoSuchBucket"
            | "ContainerNotFound"
            | "ContainerBeingDeleted"
            | "ResourceNotFound"
            | "BlobImmutableDueToPolicy",
        ) => return Failure::Other,
        Some("ConditionalRequestConflict" | "OperationAborted") => return Failure::Raced,
        _ => {}
    }
    match error {
        Error::NotFound { .. } => Failure::Missing,
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
            Failure::Refused
        }
        _ => match answer::find::<HttpError>(error).map(HttpError::kind) {
            Some(HttpErrorKind::Connect) | None => Failure::Other,
            Some(_) => Failure::Unknown,
        },
    }
}
