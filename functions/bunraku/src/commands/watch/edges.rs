//! The edges that a node may watch, one at a time.

use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};

use super::stream::{Item, Parser};
use crate::edge_client::{Connection, Outgoing, retry_after};

/// How long until a stream must have begun.
const BEGIN: Duration = Duration::from_secs(30);
/// An edge that says nothing for so long is gone: it shows itself three times in it.
const LONGEST_SILENCE: Duration = Duration::from_secs(90);

/// The edges, in the order in which they are tried.
pub(super) struct Edges {
    list: Vec<(String, Connection)>,
    at: usize,
}

/// Why there is no stream.
#[derive(Debug)]
pub(super) struct Refusal {
    /// In words.
    pub(super) reason: String,
    /// How long the edge asks us to wait.
    pub(super) retry_after: Option<Duration>,
}

/// An open stream.
pub(super) struct Stream {
    body: Incoming,
    parser: Parser,
}

/// Why a stream says no more.
#[derive(Debug)]
pub(super) enum End {
    /// The edge ended it.
    Ended,
    /// It broke.
    Broken(String),
}

impl Edges {
    pub(super) fn new(list: Vec<(String, Connection)>) -> Self {
        Self { list, at: 0 }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// Begins a stream at the present edge. `has` is the catalog that the node has.
    pub(super) async fn open(
        &self,
        environment: Option<&str>,
        has: Option<&str>,
    ) -> Result<Stream, Refusal> {
        let (url, connection) = self.list.get(self.at).ok_or_else(|| Refusal {
            reason: "no server is named".to_owned(),
            retry_after: None,
        })?;
        let refusal = |reason: String| Refusal {
            reason: format!("the edge {url}: {reason}"),
            retry_after: None,
        };
        let mut headers = vec![(ACCEPT, HeaderValue::from_static("text/event-stream"))];
        if let Some(has) = has {
            let value = HeaderValue::from_str(has).map_err(|error| refusal(error.to_string()))?;
            headers.push((HeaderName::from_static("last-event-id"), value));
        }
        let query = match environment {
            Some(environment) => {
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("environment", environment)
                    .finish();
                format!("?{query}")
            }
            None => String::new(),
        };
        let request = Outgoing {
            method: Method::GET,
            target: format!("/bunraku/v1/watch{query}"),
            headers,
            body: bytes::Bytes::new(),
            time: BEGIN,
        };
        let reply = connection.open(&request).await.map_err(refusal)?;
        if reply.status() != StatusCode::OK {
            let retry_after = retry_after(reply.headers());
            let answer = connection.read(&request, reply).await.map_err(refusal)?;
            return Err(Refusal {
                retry_after,
                ..refusal(answer.words())
            });
        }
        Ok(Stream {
            body: reply.into_body(),
            parser: Parser::default(),
        })
    }

    /// Goes on to the next edge.
    pub(super) fn turn(&mut self) {
        self.at = (self.at + 1) % self.list.len().max(1);
    }
}

impl Stream {
    /// What it says next. May be dropped and called again: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Item, End> {
        loop {
            if let Some(item) = self.parser.next() {
                return Ok(item);
            }
            let frame = tokio::time::timeout(LONGEST_SILENCE, self.body.frame()).await;
            let frame =
                frame.map_err(|_| End::Broken("nothing was heard for too long".to_owned()))?;
            let frame = frame
                .ok_or(End::Ended)?
                .map_err(|error| End::Broken(error.to_string()))?;
            if let Ok(data) = frame.into_data() {
                let pushed = self.parser.push(&data);
                pushed.map_err(|_| End::Broken("an event without an end".to_owned()))?;
            }
        }
    }
}
