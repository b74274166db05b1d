//! The text of events, as the standard of server-sent events has it.

use std::time::Duration;

use bunraku_farm::{Certname, Digest, EnvironmentName, Publication};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

/// `catalog`: a new catalog. The event's id is the catalog's digest, so that a client that comes again says what it
/// has.
pub(super) fn catalog(publication: &Publication) -> Bytes {
    event("catalog", publication.catalog, publication)
}

/// `current`: there is no other catalog than the one the client has.
pub(super) fn current(
    node: &Certname,
    environment: &EnvironmentName,
    catalog: Option<Digest>,
) -> Bytes {
    match catalog {
        Some(digest) => event("current", digest, &of(node, environment, catalog)),
        // Without an id, the client's last one holds.
        None => text(&format!(
            "event: current\ndata: {}\n\n",
            of(node, environment, None)
        )),
    }
}

/// `served`: the node's agent was given this catalog, whoever started it.
pub(super) fn served(node: &Certname, environment: &EnvironmentName, catalog: Digest) -> Bytes {
    event("served", catalog, &of(node, environment, Some(catalog)))
}

/// The stream has begun: something to read at once.
pub(super) fn greeting() -> Bytes {
    Bytes::from_static(b": watching\n\n")
}

/// Nothing to say but that the edge is there.
pub(super) fn heartbeat() -> Bytes {
    Bytes::from_static(b":\n\n")
}

/// How long a client may take until it comes again, at most: a field that every client of such streams knows.
pub(super) fn come_again(within: Duration) -> Bytes {
    text(&format!("retry: {}\n\n", within.as_millis()))
}

fn of(
    node: &Certname,
    environment: &EnvironmentName,
    catalog: Option<Digest>,
) -> serde_json::Value {
    json!({
        "version": bunraku_farm::documents::VERSION,
        "node": node,
        "environment": environment,
        "catalog": catalog,
    })
}

fn event(name: &str, id: Digest, data: &impl Serialize) -> Bytes {
    // Documents of our own are always JSON, on one line.
    let data = serde_json::to_string(data).unwrap_or_default();
    text(&format!("event: {name}\nid: {id}\ndata: {data}\n\n"))
}

fn text(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
