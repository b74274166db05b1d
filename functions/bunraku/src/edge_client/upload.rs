//! An archive put straight into a bucket, by a request that somebody else signed.

use std::sync::Arc;
use std::time::Duration;

use bunraku_edge::api::UploadPlace;
use bytes::Bytes;
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::UPLOAD;
use super::connection::{Connection, Outgoing};
use super::options::provider;
use crate::failure::{Failure, Result};

/// How often a bucket that is out of order is tried.
const ATTEMPTS: u32 = 4;
/// The wait after the first of these; doubled after each.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// Puts an archive in its place.
pub(super) async fn put(place: &UploadPlace, archive: Bytes) -> Result<()> {
    let url = Url::parse(&place.url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .ok_or_else(|| Failure::unreachable("the edge gave no URL of a bucket to upload to"))?;
    // The query is a signature: whoever has it may upload.
    let shown = format!("the bucket at {}", url.host_str().unwrap_or_default());
    let failed = |error: String| Failure::unreachable(format!("{shown}: {error}"));
    let connection = Connection::new(&url, system_tls).map_err(failed)?;
    let request = Outgoing {
        method: Method::PUT,
        target: match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
        headers: headers(place).map_err(failed)?,
        body: archive,
        time: UPLOAD,
    };
    let mut wait = FIRST_WAIT;
    for attempt in 1..=ATTEMPTS {
        let problem = match connection.send(&request).await {
            Ok(answer) if answer.status.is_success() => return Ok(()),
            // It is there: an attempt before this one was done, but its answer was lost.
            Ok(answer) if answer.status == StatusCode::PRECONDITION_FAILED && attempt > 1 => {
                return Ok(());
            }
            Ok(answer) if is_passing(answer.status) => answer.words(),
            Ok(answer) => {
                return Err(failed(format!(
                    "the upload was refused: {}",
                    answer.words()
                )));
            }
            Err(error) => error,
        };
        if attempt == ATTEMPTS {
            return Err(failed(problem));
        }
        tracing::warn!(attempt, problem, "an upload failed; trying again");
        tokio::time::sleep(wait).await;
        wait *= 2;
    }
    Ok(())
}

/// Whether another try may help: S3 asks for it so, and of two conditional writes at a time one gets 409.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

fn headers(place: &UploadPlace) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    place
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case(HOST.as_str()))
        .map(|(name, value)| {
            let name = name.parse().map_err(|_| format!("no header: {name}"))?;
            let value = value
                .parse()
                .map_err(|_| "a header's value can't be sent".to_owned())?;
            Ok((name, value))
        })
        .collect()
}

/// TLS that believes whom this machine believes.
pub(crate) fn system_tls() -> Result<Arc<ClientConfig>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(
            "this machine has no certificates of public authorities (the package ca-certificates)"
                .to_owned(),
        );
    }
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
