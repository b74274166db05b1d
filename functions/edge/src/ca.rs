//! `/puppet-ca/v1`: the certificate authority's API.

use std::time::{Duration, SystemTime};

use bunraku_pki::{Ca, CertificateState, CrlBundle, PkiError};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, IF_MODIFIED_SINCE, LAST_MODIFIED};
use serde::Deserialize;

use crate::edge::{Authority, Shared};
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, busy, bytes, json, status, text, with_header};
use crate::routes::{forbidden, is_admin};

const PLAIN: &str = "text/plain;charset=utf-8";
const JSON: &str = "application/json;charset=utf-8";
/// Longest request body: a CSR with an RSA key of 8192 bits and many extensions has some kilobytes.
const MAX_BODY: usize = 64 << 10;
/// What an edge says that signs nothing.
const ELSEWHERE: &str = "This server signs no certificates: the certificate authority is elsewhere. \
     Agents ask the server that their setting ca_server names; administrators use `puppetserver ca` or \
     `bunraku ca` where the authority is.";

#[derive(Deserialize)]
struct StatusChange {
    desired_state: String,
}

/// Answers a request. Certificates, the revocation list and requests are open to everyone, the rest to admins.
pub(crate) async fn answer(
    shared: &Shared,
    call: Call,
    indirection: &str,
    key: Option<String>,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let trust = shared.authority.trust();
    match (indirection, call.method.as_str()) {
        ("certificate", "GET") if key.as_deref() == Some("ca") => {
            return Ok(bytes(PLAIN, trust.certificate_pem().to_string()));
        }
        ("certificate_revocation_list", "GET") => return Ok(revocation_list(&trust.crl(), &call)),
        _ => {}
    }
    match &shared.authority {
        Authority::Here(ca) => sign(shared, ca, call, indirection, key, incoming).await,
        Authority::Elsewhere(_) => Err(elsewhere(shared, &call, indirection, key)),
    }
}

/// What an edge answers that is no authority.
fn elsewhere(shared: &Shared, call: &Call, indirection: &str, key: Option<String>) -> Problem {
    match (indirection, call.method.as_str()) {
        ("certificate", "GET") => text(
            StatusCode::NOT_FOUND,
            format!(
                "Could not find certificate {}. {ELSEWHERE}",
                shown(&key.unwrap_or_default())
            ),
        ),
        ("certificate_request", "GET") => text(StatusCode::NOT_FOUND, ELSEWHERE),
        ("certificate_request", "PUT") => text(StatusCode::FORBIDDEN, ELSEWHERE),
        ("certificate_request", "DELETE") | ("certificate_status" | "certificate_statuses", _)
            if is_admin(shared, call) =>
        {
            text(StatusCode::NOT_FOUND, ELSEWHERE)
        }
        _ => forbidden(call),
    }
}

/// A name from outside, fit for a message.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(256).collect()
}

/// Answers as the authority.
async fn sign(
    shared: &Shared,
    ca: &Ca,
    call: Call,
    indirection: &str,
    key: Option<String>,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let name = key.unwrap_or_default();
    let shown = shown(&name);
    match (indirection, call.method.as_str()) {
        ("certificate", "GET") => {
            let found = on_ca(shared, ca, move |ca| ca.certificate(&name)).await?;
            found.map(|pem| bytes(PLAIN, pem)).ok_or_else(|| {
                text(
                    StatusCode::NOT_FOUND,
                    format!("Could not find certificate {shown}"),
                )
            })
        }
        ("certificate_request", "GET") => {
            let found = on_ca(shared, ca, move |ca| ca.request(&name)).await?;
            found.map(|pem| bytes(PLAIN, pem)).ok_or_else(|| {
                text(
                    StatusCode::NOT_FOUND,
                    format!("Could not find certificate_request {shown}"),
                )
            })
        }
        ("certificate_request", "PUT") => {
            let content = read(shared, incoming).await?;
            on_ca(shared, ca, move |ca| {
                let pem = std::str::from_utf8(&content).map_err(|_| {
                    PkiError::Refused(
                        "The request body is not a certificate request in PEM".to_owned(),
                    )
                })?;
                let submitted = ca.submit(&name, pem)?;
                tracing::info!(node = %name, outcome = ?submitted, "a certificate request came in");
                Ok(())
            })
            .await?;
            Ok(bytes(PLAIN, Bytes::new()))
        }
        ("certificate_request", "DELETE") if is_admin(shared, &call) => {
            on_ca(shared, ca, move |ca| ca.delete_request(&name)).await?;
            Ok(status(StatusCode::NO_CONTENT))
        }
        ("certificate_statuses", "GET") if is_admin(shared, &call) => {
            let wanted = call.query.get("state").map(str::to_owned);
            let mut list = on_ca(shared, ca, Ca::list).await?;
            if let Some(wanted) = wanted {
                list.retain(|status| status.state.as_str() == wanted);
            }
            Ok(json(JSON, &list))
        }
        ("certificate_status", "GET") if is_admin(shared, &call) => {
            let found = on_ca(shared, ca, move |ca| ca.status(&name)).await?;
            found
                .map(|status| json(JSON, &status))
                .ok_or_else(|| text(StatusCode::NOT_FOUND, "Resource not found."))
        }
        ("certificate_status", "PUT") if is_admin(shared, &call) => {
            let content = read(shared, incoming).await?;
            change_status(shared, ca, name, &shown, &content).await
        }
        ("certificate_status", "DELETE") if is_admin(shared, &call) => {
            on_ca(shared, ca, move |ca| ca.clean(&name)).await?;
            shared.reload_tls();
            Ok(status(StatusCode::NO_CONTENT))
        }
        _ => Err(forbidden(&call)),
    }
}

/// The list, or 304 for those who have it: times are compared in whole seconds, as HTTP has them.
fn revocation_list(crl: &CrlBundle, call: &Call) -> Reply {
    let since = call
        .headers
        .get(IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| httpdate::parse_http_date(value).ok());
    let modified = seconds(crl.modified);
    if since.is_some_and(|since| modified <= seconds(since)) {
        return status(StatusCode::NOT_MODIFIED);
    }
    let reply = bytes(PLAIN, crl.pem.to_string());
    match HeaderValue::from_str(&httpdate::fmt_http_date(crl.modified)) {
        Ok(modified) => with_header(reply, LAST_MODIFIED, modified),
        Err(_) => reply,
    }
}

fn seconds(time: SystemTime) -> Duration {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    Duration::from_secs(since.as_secs())
}

async fn change_status(
    shared: &Shared,
    ca: &Ca,
    name: String,
    shown: &str,
    content: &[u8],
) -> Result<Reply, Problem> {
    let change: StatusChange = serde_json::from_slice(content)
        .map_err(|_| text(StatusCode::BAD_REQUEST, "Request body is not JSON."))?;
    match change.desired_state.as_str() {
        "signed" => on_ca(shared, ca, move |ca| ca.sign(&name)).await?,
        "revoked" => {
            on_ca(shared, ca, move |ca| match ca.status(&name)? {
                Some(status) if status.state == CertificateState::Requested => {
                    Err(PkiError::Conflict(format!(
                        "Cannot revoke certificate for host {name} - no certificate exists on disk."
                    )))
                }
                _ => ca.revoke(&name),
            })
            .await?;
            shared.reload_tls();
        }
        other => {
            let other: String = other.chars().take(100).collect();
            return Err(text(
                StatusCode::BAD_REQUEST,
                format!(
                    "State {other} invalid; Must specify desired state of 'signed' or 'revoked' for host {shown}."
                ),
            ));
        }
    }
    Ok(status(StatusCode::NO_CONTENT))
}

async fn read(shared: &Shared, incoming: Incoming) -> Result<Bytes, Problem> {
    body::read(incoming, MAX_BODY, shared.config.body_timeout).await
}

/// Runs work of the authority (files, signatures) off the threads that serve.
async fn on_ca<T: Send + 'static>(
    shared: &Shared,
    ca: &Ca,
    work: impl FnOnce(&Ca) -> Result<T, PkiError> + Send + 'static,
) -> Result<T, Problem> {
    let ca = ca.clone();
    match tokio::task::spawn_blocking(move || work(&ca)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(PkiError::Refused(message))) => Err(text(StatusCode::BAD_REQUEST, message)),
        Ok(Err(PkiError::Conflict(message))) => Err(text(StatusCode::CONFLICT, message)),
        Ok(Err(PkiError::NotFound(message))) => Err(text(StatusCode::NOT_FOUND, message)),
        Ok(Err(error)) => {
            tracing::error!(%error, "the certificate authority failed");
            Err(crate::server::internal())
        }
        Err(_) => Err(busy(&shared.config.retry_after)),
    }
}
