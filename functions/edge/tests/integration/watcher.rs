//! A client of `/bunraku/v1/watch`.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsConnector;

use crate::client::Client;

/// Long enough for anything that comes at all.
const PATIENCE: Duration = Duration::from_secs(30);

/// One stream.
pub(crate) struct Watcher {
    body: Incoming,
    text: String,
    driver: tokio::task::JoinHandle<Result<(), hyper::Error>>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) id: String,
    pub(crate) data: serde_json::Value,
}

impl Watcher {
    /// Begins to watch, with the catalog `has`; the status if that was refused, and its headers.
    pub(crate) async fn open(
        client: &Client,
        query: &str,
        has: Option<&str>,
    ) -> Result<Self, (StatusCode, hyper::HeaderMap)> {
        let stream = tokio::net::TcpStream::connect(client.address)
            .await
            .unwrap();
        let connector = TlsConnector::from(std::sync::Arc::clone(&client.config));
        let stream = connector
            .connect("localhost".try_into().unwrap(), stream)
            .await
            .unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        let driver = tokio::spawn(connection);
        let mut request = Request::get(format!("/bunraku/v1/watch{query}"))
            .header("host", "localhost")
            .header("accept", "text/event-stream");
        if let Some(has) = has {
            request = request.header("last-event-id", has);
        }
        let request = request.body(Empty::<Bytes>::new()).unwrap();
        let reply = sender.send_request(request).await.unwrap();
        if reply.status() != StatusCode::OK {
            return Err((reply.status(), reply.headers().clone()));
        }
        assert_eq!(reply.headers()["content-type"], "text/event-stream");
        Ok(Self {
            body: reply.into_body(),
            text: String::new(),
            driver,
        })
    }

    /// The next event; `None` when the edge has ended the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| {
                let lines = block.lines().filter_map(|line| line.split_once(": "));
                let mut values = lines.filter(|(key, _)| *key == name);
                values
                    .next()
                    .map_or_else(String::new, |(_, value)| value.to_owned())
            };
            if !field("data").is_empty() {
                return Some(Event {
                    name: field("event"),
                    id: field("id"),
                    data: serde_json::from_str(&field("data")).unwrap(),
                });
            }
        }
    }

    /// The next lines up to an empty one: an event, a comment, a word on when to come again.
    pub(crate) async fn block(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let rest = self.text.split_off(end + 2);
                return Some(std::mem::replace(&mut self.text, rest));
            }
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await;
            let frame = frame.expect("an event in time")?;
            let data = frame.ok()?.into_data().unwrap();
            self.text += std::str::from_utf8(&data).unwrap();
        }
    }

    /// The next event, which must be of this name and id.
    pub(crate) async fn expect(&mut self, name: &str, id: &str) -> Event {
        let event = self.next().await.expect("an event, not the end");
        assert_eq!((event.name.as_str(), event.id.as_str()), (name, id));
        event
    }
}
