//! `/bunraku/v1`: what `bunraku push`, `status` and monitoring ask, with an administrator's certificate.

use std::fmt::Write as _;

use bunraku_farm::documents::UploadKey;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use hyper::body::Incoming;
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::edge::Shared;
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{
    Problem, Reply, bad_request, bytes, json as json_reply, no_environment, not_found,
};
use crate::routes::{environment_name, no_handler, only, store_problem};

const JSON: &str = "application/json;charset=utf-8";

/// Body of `POST blobs/missing`, and its reply.
#[derive(Debug, Serialize, Deserialize)]
struct Blobs {
    digests: Vec<Digest>,
}

/// A node in an environment.
#[derive(Debug, Serialize)]
struct NodeStatus {
    certname: Certname,
    /// Whether the catalog holds for the environment's current release.
    current: bool,
    release: Option<Digest>,
    sequence: u64,
    catalog: Option<Digest>,
    compiled_at: Option<jiff::Timestamp>,
    duration_ms: u64,
    compiler: String,
    error: Option<String>,
}

/// Answers an administrator's request.
///
/// - `GET metrics`: counters as text
/// - `PUT uploads/ENV/ID.tar.zst` (or `.tar.gz`): an upload; 201
/// - `GET uploads/ENV/ID.tar.zst`: its result, or 202 while it is being dealt with
/// - `POST blobs/missing` `{"digests": [...]}`: those that the store lacks
/// - `GET nodes?environment=ENV`: where every node stands
/// - `GET environments/ENV`: the environment's document
pub(crate) async fn answer(
    shared: &Shared,
    call: Call,
    what: &str,
    key: Option<String>,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    match (what, key.as_deref()) {
        ("metrics", None) => {
            only(&call, &[Method::GET])?;
            metrics(shared).await
        }
        ("uploads", Some(key)) => uploads(shared, &call, key, incoming).await,
        ("blobs", Some("missing")) => {
            only(&call, &[Method::POST])?;
            let content =
                body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?;
            let asked: Blobs =
                serde_json::from_slice(&content).map_err(|error| bad_request(error.to_string()))?;
            let missing = shared.farm.store.missing_blobs(asked.digests).await;
            let missing = missing.map_err(|error| store_problem(shared, &error))?;
            Ok(json_reply(
                JSON,
                &Blobs {
                    digests: missing.into_iter().collect(),
                },
            ))
        }
        ("nodes", None) => {
            only(&call, &[Method::GET])?;
            nodes(shared, &environment_name(call.query.get("environment"))?).await
        }
        ("environments", Some(name)) => {
            only(&call, &[Method::GET])?;
            let name = environment_name(Some(name))?;
            let document = shared.farm.fresh_environment(&name).await;
            let document = document
                .map_err(|error| store_problem(shared, &error))?
                .ok_or_else(|| no_environment(&name))?;
            Ok(json_reply(JSON, &*document))
        }
        _ => Err(no_handler(&call.path)),
    }
}

async fn uploads(
    shared: &Shared,
    call: &Call,
    key: &str,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    only(call, &[Method::GET, Method::PUT])?;
    let failed = |error| store_problem(shared, &error);
    let upload: UploadKey = format!("uploads/{key}")
        .parse()
        .map_err(|error: bunraku_farm::NameError| bad_request(error.to_string()))?;
    let store = &shared.farm.store;
    if call.method == Method::PUT {
        // An upload of the largest size at 1 MB/s.
        let time = shared
            .config
            .body_timeout
            .max(std::time::Duration::from_secs(600));
        let archive = body::read(incoming, shared.config.max_upload, time).await?;
        let written = store.create_upload(&upload, archive).await;
        if let Err(bunraku_store::StoreError::AlreadyExists { .. }) = written {
            return Err(crate::http::reply::text(
                StatusCode::CONFLICT,
                "This upload's id was used for something else",
            ));
        }
        written.map_err(failed)?;
        let mut reply = json_reply(JSON, &json!({"upload": upload}));
        *reply.status_mut() = StatusCode::CREATED;
        return Ok(reply);
    }
    if let Some(result) = store.upload_result(&upload).await.map_err(failed)? {
        return Ok(json_reply(JSON, &result));
    }
    if store.arrival(&upload).await.map_err(failed)?.is_none() {
        return Err(not_found(format!("Could not find upload {key}")));
    }
    let mut reply = json_reply(JSON, &json!({"upload": upload}));
    *reply.status_mut() = StatusCode::ACCEPTED;
    Ok(reply)
}

async fn nodes(shared: &Shared, name: &EnvironmentName) -> Result<Reply, Problem> {
    let failed = |error| store_problem(shared, &error);
    let environment = shared
        .farm
        .fresh_environment(name)
        .await
        .map_err(failed)?
        .ok_or_else(|| no_environment(name))?;
    let mut list = Vec::new();
    for certname in shared.farm.store.pointers(name).await.map_err(failed)? {
        let Some(pointer) = shared
            .farm
            .store
            .pointer(name, &certname)
            .await
            .map_err(failed)?
        else {
            continue;
        };
        list.push(NodeStatus {
            current: pointer.holds_for(environment.release),
            certname,
            release: pointer.release,
            sequence: pointer.sequence,
            catalog: pointer.catalog.map(|catalog| catalog.digest),
            compiled_at: pointer.compiled_at,
            duration_ms: pointer.duration_ms,
            compiler: pointer.compiler,
            error: pointer.failure.map(|failure| failure.error),
        });
    }
    let document = json!({
        "environment": name,
        "release": environment.release,
        "sequence": environment.sequence,
        "nodes": list,
    });
    Ok(json_reply(JSON, &document))
}

/// Counters in the text form that Prometheus reads.
async fn metrics(shared: &Shared) -> Result<Reply, Problem> {
    let mut text = String::new();
    let mut line = |name: &str, value: u64| {
        // Writing to a String can't fail.
        let _ = writeln!(text, "bunraku_{name} {value}");
    };
    for (name, value) in shared.counters.values() {
        line(&format!("edge_{name}_total"), value);
    }
    let farm = serde_json::to_value(shared.farm_counters.snapshot()).unwrap_or_default();
    for (name, value) in farm.as_object().into_iter().flatten() {
        line(&format!("{name}_total"), value.as_u64().unwrap_or(0));
    }
    let waiting = shared
        .config
        .max_waiting
        .saturating_sub(shared.waiting.available_permits());
    line("edge_waiting", waiting as u64);
    if let Ok(depths) = shared.queue.depths().await {
        for (channel, depth) in depths {
            for (standing, count) in [
                ("waiting", depth.waiting),
                ("delayed", depth.delayed),
                ("leased", depth.leased),
                ("dead", depth.dead),
            ] {
                line(
                    &format!("queue_messages{{lane=\"{channel}\",standing=\"{standing}\"}}"),
                    count as u64,
                );
            }
        }
    }
    Ok(bytes("text/plain; version=0.0.4; charset=utf-8", text))
}
