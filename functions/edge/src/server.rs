//! Connections: accepted, TLS done, HTTP/1.1 spoken, all of it within limits.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bunraku_pki::Identity;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue, SERVER};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::edge::Shared;
use crate::http::call::{Call, Place};
use crate::http::reply::{Reply, busy, text};
use crate::routes;

/// How long to rest when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest head of a request, in bytes. Agents of 2.7 and older send up to 1 kB of it; GET catalogs may be longer.
const MAX_HEAD: usize = 256 << 10;

/// Accepts connections until `shutdown` completes and for the grace after it, then waits for them to end.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (stop, stopped) = watch::channel(());
    let grace = shared.config.grace;
    let mut shutdown = pin!(async {
        shutdown.await;
        shared.stopping.send_replace(true);
        tokio::time::sleep(grace).await;
    });
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&shared.connections).try_acquire_owned() else {
            shared.counters.connections_refused.increment();
            continue;
        };
        let (shared, stopped) = (Arc::clone(shared), stopped.clone());
        tokio::spawn(connection(shared, stream, Place::new(place), stopped));
    }
    drop((listener, stopped));
    // Ends when every connection has dropped its receiver.
    let ended = async {
        stop.send_replace(());
        stop.closed().await;
    };
    if tokio::time::timeout(shared.config.drain, ended)
        .await
        .is_err()
    {
        tracing::warn!("connections were still open when the edge stopped");
    }
}

async fn connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    place: Place,
    mut stopped: watch::Receiver<()>,
) {
    // Small replies must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let acceptor = TlsAcceptor::from(shared.tls.current());
    let accepted = tokio::time::timeout(shared.config.handshake_timeout, acceptor.accept(stream));
    let stream = match accepted.await {
        Ok(Ok(stream)) => stream,
        // Agents open connections to probe the port: closed without a word, that is no failure.
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => return,
        Ok(Err(error)) => {
            shared.counters.connections_refused.increment();
            tracing::debug!(%error, "a TLS handshake failed");
            return;
        }
        Err(_) => {
            shared.counters.connections_refused.increment();
            return;
        }
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(<[_]>::first);
    let identity = match certificate.map(|der| Identity::from_der(der)).transpose() {
        Ok(identity) => identity.map(Arc::new),
        Err(error) => {
            shared.counters.connections_refused.increment();
            tracing::info!(%error, "a client's certificate can't be used");
            return;
        }
    };
    shared.counters.connections.increment();
    let timeout = shared.config.header_timeout;
    let service = service_fn(|request| {
        let (shared, identity, place) = (Arc::clone(&shared), identity.clone(), place.clone());
        // In a box of its own: a connection that goes on for long must not keep the room that this took.
        Box::pin(async move {
            let call = |parts| Call::new(parts, identity, place);
            Ok::<_, Infallible>(answer(&shared, call, request).await)
        })
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(timeout)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
    );
    let served = tokio::select! {
        served = &mut connection => served,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Answers one request; every reply has the headers that agents look for.
async fn answer(
    shared: &Shared,
    call: impl FnOnce(Parts) -> Call,
    request: Request<Incoming>,
) -> Reply {
    shared.counters.requests.increment();
    let (parts, body) = request.into_parts();
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let mut call = call(parts);
    let revoked = call
        .identity
        .as_ref()
        .is_some_and(|identity| shared.authority.trust().is_revoked(identity));
    let answered = if revoked {
        Err(routes::forbidden(&call).closing())
    } else {
        match Arc::clone(&shared.requests).try_acquire_owned() {
            Ok(permit) => {
                call.permit = Some(permit);
                routes::answer(shared, call, &raw_query, body).await
            }
            Err(_) => {
                shared.farm_counters.requests_shed.increment();
                Err(busy(&shared.config.retry_after))
            }
        }
    };
    let mut reply = answered.unwrap_or_else(|problem| {
        match problem.status {
            StatusCode::FORBIDDEN => shared.counters.forbidden.increment(),
            StatusCode::INTERNAL_SERVER_ERROR => shared.counters.errors.increment(),
            _ => {}
        }
        problem.into_reply()
    });
    let headers = reply.headers_mut();
    let version = HeaderValue::from_str(&shared.config.puppet_version);
    headers.insert(
        HeaderName::from_static("x-puppet-version"),
        version.unwrap_or_else(|_| HeaderValue::from_static("7.23.0")),
    );
    headers.insert(SERVER, HeaderValue::from_static("bunraku"));
    reply
}

/// 500 that says nothing of the inside.
pub(crate) fn internal() -> crate::http::reply::Problem {
    text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}
