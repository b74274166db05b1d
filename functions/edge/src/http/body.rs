//! Bodies of requests, bounded in size and time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use super::reply::{Problem, text};
use hyper::StatusCode;

/// Reads a body of at most `limit` bytes within `time`.
pub(crate) async fn read(body: Incoming, limit: usize, time: Duration) -> Result<Bytes, Problem> {
    let too_long = || {
        text(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The request body is longer than {limit} bytes."),
        )
        .closing()
    };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    match tokio::time::timeout(time, Limited::new(body, limit).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(text(
            StatusCode::BAD_REQUEST,
            "The request body ended early.".to_owned(),
        )
        .closing()),
        Err(_) => Err(text(
            StatusCode::REQUEST_TIMEOUT,
            "The request body did not arrive in time.".to_owned(),
        )
        .closing()),
    }
}
