//! What agents hand in: reports and facts.

mod wire;

use bunraku_farm::rollout::Run;
use bunraku_farm::{Certname, Digest, EnvironmentName};
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
use wire::{ReportForm, WireReport};

/// `PUT /puppet/v3/report/NAME`: kept word for word; agents want a list back.
pub(crate) async fn report(
    shared: &Shared,
    call: &Call,
    name: Certname,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let environment = environment_name(call.query.get("environment"))?;
    let form = ReportForm::of(check_content_type(call, ReportForm::KINDS)?);
    let content = body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?;
    if content.is_empty() {
        return Err(bad_request("The request body is invalid: it is empty"));
    }
    let now = Timestamp::now();
    take_down(shared, &environment, &name, (form, &content), now).await?;
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
    (form, content): (ReportForm, &[u8]),
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
    let report = WireReport::read(form, content).unwrap_or_else(|error| {
        tracing::warn!(node = %certname, ?form, error, "a report says only that its node is there");
        WireReport::default()
    });
    let pointer = shared.farm.pointer(name, certname).await.map_err(failed)?;
    let pointer = pointer.as_deref().map(|pointer| &pointer.pointer);
    let (code_id, began) = (report.code_id.as_deref(), report.began().unwrap_or(now));
    let with_release = environment.ran_with_rollout(certname, pointer, code_id, began);
    let run = Run {
        at: now,
        failed: report.status.as_deref() == Some("failed"),
        corrective: report.corrective_change,
    };
    shared
        .farm
        .store
        .put_run(name, certname, rollout.sequence, run, with_release)
        .await
        .map_err(failed)
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

/// The media type of what was sent, when it is one of those.
fn check_content_type<'a>(call: &'a Call, allowed: &[&str]) -> Result<&'a str, Problem> {
    let sent = call
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = sent.map(|sent| sent.split(';').next().unwrap_or_default().trim());
    match kind {
        Some(kind) if allowed.contains(&kind) => Ok(kind),
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
