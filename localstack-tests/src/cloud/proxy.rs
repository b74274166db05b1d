//! What stands between the farm and the emulator: counts each request, and fails some on demand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// A proxy on a port of its own, on loopback unless functions run in containers.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Dropped with the proxy, which ends its connections.
    _runtime: Runtime,
}

/// One request that came through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `s3`, `sqs`, ...
    pub service: String,
    /// `GetObject`, `SendMessageBatch`, ...
    pub operation: String,
    /// The object's key, or empty.
    pub key: String,
    /// The answer's status.
    pub status: u16,
}

/// Which requests to S3 fail.
#[derive(Clone, Copy, Debug, Default)]
pub enum Fault {
    /// None.
    #[default]
    None,
    /// Each so-manieth is refused with 503 SlowDown, before it is looked at.
    SlowDown(usize),
    /// Each so-manieth write is done, and its answer lost (500).
    LostAnswer(usize),
}

struct Shared {
    target: SocketAddr,
    seen: Mutex<Vec<Seen>>,
    fault: Mutex<(Fault, usize)>,
}

const SLOW_DOWN: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"#;
const INTERNAL: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>"#;

impl Proxy {
    /// Starts a proxy before `endpoint` (`http://127.0.0.1:PORT`).
    #[must_use]
    pub fn start(endpoint: &str) -> Self {
        let target = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let shared = Arc::new(Shared {
            target,
            seen: Mutex::default(),
            fault: Mutex::default(),
        });
        let runtime = Runtime::new().unwrap();
        let listener = TcpListener::bind((super::host(), 0));
        let listener = runtime.block_on(listener).unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = Arc::clone(&shared);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&accepting);
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let answer = service_fn(move |request| pass(Arc::clone(&shared), request));
                    // A client that goes away is no failure of the proxy.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
        });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    /// The endpoint to use instead of the emulator's.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, requests to S3 fail like this.
    pub fn set_fault(&self, fault: Fault) {
        *lock(&self.shared.fault) = (fault, 0);
    }

    /// Forgets what came through so far.
    pub fn forget(&self) {
        lock(&self.shared.seen).clear();
    }

    /// What came through, in the order of the answers.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// How many requests of each operation came through (`s3 GetObject`).
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in lock(&self.shared.seen).iter() {
            let name = format!("{} {}", seen.service, seen.operation);
            *counts.entry(name).or_insert(0) += 1;
        }
        counts
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Whether this request is to fail, and how.
    fn fault(&self, write: bool) -> Fault {
        let mut state = lock(&self.fault);
        let (fault, count) = *state;
        let every = match fault {
            Fault::None => return Fault::None,
            Fault::LostAnswer(_) if !write => return Fault::None,
            Fault::SlowDown(every) | Fault::LostAnswer(every) => every,
        };
        state.1 = (count + 1) % every;
        if state.1 == 0 { fault } else { Fault::None }
    }
}

async fn pass(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (service, operation, key) = describe(&request);
    let fault = match service.as_str() {
        "s3" => shared.fault(operation == "PutObject"),
        _ => Fault::None,
    };
    let answer = match fault {
        Fault::SlowDown(_) => {
            // Answered after the body: a client that is still writing would see a broken pipe.
            request.into_body().collect().await?;
            failure(StatusCode::SERVICE_UNAVAILABLE, SLOW_DOWN)
        }
        Fault::LostAnswer(_) => {
            forward(shared.target, request).await?;
            failure(StatusCode::INTERNAL_SERVER_ERROR, INTERNAL)
        }
        Fault::None => forward(shared.target, request).await?,
    };
    lock(&shared.seen).push(Seen {
        service,
        operation,
        key,
        status: answer.status().as_u16(),
    });
    Ok(answer)
}

fn failure(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
}

async fn forward(
    target: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let unreachable = || failure(StatusCode::BAD_GATEWAY, "the emulator can't be reached");
    let Ok(stream) = TcpStream::connect(target).await else {
        return Ok(unreachable());
    };
    let head = request.method() == hyper::Method::HEAD;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let (mut parts, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    // Lengths are set anew for the body as a whole; an answer to HEAD tells that of a body it
    // does not have.
    parts.headers.remove(hyper::header::TRANSFER_ENCODING);
    parts.headers.remove(hyper::header::CONNECTION);
    if !head {
        parts.headers.remove(hyper::header::CONTENT_LENGTH);
    }
    Ok(Response::from_parts(parts, Full::new(body)))
}

/// Service, operation and key of a request, by what signs it and what it says.
fn describe(request: &Request<Incoming>) -> (String, String, String) {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    // Credential=KEY/DATE/REGION/SERVICE/aws4_request
    let credential = header("authorization").split("Credential=").nth(1);
    let query = request.uri().query().unwrap_or_default();
    let presigned = query.contains("X-Amz-Signature");
    let service = credential.and_then(|scope| scope.split('/').nth(3));
    let service = service.unwrap_or(if presigned { "s3" } else { "unknown" });
    if service != "s3" {
        let target = header("x-amz-target");
        let operation = target.rsplit('.').next().unwrap_or_default();
        return (service.to_owned(), operation.to_owned(), String::new());
    }
    let path = request.uri().path().trim_start_matches('/');
    let key = path.split_once('/').map_or("", |(_, key)| key);
    let operation = match (request.method().as_str(), key.is_empty()) {
        ("GET", true) if query.contains("list-type") => "ListObjectsV2",
        ("GET", false) => "GetObject",
        ("HEAD", false) => "HeadObject",
        ("PUT", false) => "PutObject",
        ("DELETE", false) => "DeleteObject",
        _ => request.method().as_str(),
    };
    ("s3".to_owned(), operation.to_owned(), key.to_owned())
}
