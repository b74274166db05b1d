//! `/puppet/v3/file_bucket_file/sha256/HEX[/PATH]`: files that agents save before they change them.

use bunraku_farm::Digest;
use hyper::body::Incoming;
use hyper::{Method, StatusCode};

use crate::edge::Shared;
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, bad_request, bytes, not_found, status};
use crate::routes::{environment_name, store_problem};

/// Answers HEAD, GET and PUT. The original path that may follow the checksum is not kept: what a file was is known
/// by its content.
pub(crate) async fn answer(
    shared: &Shared,
    call: &Call,
    key: &str,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    environment_name(call.query.get("environment"))?;
    let digest = checksum(key)?;
    let failed = |error| store_problem(shared, &error);
    let store = &shared.farm.store;
    if call.method == Method::PUT {
        let content =
            body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?;
        if Digest::of(&content) != digest {
            return Err(bad_request(
                "The request body is invalid: its checksum is not the one of the request",
            ));
        }
        store.put_bucket(content).await.map_err(failed)?;
        return Ok(bytes("application/octet-stream", bytes::Bytes::new()));
    }
    let missing = || not_found(format!("Could not find file_bucket_file {key}"));
    if call.method == Method::HEAD {
        return match store.has_bucket(digest).await.map_err(failed)? {
            true => Ok(status(StatusCode::OK)),
            false => Err(missing()),
        };
    }
    match store.bucket(digest).await {
        Ok(content) => Ok(bytes("application/octet-stream", content)),
        Err(error) if error.is_not_found() => Err(missing()),
        Err(error) => Err(failed(error)),
    }
}

/// The checksum of a key: of the server's digest algorithm only, as in the reference.
fn checksum(key: &str) -> Result<Digest, Problem> {
    let mut parts = key.splitn(3, '/');
    let kind = parts.next().unwrap_or_default();
    if kind != "sha256" {
        return Err(bad_request(format!("Unsupported checksum type {kind:?}")));
    }
    let value = parts.next().unwrap_or_default();
    Digest::parse(value).map_err(|_| bad_request(format!("Invalid checksum {value:?}")))
}
