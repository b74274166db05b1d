//! An agent's run, and what the edge does for it.

use std::sync::Arc;
use std::time::Duration;

use bunraku_edge::{Claims, NodePointer, Verdict};
use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, FactsDoc};
use bunraku_farm::messages::{Cause, CompileTask, Lane};
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_queue::QueueError;
use bunraku_store::{Store, StoreError};
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::process::Process;
use crate::site;

/// How often the edge looks at a pointer that an agent waits for.
const POLL: Duration = Duration::from_millis(500);

/// A node that wants its catalog.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(crate) certname: Certname,
    pub(crate) environment: EnvironmentName,
    pub(crate) facts: Map<String, Value>,
}

/// What an agent got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Its catalog.
    Catalog,
    /// The code's error.
    Failed,
    /// 503: later.
    Later,
    /// 404: there is no such environment.
    NoEnvironment,
}

/// Why the edge has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// One run.
pub(crate) async fn run(
    process: Arc<Process>,
    asking: Asking,
    patience: Duration,
) -> Result<Answer, Trouble> {
    let (store, queue) = (process.store(), process.queue());
    let Asking {
        certname,
        environment,
        facts,
    } = asking;
    let Some(current) = store.environment(&environment).await? else {
        return Ok(Answer::NoEnvironment);
    };
    let document = FactsDoc::new(certname, environment, facts, process.now());
    let (verdict, has_failed) = look(&store, &document, &current).await?;
    let task = |lane, cause| CompileTask {
        environment: document.environment.clone(),
        certname: document.certname.clone(),
        release: current.release,
        sequence: current.sequence,
        lane,
        cause,
        enqueued_at: process.now(),
    };
    match verdict {
        Verdict::Serve(catalog) => {
            store.put_facts(&document).await?;
            if has_failed {
                // As the edge, which gives the catalog out whatever becomes of this.
                let _ = queue.send(task(Lane::Normal, Cause::Facts).into()).await;
            }
            return serve(&process, &store, &document, catalog).await;
        }
        Verdict::Failed(_) => {
            store.put_facts(&document).await?;
            return Ok(Answer::Failed);
        }
        Verdict::Compile => {}
    }
    let stored = store.put_facts(&document).await?.value;
    if stored.is_some_and(|stored| stored.values != document.values) {
        store.replace_facts(&document).await?;
    }
    queue
        .send(task(Lane::Urgent, Cause::Request).into())
        .await?;
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        tokio::time::sleep(POLL).await;
        let Some(current) = store.environment(&document.environment).await? else {
            return Ok(Answer::NoEnvironment);
        };
        match look(&store, &document, &current).await?.0 {
            Verdict::Serve(catalog) => return serve(&process, &store, &document, catalog).await,
            Verdict::Failed(_) => return Ok(Answer::Failed),
            Verdict::Compile => {}
        }
    }
    Ok(Answer::Later)
}

/// What the edge makes of the node's pointer, and whether the last compile failed.
async fn look(
    store: &Store,
    facts: &FactsDoc,
    current: &EnvironmentDoc,
) -> Result<(Verdict, bool), StoreError> {
    let pointer = store.pointer(&facts.environment, &facts.certname).await?;
    let (values, trusted) = (Value::Object(facts.values.clone()), facts.trusted());
    let claims = Claims {
        facts: &values,
        digest: facts.digest,
        trusted: &trusted,
    };
    let aim = current.aim(&facts.certname, pointer.as_ref());
    Ok(pointer.map_or((Verdict::Compile, false), |pointer| {
        let pointer = NodePointer::new(pointer);
        (pointer.judge(&aim, claims), pointer.has_failed(&aim))
    }))
}

/// Hands out a catalog: the node's own, for the facts that it claims.
async fn serve(
    process: &Process,
    store: &Store,
    facts: &FactsDoc,
    catalog: CatalogRef,
) -> Result<Answer, Trouble> {
    let broken = |invariant, detail: String| {
        process
            .world
            .step(|_, witness| witness.violate(invariant, detail));
    };
    let certname = &facts.certname;
    let json = match store.catalog_json(catalog.digest).await {
        Err(StoreError::NotFound { key }) => {
            broken("what is served is there", format!("{key} of {certname}"));
            return Ok(Answer::Later);
        }
        json => json?,
    };
    let catalog: Value = serde_json::from_slice(&json).unwrap_or_default();
    if catalog["name"] != certname.as_str() {
        let detail = format!("{certname} got that of {}", catalog["name"]);
        broken("no catalog is served to another node", detail);
    }
    let mood = facts.values.get("mood").and_then(Value::as_str);
    if site::said(&catalog).is_none_or(|(_, said)| Some(said.as_str()) != mood) {
        let detail = format!("{certname} is in {mood:?}, and got {catalog}");
        broken("a served catalog is of the facts that were sent", detail);
    }
    Ok(Answer::Catalog)
}
