//! `GET /bunraku/v1/watch`: the events of the client's own node.

use std::ops::RangeInclusive;

use bunraku_farm::documents::Node;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Response};

use super::lane::lane;
use super::seat::Visitor;
use crate::edge::Shared;
use crate::http::call::Call;
use crate::http::reply::{Problem, Reply, bad_request, busy};
use crate::http::reply_body::ReplyBody;
use crate::routes::{environment_name, forbidden, only, store_problem, unavailable};

/// The header in which clients of such streams say what they saw last.
const LAST_EVENT_ID: &str = "last-event-id";
/// When to come again, in seconds, to an edge that stops: others are there, or it is soon again.
const STOPPING: RangeInclusive<u64> = 1..=5;
/// The environment of a node that nothing is known of: an agent's default.
const DEFAULT_ENVIRONMENT: &str = "production";

/// Begins a stream. `Last-Event-ID`, or else the parameter `catalog`, says which catalog the node has; `environment`
/// is the one that it is in, by default the one that its agent asked for last.
pub(crate) async fn watch(shared: &Shared, call: Call) -> Result<Reply, Problem> {
    only(&call, &[Method::GET])?;
    let certname = Certname::parse(call.certname()).map_err(|_| forbidden(&call))?;
    let Some(identity) = call.identity.clone() else {
        return Err(forbidden(&call));
    };
    let has = last_seen(&call)?;
    let Some(place) = shared.watching.place() else {
        return Err(unavailable(shared));
    };
    let named = call.query.get("environment");
    let environment = match named {
        Some(_) => environment_name(named)?,
        None => own_environment(shared, &certname).await?,
    };
    let lane = lane(shared, &environment, Node::named(certname.clone())).await;
    let visitor = Visitor {
        certname,
        identity,
        environment,
        named: named.is_some(),
        has,
        lane: lane.map_err(|error| store_problem(shared, &error))?,
    };
    let Some(events) = shared.watching.enter(visitor, place) else {
        return Err(busy(&STOPPING));
    };
    shared.counters.watches.increment();
    // Watchers are counted apart: those who ask for catalogs find their places free.
    call.connection.give_back();
    let mut reply = Response::new(ReplyBody::Events(events));
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    Ok(reply)
}

fn last_seen(call: &Call) -> Result<Option<Digest>, Problem> {
    let header = call.headers.get(LAST_EVENT_ID);
    let header = header.map(|value| value.to_str().unwrap_or("?"));
    let Some(text) = header
        .filter(|text| !text.is_empty())
        .or_else(|| call.query.get("catalog"))
    else {
        return Ok(None);
    };
    let digest = Digest::parse(text)
        .map_err(|_| bad_request("Last-Event-ID and catalog are digests of catalogs"))?;
    Ok(Some(digest))
}

/// The environment that the node's agent asked for last.
async fn own_environment(shared: &Shared, certname: &Certname) -> Result<EnvironmentName, Problem> {
    let facts = shared.farm.store.facts(certname).await;
    match facts.map_err(|error| store_problem(shared, &error))? {
        Some(facts) => Ok(facts.environment),
        None => environment_name(Some(DEFAULT_ENVIRONMENT)),
    }
}
