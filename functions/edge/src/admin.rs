//! `/bunraku/v1`: what `bunraku push`, `status` and monitoring ask, with an administrator's certificate.

use std::fmt::Write as _;

use bunraku_farm::EnvironmentName;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use hyper::Method;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api::{Expected, MissingBlobs, NodeStatus, PushedBlobs};
use crate::edge::Shared;
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, bad_request, bytes, json as json_reply, no_environment};
use crate::routes::{environment_name, no_handler, only, store_problem};
use crate::{orders, uploads};

/// The content type of all documents here.
pub(crate) const JSON: &str = "application/json;charset=utf-8";
/// How many pointers are read at once.
const AT_ONCE: usize = 16;

/// Answers an administrator's request.
///
/// - `GET metrics`: counters as text
/// - `POST uploads/ENV/ID.tar.zst` (or `.tar.gz`): where to put it; 204 for here
/// - `PUT uploads/ENV/ID.tar.zst`: an upload; 201
/// - `GET uploads/ENV/ID.tar.zst`: its result, or 202 while it is being dealt with
/// - `POST blobs/missing` `{"environment", "digests": [...]}`: those that the store lacks
/// - `GET nodes?environment=ENV`: where every node stands
/// - `POST nodes/brought` [`Expected`]: those of some nodes that were brought to a sequence
/// - `GET environments/ENV`: the environment's document
/// - `POST orders/ENV` [`SignedOrder`](crate::api::SignedOrder): rollouts and pins, and what is published
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
        ("uploads", Some(key)) => uploads::answer(shared, &call, key, incoming).await,
        ("blobs", Some("missing")) => {
            only(&call, &[Method::POST])?;
            let asked: PushedBlobs = read(shared, incoming).await?;
            let store = &shared.farm.store;
            let missing = store.missing_blobs_of_push(&asked.environment, asked.digests);
            let missing = missing.await;
            let missing = missing.map_err(|error| store_problem(shared, &error))?;
            Ok(json_reply(
                JSON,
                &MissingBlobs {
                    digests: missing.into_iter().collect(),
                },
            ))
        }
        ("nodes", None) => {
            only(&call, &[Method::GET])?;
            nodes(shared, &environment_name(call.query.get("environment"))?).await
        }
        ("nodes", Some("brought")) => {
            only(&call, &[Method::POST])?;
            let expected: Expected = read(shared, incoming).await?;
            if expected.nodes.len() > Expected::MOST {
                return Err(bad_request(format!(
                    "At most {} nodes can be asked for at once",
                    Expected::MOST
                )));
            }
            let brought = expected.look(&shared.farm.store).await;
            let brought = brought.map_err(|error| store_problem(shared, &error))?;
            Ok(json_reply(JSON, &brought))
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
        ("orders", Some(name)) => {
            only(&call, &[Method::POST])?;
            let name = environment_name(Some(name))?;
            orders::answer(shared, &call, &name, incoming).await
        }
        _ => Err(no_handler(&call.path)),
    }
}

/// The document in a request's body.
pub(crate) async fn read<T: DeserializeOwned>(
    shared: &Shared,
    incoming: Incoming,
) -> Result<T, Problem> {
    let content = body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?;
    serde_json::from_slice(&content).map_err(|error| bad_request(error.to_string()))
}

async fn nodes(shared: &Shared, name: &EnvironmentName) -> Result<Reply, Problem> {
    let failed = |error| store_problem(shared, &error);
    let environment = shared
        .farm
        .fresh_environment(name)
        .await
        .map_err(failed)?
        .ok_or_else(|| no_environment(name))?;
    let store = &shared.farm.store;
    let certnames = store.pointers(name).await.map_err(failed)?;
    let pointers: Vec<_> = stream::iter(certnames)
        .map(|certname| async move { store.pointer(name, &certname).await })
        .buffered(AT_ONCE)
        .try_collect()
        .await
        .map_err(failed)?;
    let list: Vec<NodeStatus> = pointers
        .into_iter()
        .flatten()
        .map(|pointer| {
            let aim = environment.aim(&pointer.certname, Some(&pointer));
            NodeStatus::of(pointer, aim.release)
        })
        .collect();
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
    line("edge_watching", shared.watching.count() as u64);
    let (running, in_line) = shared.watching.turns();
    line("edge_watching_runs", running as u64);
    line("edge_watching_in_line", in_line as u64);
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
