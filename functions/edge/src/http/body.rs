//! Bodies of requests, bounded in size and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};

use super::reply::{Problem, text};

/// How much of a body that is too long is read and thrown away, in bytes. A client that is cut off
/// in the middle of its request never reads the answer that says why.
const DISCARD: usize = 64 << 20;
/// How long that may take.
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Reads a body of at most `limit` bytes within `time`.
pub(crate) async fn read(
    mut body: Incoming,
    limit: usize,
    time: Duration,
) -> Result<Bytes, Problem> {
    match tokio::time::timeout(time, collect(&mut body, limit)).await {
        Ok(Ok(Some(content))) => Ok(content),
        Ok(Ok(None)) => {
            // Whether the client was patient or not, it gets the same answer.
            let _ = tokio::time::timeout(DISCARD_TIME, discard(&mut body)).await;
            Err(text(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The request body is longer than {limit} bytes."),
            )
            .closing())
        }
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

/// The whole body; `None` when it is longer than `limit`, by its own word or in fact.
async fn collect(body: &mut Incoming, limit: usize) -> Result<Option<Bytes>, hyper::Error> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Ok(None);
    }
    let mut content = BytesMut::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        if let Ok(part) = frame?.into_data() {
            if content.len() + part.len() > limit {
                return Ok(None);
            }
            content.extend_from_slice(&part);
        }
    }
    Ok(Some(content.freeze()))
}

async fn discard(body: &mut Incoming) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.into_data().map_or(0, |part| part.len());
        if seen > DISCARD {
            return;
        }
    }
}
