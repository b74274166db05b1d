//! HTTP/1.1 to one server, over TLS or without, on a connection that is kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;
use url::Url;

/// How long a connection, its TLS handshake included, may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest answer read, in bytes.
const LONGEST_ANSWER: usize = 256 << 20;

/// A server by its URL's scheme, host and port.
pub(crate) struct Connection {
    host: String,
    port: u16,
    /// The `Host` header.
    authority: HeaderValue,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    kept: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

/// A request that can be sent more than once.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// How long until the whole answer is there.
    pub(crate) time: Duration,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    async fn read(reply: Response<Incoming>) -> Result<Self, String> {
        let (parts, body) = reply.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER).collect().await;
        Ok(Self {
            status: parts.status,
            headers: parts.headers,
            body: body.map_err(|error| error.to_string())?.to_bytes(),
        })
    }

    /// What the server said, fit for one line of a message.
    pub(crate) fn words(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let words: Vec<&str> = text.split_whitespace().collect();
        let words: String = words.join(" ").chars().take(500).collect();
        format!("{} {words}", self.status).trim_end().to_owned()
    }
}

impl Connection {
    /// A connection to be made; `tls` is asked for `https` alone.
    pub(crate) fn new(
        url: &Url,
        tls: impl FnOnce() -> Result<Arc<ClientConfig>, String>,
    ) -> Result<Self, String> {
        let no_host = || format!("{url}: no host in this URL");
        let host = match url.host().ok_or_else(no_host)? {
            url::Host::Domain(name) => name.to_owned(),
            url::Host::Ipv4(address) => address.to_string(),
            url::Host::Ipv6(address) => address.to_string(),
        };
        let authority = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        let tls = match url.scheme() {
            "https" => {
                let name = ServerName::try_from(host.clone())
                    .map_err(|error| format!("{host}: {error}"))?;
                Some((TlsConnector::from(tls()?), name))
            }
            _ => None,
        };
        Ok(Self {
            port: url.port_or_known_default().unwrap_or(443),
            authority: HeaderValue::from_str(&authority).map_err(|error| error.to_string())?,
            host,
            tls,
            kept: Mutex::new(None),
        })
    }

    /// Sends a request and reads the answer. One that fails on a kept connection, which the server may have closed
    /// meanwhile, is sent once more on a new one: requests here may come twice.
    pub(crate) async fn send(&self, request: &Outgoing) -> Result<Answer, String> {
        let late = |_| format!("no answer within {} s", request.time.as_secs());
        let kept = self.kept.lock().await.take();
        if let Some(sender) = kept.filter(|sender| !sender.is_closed()) {
            let sent = tokio::time::timeout(request.time, self.exchange(sender, request)).await;
            if let Ok(answer) = sent.map_err(late)? {
                return Ok(answer);
            }
        }
        let sender = self.connect_in_time().await?;
        tokio::time::timeout(request.time, self.exchange(sender, request))
            .await
            .map_err(late)?
    }

    /// Sends a request on a connection of its own, and gives the reply as soon as its head is there; the body may
    /// take as long as it likes.
    pub(crate) async fn open(&self, request: &Outgoing) -> Result<Response<Incoming>, String> {
        let mut sender = self.connect_in_time().await?;
        tokio::time::timeout(request.time, self.ask(&mut sender, request))
            .await
            .map_err(|_| format!("no answer within {} s", request.time.as_secs()))?
    }

    /// Reads a reply to its end.
    pub(crate) async fn read(
        &self,
        request: &Outgoing,
        reply: Response<Incoming>,
    ) -> Result<Answer, String> {
        tokio::time::timeout(request.time, Answer::read(reply))
            .await
            .map_err(|_| format!("no answer within {} s", request.time.as_secs()))?
    }

    async fn connect_in_time(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        tokio::time::timeout(CONNECT, self.connect())
            .await
            .map_err(|_| format!("no connection within {} s", CONNECT.as_secs()))?
            .map_err(|error| error.to_string())
    }

    async fn connect(&self) -> std::io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // Small requests must not wait for more to send.
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => handshake(stream).await,
            Some((connector, name)) => {
                handshake(connector.connect(name.clone(), stream).await?).await
            }
        }
    }

    async fn exchange(
        &self,
        mut sender: SendRequest<Full<Bytes>>,
        outgoing: &Outgoing,
    ) -> Result<Answer, String> {
        let reply = self.ask(&mut sender, outgoing).await?;
        let answer = Answer::read(reply).await?;
        *self.kept.lock().await = Some(sender);
        Ok(answer)
    }

    async fn ask(
        &self,
        sender: &mut SendRequest<Full<Bytes>>,
        outgoing: &Outgoing,
    ) -> Result<Response<Incoming>, String> {
        let mut request = Request::builder()
            .method(outgoing.method.clone())
            .uri(&outgoing.target)
            .header(HOST, &self.authority);
        for (name, value) in &outgoing.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Full::new(outgoing.body.clone()))
            .map_err(|error| error.to_string())?;
        sender.send_request(request).await.map_err(cause)
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> std::io::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(std::io::Error::other)?;
    // Ends with the connection; what goes wrong on it the request is told.
    tokio::spawn(connection);
    Ok(sender)
}

/// The innermost reason of a failed request: hyper's own words name only the stage.
fn cause(error: hyper::Error) -> String {
    let mut innermost: &dyn std::error::Error = &error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
