//! Replies, and refusals in the reference's shapes.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::RangeInclusive;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY,
};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::reply_body::ReplyBody;

/// A reply.
pub(crate) type Reply = Response<ReplyBody>;

/// What the reference puts into `issue_kind` of an error (network/http/issues.rb).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum IssueKind {
    HandlerNotFound,
    ResourceNotFound,
    RuntimeError,
    UnsupportedFormat,
    UnsupportedMediaType,
}

/// A request that is not answered as asked.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    body: ProblemBody,
    close: bool,
    retry_after: Option<u64>,
}

#[derive(Debug)]
enum ProblemBody {
    Json(String, IssueKind),
    Text(String),
}

#[derive(Serialize)]
struct ErrorDocument<'a> {
    message: &'a str,
    issue_kind: IssueKind,
}

/// A refusal in plain text: all of puppet-ca, and 403 everywhere.
pub(crate) fn text(status: StatusCode, message: impl Into<String>) -> Problem {
    Problem {
        status,
        body: ProblemBody::Text(message.into()),
        close: false,
        retry_after: None,
    }
}

/// A refusal as an error document. The message gets the reference's prefix of its status.
pub(crate) fn issue(status: StatusCode, message: impl AsRef<str>, kind: IssueKind) -> Problem {
    let prefix = match status {
        StatusCode::BAD_REQUEST => "Bad Request: ",
        StatusCode::NOT_FOUND => "Not Found: ",
        StatusCode::METHOD_NOT_ALLOWED => "Method Not Allowed: ",
        StatusCode::NOT_ACCEPTABLE => "Not Acceptable: ",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "Unsupported Media Type: ",
        StatusCode::INTERNAL_SERVER_ERROR => "Server Error: ",
        _ => "",
    };
    Problem {
        status,
        body: ProblemBody::Json(format!("{prefix}{}", message.as_ref()), kind),
        close: false,
        retry_after: None,
    }
}

/// 400 as the reference words it.
pub(crate) fn bad_request(message: impl AsRef<str>) -> Problem {
    issue(StatusCode::BAD_REQUEST, message, IssueKind::RuntimeError)
}

/// 404 of a thing that an indirection could not find.
pub(crate) fn not_found(message: impl AsRef<str>) -> Problem {
    issue(StatusCode::NOT_FOUND, message, IssueKind::ResourceNotFound)
}

/// 404 of an environment.
pub(crate) fn no_environment(name: &str) -> Problem {
    issue(
        StatusCode::NOT_FOUND,
        format!("Could not find environment '{name}'"),
        IssueKind::RuntimeError,
    )
}

/// 500, with words for the client.
pub(crate) fn server_error(message: impl AsRef<str>) -> Problem {
    issue(
        StatusCode::INTERNAL_SERVER_ERROR,
        message,
        IssueKind::RuntimeError,
    )
}

/// 406 of a client that takes no form we have.
pub(crate) fn not_acceptable(headers: &hyper::HeaderMap) -> Problem {
    let accept = headers
        .get(hyper::header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    issue(
        StatusCode::NOT_ACCEPTABLE,
        format!("No supported formats are acceptable (Accept: {accept})"),
        IssueKind::UnsupportedFormat,
    )
}

/// 405.
pub(crate) fn no_method(method: &hyper::Method) -> Problem {
    issue(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("No support for http method {method}"),
        IssueKind::RuntimeError,
    )
}

/// 503 with `Retry-After`, a random number of seconds within `bounds`.
pub(crate) fn busy(bounds: &RangeInclusive<u64>) -> Problem {
    // A fresh RandomState is seeded anew each time: random enough to spread agents.
    let random = RandomState::new().hash_one(0_u8);
    let span = bounds
        .end()
        .saturating_sub(*bounds.start())
        .saturating_add(1)
        .max(1);
    Problem {
        status: StatusCode::SERVICE_UNAVAILABLE,
        body: ProblemBody::Text("The server is busy; please try again later.".to_owned()),
        close: false,
        retry_after: Some(bounds.start().saturating_add(random % span)),
    }
}

impl Problem {
    /// The same, with the connection closed after it: the rest of the body is not read.
    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The reply to send.
    pub(crate) fn into_reply(self) -> Reply {
        let mut reply = match self.body {
            ProblemBody::Json(message, issue_kind) => {
                let document = ErrorDocument {
                    message: &message,
                    issue_kind,
                };
                json("application/json;charset=utf-8", &document)
            }
            ProblemBody::Text(message) => bytes("text/plain;charset=utf-8", message),
        };
        *reply.status_mut() = self.status;
        if self.close {
            reply
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.retry_after {
            reply.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        reply
    }
}

/// 200 with bytes.
pub(crate) fn bytes(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(ReplyBody::Whole(Full::new(body.into())));
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// 200 with bytes that are gzip already.
pub(crate) fn gzipped(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = bytes(content_type, body);
    let headers = reply.headers_mut();
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    reply
}

/// 200 with a document.
pub(crate) fn json(content_type: &'static str, document: &impl Serialize) -> Reply {
    match serde_json::to_vec(document) {
        Ok(body) => bytes(content_type, body),
        Err(error) => {
            tracing::error!(%error, "a reply could not be written as JSON");
            status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// A reply of a status alone.
pub(crate) fn status(status: StatusCode) -> Reply {
    let mut reply = bytes("text/plain;charset=utf-8", Bytes::new());
    *reply.status_mut() = status;
    reply
}

/// Sets a header.
pub(crate) fn with_header(mut reply: Reply, name: HeaderName, value: HeaderValue) -> Reply {
    reply.headers_mut().insert(name, value);
    reply
}
