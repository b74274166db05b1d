//! What an error of `object_store` means for what was asked.

use std::error::Error as _;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use crate::bucket::Place;

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
    let text = error.to_string();
    match Place::code_in(&text) {
        // A missing bucket is 404 too, and no answer to a question about an object.
        Some("NoSuchBucket") => return Failure::Other,
        Some("ConditionalRequestConflict" | "OperationAborted") => return Failure::Raced,
        _ => {}
    }
    match error {
        Error::NotFound { .. } => Failure::Missing,
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
            Failure::Refused
        }
        _ => match transport(error) {
            Some(HttpErrorKind::Connect) | None => Failure::Other,
            Some(_) => Failure::Unknown,
        },
    }
}

/// How the connection failed, if it was that.
fn transport(error: &Error) -> Option<HttpErrorKind> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(http) = error.downcast_ref::<HttpError>() {
            return Some(http.kind());
        }
        cause = error.source();
    }
    None
}
