//! Waiting for a compile: bounded in time and in number, woken by what the edge is told.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::{CatalogRef, Failure};
use bunraku_farm::messages::{Cause, CompileTask, Lane};
use bunraku_farm::rollout::Aim;
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::Key;
use jiff::Timestamp;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::watch;
use tokio::time::Instant;

use super::pointer::{Claims, NodePointer, Verdict};
use crate::edge::Shared;
use crate::farm::News;
use crate::http::reply::{Problem, no_environment};
use crate::routes::unavailable;

/// How often the pointer is read without anything having been told: other processes' workers write, too.
const POLL: Duration = Duration::from_millis(500);
/// The same where new pointers of other processes are told.
const ANNOUNCED_POLL: Duration = Duration::from_secs(2);
/// How long another try at a compile that failed before is waited for: a failure like the last one is not written
/// again, and so can't be seen.
const RETRY_WAIT: Duration = Duration::from_secs(10);

/// What came of waiting.
#[derive(Debug)]
pub(crate) enum Waited {
    /// A pointer whose catalog holds, or whose compile failed.
    Settled(Arc<NodePointer>, Verdict),
    /// Nothing in time; the failure of the time before, if there was one.
    Expired(Option<Failure>),
}

/// A node whose catalog is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) certname: &'a Certname,
    pub(crate) claims: Claims<'a>,
    /// The pointer that does not do.
    pub(crate) pointer: Option<&'a NodePointer>,
    /// The failure that a new try is to put right.
    pub(crate) former: Option<&'a Failure>,
}

/// Puts a compile task into the urgent lane and waits for its pointer. The facts must be in the store already.
pub(crate) async fn compile(
    shared: &Shared,
    wanted: Wanted<'_>,
    aim: &Aim,
) -> Result<Waited, Problem> {
    // Before the task is sent: what comes of it can't be missed then.
    let mut news = shared.farm.news();
    let mut stopping = shared.stopping.subscribe();
    let task = CompileTask {
        environment: wanted.environment.clone(),
        certname: wanted.certname.clone(),
        release: aim.release,
        sequence: aim.sequence,
        lane: Lane::Urgent,
        cause: Cause::Request,
        enqueued_at: Timestamp::now(),
    };
    shared.queue.send(task.into()).await.map_err(|error| {
        tracing::error!(%error, "a compile task could not be sent");
        unavailable(shared)
    })?;
    let wait = match wanted.former {
        Some(_) => shared.config.wait.min(RETRY_WAIT),
        None => shared.config.wait,
    };
    let mut deadline = Instant::now() + wait;
    let mine = Key::pointer(wanted.environment, wanted.certname);
    let environment = Key::Environment(wanted.environment.clone());
    let mut seen = wanted.pointer.map(Seen::of);
    let mut stops = false;
    loop {
        let last = Instant::now() >= deadline;
        if let Some(settled) = look(shared, wanted, &mut seen).await? {
            return Ok(settled);
        }
        if last {
            return Ok(Waited::Expired(wanted.former.cloned()));
        }
        let poll = match shared.farm.is_announced() {
            true => ANNOUNCED_POLL,
            false => POLL,
        };
        let concerns = |key: &Key| *key == mine || *key == environment;
        tokio::select! {
            () = tokio::time::sleep_until((Instant::now() + poll).min(deadline)) => {}
            () = told(&mut news, concerns) => {}
            () = told_to_stop(&mut stopping), if !stops => {
                stops = true;
                // The reply must be sent before the connection is cut.
                deadline = deadline.min(Instant::now() + shared.config.drain / 2);
            }
        }
    }
}

/// Completes when something was written that concerns the one who waits.
async fn told(news: &mut Receiver<News>, concerns: impl Fn(&Key) -> bool) {
    loop {
        match news.recv().await {
            Ok(News::Written(key)) if !concerns(&key) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Completes when the edge is told to stop.
pub(crate) async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // The sender lives as long as the edge.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// Where a pointer stands; differs when it was written.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    sequence: u64,
    facts_generation: u64,
    catalog: Option<CatalogRef>,
    failure: Option<Failure>,
}

impl Seen {
    fn of(pointer: &NodePointer) -> Self {
        let pointer = &pointer.pointer;
        Self {
            sequence: pointer.sequence,
            facts_generation: pointer.facts_generation,
            catalog: pointer.catalog,
            failure: pointer.failure.clone(),
        }
    }
}

/// Judges the node's pointer as the store has it now. `seen` is where it stood the time before.
async fn look(
    shared: &Shared,
    wanted: Wanted<'_>,
    seen: &mut Option<Seen>,
) -> Result<Option<Waited>, Problem> {
    let failed = |error| crate::routes::store_problem(shared, &error);
    let pointer = shared
        .farm
        .fresh_pointer(wanted.environment, wanted.certname)
        .await
        .map_err(failed)?;
    let Some(pointer) = pointer else {
        return Ok(None);
    };
    // The environment may move on while we wait: the compile then is for its newer release. It is asked for when
    // the pointer moved, for otherwise what is remembered of it for a moment will do.
    let now = Some(Seen::of(&pointer));
    let environment = if now == *seen {
        shared.farm.environment(wanted.environment).await
    } else {
        shared.farm.fresh_environment(wanted.environment).await
    };
    *seen = now;
    let environment = environment
        .map_err(failed)?
        .ok_or_else(|| no_environment(wanted.environment))?;
    let aim = environment.aim(wanted.certname, Some(&pointer.pointer));
    Ok(match pointer.judge(&aim, wanted.claims) {
        Verdict::Compile => None,
        Verdict::Failed(failure) if Some(&failure) == wanted.former => None,
        verdict => Some(Waited::Settled(pointer, verdict)),
    })
}
