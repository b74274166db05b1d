//! An agent's run, and what the edge does for it.

use std::sync::Arc;
use std::time::Duration;

use bunraku_edge::{Claims, NodePointer, Verdict};
use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, FactsDoc};
use bunraku_farm::messages::{Cause, CompileTask, Lane};
use bunraku_farm::rollout::{Aim, Run};
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_queue::{Announcements, QueueError};
use bunraku_store::{Key, Store, StoreError};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::process::Process;
use crate::site::{self, Said};
use crate::witness::Serving;

/// How often the edge looks at a pointer that an agent waits for.
const POLL: Duration = Duration::from_millis(500);
/// How often where it is told of new pointers.
const ANNOUNCED_POLL: Duration = Duration::from_secs(2);
/// How long a run lasts at most, in milliseconds.
const LONGEST_RUN: u64 = 20_000;

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
    Catalog(Served),
    /// The code's error.
    Failed,
    /// 503: later.
    Later,
    /// 404: there is no such environment.
    NoEnvironment,
}

/// A catalog that an agent got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    /// The release that it was compiled from, if it says so.
    code_id: Option<String>,
    said: Option<Said>,
}

/// Why the edge has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// A run in the edge's hands.
struct Request {
    process: Arc<Process>,
    store: Store,
    facts: FactsDoc,
    began: Instant,
}

/// One run.
async fn run(process: Arc<Process>, asking: Asking, patience: Duration) -> Result<Answer, Trouble> {
    let began = Instant::now();
    let (store, queue) = (process.store(), process.queue());
    let Some(current) = store.environment(&asking.environment).await? else {
        return Ok(Answer::NoEnvironment);
    };
    let facts = FactsDoc::new(
        asking.certname,
        asking.environment,
        asking.facts,
        process.now(),
    );
    let request = Request {
        process,
        store,
        facts,
        began,
    };
    let Request { store, facts, .. } = &request;
    let looked = request.look(&current).await?;
    let task = |lane, cause| CompileTask {
        environment: facts.environment.clone(),
        certname: facts.certname.clone(),
        release: looked.aim.release,
        sequence: looked.aim.sequence,
        lane,
        cause,
        enqueued_at: request.process.now(),
    };
    match looked.verdict {
        Verdict::Serve(catalog) => {
            store.put_facts(facts).await?;
            if looked.has_failed {
                // As the edge, which gives the catalog out whatever becomes of this.
                let _ = queue.send(task(Lane::Normal, Cause::Facts).into()).await;
            }
            return request.serve(&current, catalog).await;
        }
        Verdict::Failed(_) => {
            store.put_facts(facts).await?;
            return Ok(request.refuse(&current));
        }
        Verdict::Compile => {}
    }
    let stored = store.put_facts(facts).await?.value;
    if stored.is_some_and(|stored| stored.values != facts.values) {
        store.replace_facts(facts).await?;
    }
    // Before the task is sent: what comes of it can't be missed then.
    let mut news = queue.announcements().await.ok().flatten();
    queue
        .send(task(Lane::Urgent, Cause::Request).into())
        .await?;
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        request.wait(&mut news).await;
        let Some(current) = store.environment(&facts.environment).await? else {
            return Ok(Answer::NoEnvironment);
        };
        match request.look(&current).await?.verdict {
            Verdict::Serve(catalog) => return request.serve(&current, catalog).await,
            Verdict::Failed(_) => return Ok(request.refuse(&current)),
            Verdict::Compile => {}
        }
    }
    Ok(Answer::Later)
}

/// What the edge makes of a node's pointer.
struct Looked {
    aim: Aim,
    verdict: Verdict,
    /// Whether the last compile failed.
    has_failed: bool,
}

impl Request {
    fn serving<'a>(&'a self, current: &'a EnvironmentDoc) -> Serving<'a> {
        Serving {
            environment: &self.facts.environment,
            certname: &self.facts.certname,
            facts: &self.facts.values,
            current,
            began: self.began,
        }
    }

    async fn look(&self, current: &EnvironmentDoc) -> Result<Looked, StoreError> {
        let facts = &self.facts;
        let pointer = self.store.pointer(&facts.environment, &facts.certname);
        let pointer = pointer.await?;
        let (values, trusted) = (Value::Object(facts.values.clone()), facts.trusted());
        let claims = Claims {
            facts: &values,
            digest: facts.digest,
            trusted: &trusted,
        };
        let aim = current.aim(&facts.certname, pointer.as_ref());
        let pointer = pointer.map(NodePointer::new);
        let pointer = pointer.as_ref();
        Ok(Looked {
            aim,
            verdict: pointer.map_or(Verdict::Compile, |pointer| pointer.judge(&aim, claims)),
            has_failed: pointer.is_some_and(|pointer| pointer.has_failed(&aim)),
        })
    }

    /// Waits until there may be something new of the node.
    async fn wait(&self, news: &mut Option<Box<dyn Announcements>>) {
        let Some(listening) = news else {
            return tokio::time::sleep(POLL).await;
        };
        let pointer = Key::pointer(&self.facts.environment, &self.facts.certname).to_string();
        let environment = Key::Environment(self.facts.environment.clone()).to_string();
        let told = async {
            loop {
                match listening.next().await {
                    Ok(keys)
                        if !keys
                            .iter()
                            .any(|key| *key == pointer || *key == environment) => {}
                    heard => return heard.is_ok(),
                }
            }
        };
        let goes_on = tokio::select! {
            () = tokio::time::sleep(ANNOUNCED_POLL) => true,
            heard = told => heard,
        };
        if !goes_on {
            *news = None;
        }
    }

    /// Hands out a catalog.
    async fn serve(
        &self,
        current: &EnvironmentDoc,
        catalog: CatalogRef,
    ) -> Result<Answer, Trouble> {
        let world = &self.process.world;
        let json = match self.store.catalog_json(catalog.digest).await {
            Err(StoreError::NotFound { key }) => {
                let detail = format!("{key} of {}", self.facts.certname);
                world.step(|_, witness| witness.violate("what is served is there", detail));
                return Ok(Answer::Later);
            }
            json => json?,
        };
        let catalog: Value = serde_json::from_slice(&json).unwrap_or_default();
        world.step(|objects, witness| witness.served(objects, self.serving(current), &catalog));
        Ok(Answer::Catalog(Served {
            code_id: catalog["code_id"].as_str().map(str::to_owned),
            said: site::said(&catalog),
        }))
    }

    /// Says that the code has an error.
    fn refuse(&self, current: &EnvironmentDoc) -> Answer {
        let world = &self.process.world;
        world.step(|objects, witness| witness.refused(objects, self.serving(current)));
        Answer::Failed
    }
}

/// One run, and its report.
pub(crate) async fn run_and_report(
    process: &Arc<Process>,
    asking: Asking,
    patience: Duration,
) -> Result<Answer, Trouble> {
    let began = process.now();
    let answer = run(Arc::clone(process), asking.clone(), patience).await?;
    report(process, &asking, &answer, began).await?;
    Ok(answer)
}

/// What an agent reports of a run that `began` then, and the edge takes down while a rollout goes on.
async fn report(
    process: &Arc<Process>,
    asking: &Asking,
    answer: &Answer,
    began: Timestamp,
) -> Result<(), Trouble> {
    let chance = &process.world.chance;
    let (code_id, failed) = match answer {
        Answer::Later | Answer::NoEnvironment => return Ok(()),
        Answer::Failed => (None, true),
        Answer::Catalog(served) => {
            tokio::time::sleep(chance.milliseconds(0, LONGEST_RUN)).await;
            let harm = served.said.as_ref().is_some_and(Said::is_harmful);
            let failed = chance.per_mille(if harm { 800 } else { 30 });
            (served.code_id.as_deref(), failed)
        }
    };
    let (store, Asking { certname, .. }) = (process.store(), asking);
    let Some(document) = store.environment(&asking.environment).await? else {
        return Ok(());
    };
    let Some(rollout) = document.rollout() else {
        return Ok(());
    };
    let pointer = store.pointer(&asking.environment, certname).await?;
    let with_release = document.ran_with_rollout(certname, pointer.as_ref(), code_id, began);
    let run = Run {
        at: process.now(),
        failed,
        corrective: chance.per_mille(50),
    };
    let sequence = rollout.sequence;
    store
        .put_run(&asking.environment, certname, sequence, run, with_release)
        .await?;
    Ok(())
}
