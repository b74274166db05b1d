//! What agents hand in: reports and facts.

use bunraku_farm::{Certname, Digest};
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use jiff::Timestamp;

use crate::catalog::facts as node_facts;
use crate::edge::Shared;
use crate::http::accept::json_type;
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{IssueKind, Problem, Reply, bad_request, issue, json, no_environment};
use crate::routes::{environment_name, store_problem};

/// `PUT /puppet/v3/report/NAME`: kept word for word; agents want a list back.
pub(crate) async fn report(
    shared: &Shared,
    call: &Call,
    name: Certname,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    environment_name(call.query.get("environment"))?;
    check_content_type(
        call,
        &[
            "application/json",
            "text/pson",
            "pson",
            "text/yaml",
            "yaml",
            "application/x-msgpack",
        ],
    )?;
    let content = body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?;
    if content.is_empty() {
        return Err(bad_request("The request body is invalid: it is empty"));
    }
    let now = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(0);
    shared
        .farm
        .store
        .put_report(&name, now, content)
        .await
        .map_err(|error| store_problem(shared, &error))?;
    shared.farm_counters.reports_stored.increment();
    shared.watching.reported(&name);
    let content_type = json_type(&call.headers).unwrap_or("application/json;charset=utf-8");
    Ok(json(content_type, &["store"]))
}

/// `PUT /puppet/v3/facts/NAME` (`puppet facts upload`).
pub(crate) async fn facts(
    shared: &Shared,
    call: &Call,
    name: Certname,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let environment = environment_name(call.query.get("environment"))?;
    check_content_type(call, &["application/json", "text/pson", "pson"])?;
    let failed = |error| store_problem(shared, &error);
    shared
        .farm
        .environment(&environment)
        .await
        .map_err(failed)?
        .ok_or_else(|| no_environment(&environment))?;
    let content = body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?;
    let mut document = node_facts::read(&content, &name, &environment, Timestamp::now())?;
    if let Some(identity) = &call.identity {
        document.extensions = node_facts::extensions(identity);
    }
    let digest: Digest = document.digest;
    if shared.farm.keep_facts(&document).await.map_err(failed)? {
        shared.farm_counters.facts_stored.increment();
        tracing::debug!(node = %name, %digest, "facts stored");
    }
    let content_type = json_type(&call.headers).unwrap_or("application/json;charset=utf-8");
    Ok(json(content_type, &""))
}

fn check_content_type(call: &Call, allowed: &[&str]) -> Result<(), Problem> {
    let sent = call
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = sent.map(|sent| sent.split(';').next().unwrap_or_default().trim());
    match kind {
        Some(kind) if allowed.contains(&kind) => Ok(()),
        _ => Err(issue(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "Client sent a mime-type ({}) that doesn't correspond to a format we support",
                sent.unwrap_or_default()
            ),
            IssueKind::UnsupportedMediaType,
        )),
    }
}
