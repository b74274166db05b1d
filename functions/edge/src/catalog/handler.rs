//! `/puppet/v3/catalog/NAME`.

use bunraku_farm::digest::DigestBuilder;
use bunraku_farm::documents::{CatalogRef, FactsDoc};
use bunraku_farm::messages::{Cause, CompileTask, Lane};
use bunraku_farm::rollout::Aim;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use hyper::Method;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::Value;

use super::facts;
use super::pointer::{Claims, NodePointer, Verdict, is_stale};
use super::request::CatalogRequest;
use super::wait::{self, Waited, Wanted};
use crate::edge::Shared;
use crate::http::accept::{CatalogForm, catalog_form, takes_gzip};
use crate::http::body;
use crate::http::call::Call;
use crate::http::reply::{
    Problem, Reply, bad_request, busy, bytes, gzipped, no_environment, not_acceptable, server_error,
};
use crate::routes::{environment_name, store_problem};

/// Answers a catalog request. `name` is the client's own certname.
pub(crate) async fn catalog(
    shared: &Shared,
    mut call: Call,
    raw_query: &[u8],
    name: Certname,
    incoming: Incoming,
) -> Result<Reply, Problem> {
    let form = catalog_form(&call.headers).ok_or_else(|| not_acceptable(&call.headers))?;
    let content = match call.method {
        Method::POST => {
            body::read(incoming, shared.config.max_body, shared.config.body_timeout).await?
        }
        _ => bytes::Bytes::new(),
    };
    let request = CatalogRequest::read(raw_query, &content);
    let environment = environment_name(request.environment.as_deref())?;
    // Given back while the agent waits for a compile.
    let permit = call.permit.take();
    let asked = Asked {
        shared,
        call: &call,
        form,
        environment: &environment,
    };
    let failed = |error| store_problem(shared, &error);
    let current = shared
        .farm
        .environment(&environment)
        .await
        .map_err(failed)?
        .ok_or_else(|| no_environment(&environment))?;
    let pointer = shared
        .farm
        .pointer(&environment, &name)
        .await
        .map_err(failed)?;
    let aim = current.aim(&name, pointer.as_deref().map(|pointer| &pointer.pointer));
    let raw = request
        .facts
        .as_ref()
        .map(|facts| claims_digest(&call, facts));
    if let (Some(pointer), Some(raw)) = (&pointer, raw)
        && let Some(catalog) = pointer.known(&aim, raw)
    {
        shared.counters.catalogs_repeated.increment();
        shared.farm_counters.catalogs_served.increment();
        return asked.serve(catalog).await;
    }

    let mut facts = match &request.facts {
        Some(facts) => {
            facts::check_format(&name, request.facts_format.as_deref())?;
            facts::read(&facts::decode(facts), &name, &environment, Timestamp::now())?
        }
        None => stored_facts(shared, &name, &environment).await?,
    };
    drop((request, content));
    let digest = facts.digest;
    if let Some(identity) = &call.identity {
        facts.extensions = facts::extensions(identity);
    }
    let trusted = facts.trusted();
    let values = take_values(&mut facts);
    let claims = Claims {
        facts: &values,
        digest,
        trusted: &trusted,
    };
    let verdict = match &pointer {
        Some(pointer) => pointer.judge(&aim, claims),
        None => Verdict::Compile,
    };
    put_values(&mut facts, values);
    let former = match verdict {
        Verdict::Serve(catalog) => {
            keep_facts(shared, &facts, false).await?;
            if pointer
                .as_ref()
                .is_some_and(|pointer| pointer.has_failed(&aim))
            {
                tell_of_return(shared, &environment, &name, &aim).await;
            }
            if let (Some(pointer), Some(raw)) = (&pointer, raw) {
                pointer.remember(raw, catalog);
            }
            shared.farm_counters.catalogs_served.increment();
            return asked.serve(catalog).await;
        }
        Verdict::Failed(failure) => {
            keep_facts(shared, &facts, false).await?;
            if !is_stale(&failure, Timestamp::now(), shared.config.failure_ttl) {
                return asked.failed(pointer.as_deref(), &failure.error).await;
            }
            Some(failure)
        }
        Verdict::Compile => None,
    };

    let Ok(_place) = shared.waiting.try_acquire() else {
        shared.farm_counters.requests_shed.increment();
        return asked
            .last_good_or(pointer.as_deref(), busy(&shared.config.retry_after))
            .await;
    };
    // Who waits does not work: the place among the requests is another's.
    drop(permit);
    keep_facts(shared, &facts, true).await?;
    shared.farm_counters.catalogs_waited.increment();
    let values = take_values(&mut facts);
    let claims = Claims {
        facts: &values,
        digest,
        trusted: &trusted,
    };
    let wanted = Wanted {
        environment: &environment,
        certname: &name,
        claims,
        pointer: pointer.as_deref(),
        former: former.as_ref(),
    };
    match wait::compile(shared, wanted, &aim).await? {
        Waited::Settled(_, Verdict::Serve(catalog)) => asked.serve(catalog).await,
        Waited::Settled(pointer, Verdict::Failed(failure)) => {
            asked.failed(Some(&pointer), &failure.error).await
        }
        Waited::Expired(Some(failure)) => asked.failed(pointer.as_deref(), &failure.error).await,
        Waited::Settled(_, Verdict::Compile) | Waited::Expired(None) => {
            shared.counters.waits_expired.increment();
            shared.farm_counters.requests_shed.increment();
            asked
                .last_good_or(pointer.as_deref(), busy(&shared.config.retry_after))
                .await
        }
    }
}

/// Names what an agent claims, byte for byte: its facts as sent, and its certificate, whose extensions count too.
fn claims_digest(call: &Call, facts: &[u8]) -> Digest {
    let mut builder = DigestBuilder::new();
    builder.field(
        call.identity
            .as_ref()
            .map_or(&[], |identity| identity.serial.as_slice()),
    );
    builder.field(facts);
    builder.finish()
}

/// The trace is asked with one JSON value, the store takes a map: the values go from one to the other and back,
/// never copied.
fn take_values(facts: &mut FactsDoc) -> Value {
    Value::Object(std::mem::take(&mut facts.values))
}

fn put_values(facts: &mut FactsDoc, values: Value) {
    if let Value::Object(values) = values {
        facts.values = values;
    }
}

/// Facts of a request that brings none: those the farm knows.
async fn stored_facts(
    shared: &Shared,
    name: &Certname,
    environment: &EnvironmentName,
) -> Result<FactsDoc, Problem> {
    let stored = shared
        .farm
        .store
        .facts(name)
        .await
        .map_err(|error| store_problem(shared, &error))?;
    let mut facts = stored.ok_or_else(|| {
        bad_request(format!(
            "The request brings no facts, and none are known of {name}"
        ))
    })?;
    facts.environment = environment.clone();
    Ok(facts)
}

async fn keep_facts(shared: &Shared, document: &FactsDoc, all: bool) -> Result<(), Problem> {
    let kept = if all {
        shared.farm.keep_all_facts(document).await
    } else {
        shared.farm.keep_facts(document).await
    };
    if kept.map_err(|error| store_problem(shared, &error))? {
        shared.farm_counters.facts_stored.increment();
    }
    Ok(())
}

/// A failure stands beside a catalog that holds: it was of other facts, which did not stay. A worker is to find that out,
/// so that the failure goes, and what the failed attempt asked of other nodes is not taken for what the node collects.
async fn tell_of_return(
    shared: &Shared,
    environment: &EnvironmentName,
    certname: &Certname,
    aim: &Aim,
) {
    let task = CompileTask {
        environment: environment.clone(),
        certname: certname.clone(),
        release: aim.release,
        sequence: aim.sequence,
        lane: Lane::Normal,
        cause: Cause::Facts,
        enqueued_at: Timestamp::now(),
    };
    // The agent has its catalog; the next request tries again.
    if let Err(error) = shared.queue.send(task.into()).await {
        tracing::warn!(%error, "a compile task could not be sent");
    }
}

/// A request whose answer is a catalog, or why there is none.
#[derive(Clone, Copy)]
struct Asked<'a> {
    shared: &'a Shared,
    call: &'a Call,
    form: CatalogForm,
    environment: &'a EnvironmentName,
}

impl Asked<'_> {
    /// Copies a stored catalog.
    async fn serve(self, catalog: CatalogRef) -> Result<Reply, Problem> {
        let shared = self.shared;
        if let Ok(certname) = Certname::parse(self.call.certname()) {
            let watching = &shared.watching;
            watching.served(self.environment, &certname, catalog.digest);
        }
        let digest = match self.form {
            CatalogForm::Rich => catalog.digest,
            CatalogForm::Json | CatalogForm::Pson => catalog.plain_digest.unwrap_or(catalog.digest),
        };
        let content_type = self.form.content_type();
        let failed = |error| store_problem(shared, &error);
        if takes_gzip(&self.call.headers) {
            let gzip = shared.farm.catalog(digest).await.map_err(failed)?;
            return Ok(gzipped(content_type, gzip));
        }
        let json = shared.farm.store.catalog_json(digest).await;
        Ok(bytes(content_type, json.map_err(failed)?))
    }

    /// A compile's failure in the reference's shape, or the last good catalog where the site wants that.
    async fn failed(self, pointer: Option<&NodePointer>, error: &str) -> Result<Reply, Problem> {
        self.shared.counters.catalogs_failed.increment();
        self.last_good_or(pointer, server_error(error)).await
    }

    async fn last_good_or(
        self,
        pointer: Option<&NodePointer>,
        problem: Problem,
    ) -> Result<Reply, Problem> {
        match pointer.and_then(|pointer| pointer.pointer.catalog) {
            Some(catalog) if self.shared.config.serve_last_good => self.serve(catalog).await,
            _ => Err(problem),
        }
    }
}
