//! What agents hand in: reports and facts.

use bunraku_farm::rollout::{Rollout, Run};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::Deserialize;

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
    let environment = environment_name(call.query.get("environment"))?;
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
    let now = Timestamp::now();
    take_down(shared, &environment, &name, &content, now).await?;
    let nanoseconds = u64::try_from(now.as_nanosecond()).unwrap_or(0);
    shared
        .farm
        .store
        .put_report(&name, nanoseconds, content)
        .await
        .map_err(|error| store_problem(shared, &error))?;
    shared.farm_counters.reports_stored.increment();
    shared.watching.reported(&name);
    let content_type = json_type(&call.headers).unwrap_or("application/json;charset=utf-8");
    Ok(json(content_type, &["store"]))
}

/// While a rollout goes on, its gate is to know of each run.
async fn take_down(
    shared: &Shared,
    name: &EnvironmentName,
    certname: &Certname,
    content: &[u8],
    now: Timestamp,
) -> Result<(), Problem> {
    let failed = |error| store_problem(shared, &error);
    let environment = shared.farm.environment(name).await.map_err(failed)?;
    let Some((environment, rollout)) = environment
        .as_deref()
        .and_then(|document| Some((document, document.rollout()?)))
    else {
        return Ok(());
    };
    let report = WireReport::read(content);
    let pointer = shared.farm.pointer(name, certname).await.map_err(failed)?;
    let pointer = pointer.as_deref().map(|pointer| &pointer.pointer);
    let is_in = environment.aim(certname, pointer).sequence == rollout.sequence;
    let place = pointer.and_then(|pointer| pointer.place);
    let stage = place.map_or(rollout.stages.len().saturating_sub(1), |place| place.stage);
    let run = Run {
        at: now,
        failed: report.status.as_deref() == Some("failed"),
        corrective: report.corrective_change,
    };
    shared
        .farm
        .store
        .put_run(
            name,
            certname,
            rollout.sequence,
            run,
            is_in && report.is_with(rollout, stage, now),
        )
        .await
        .map_err(failed)
}

/// What is wanted of a report (`Puppet::Transaction::Report#to_data_hash`). One in another form than JSON says only that
/// the node is there.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WireReport {
    status: Option<String>,
    corrective_change: bool,
    /// When the run began, by the node's clock.
    time: Option<String>,
    /// The release that the catalog was compiled from.
    code_id: Option<String>,
}

impl WireReport {
    fn read(content: &[u8]) -> Self {
        serde_json::from_slice(content).unwrap_or_default()
    }

    /// Whether the run was one with a rollout's release: the catalog was compiled from it, or the run began when the
    /// node's stage was open, so that the catalog holds for it.
    fn is_with(&self, rollout: &Rollout, stage: usize, now: Timestamp) -> bool {
        if self.code_id.as_deref() == Some(rollout.release.to_hex().as_str()) {
            return true;
        }
        let began = self.time.as_ref().and_then(|time| time.parse().ok());
        let opened = rollout.stages.get(stage).and_then(|stage| stage.opened_at);
        opened.is_some_and(|opened| began.unwrap_or(now) >= opened)
    }
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
