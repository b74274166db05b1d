//! Waiting for a compile: bounded in time and in number, woken by the store.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::{EnvironmentDoc, Failure};
use bunraku_farm::messages::{Cause, CompileTask, Lane};
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::{Key, StoreEvent};
use jiff::Timestamp;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;

use super::pointer::{Claims, NodePointer, Verdict};
use crate::edge::Shared;
use crate::http::reply::{Problem, no_environment};
use crate::routes::unavailable;

/// How often the store is asked without having told of anything: other processes' workers write, too.
const POLL: Duration = Duration::from_millis(500);
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
    /// The failure that a new try is to put right.
    pub(crate) former: Option<&'a Failure>,
}

/// Puts a compile task into the urgent lane and waits for its pointer. The facts must be in the store already.
pub(crate) async fn compile(
    shared: &Shared,
    wanted: Wanted<'_>,
    current: &EnvironmentDoc,
) -> Result<Waited, Problem> {
    // Before the task is sent: what comes of it can't be missed then.
    let mut events = shared.farm.store.subscribe();
    let task = CompileTask {
        environment: wanted.environment.clone(),
        certname: wanted.certname.clone(),
        release: current.release,
        sequence: current.sequence,
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
    let deadline = Instant::now() + wait;
    let mine = Key::pointer(wanted.environment, wanted.certname);
    let environment = Key::Environment(wanted.environment.clone());
    loop {
        if let Some(settled) = look(shared, wanted).await? {
            return Ok(settled);
        }
        let poll = (Instant::now() + POLL).min(deadline);
        loop {
            match tokio::time::timeout_at(poll, events.recv()).await {
                Ok(Ok(StoreEvent::Written(key))) if key != mine && key != environment => {}
                Ok(Ok(_) | Err(RecvError::Lagged(_))) | Err(_) => break,
                Ok(Err(RecvError::Closed)) => {
                    tokio::time::sleep_until(poll).await;
                    break;
                }
            }
        }
        if Instant::now() >= deadline {
            return Ok(match look(shared, wanted).await? {
                Some(settled) => settled,
                None => Waited::Expired(wanted.former.cloned()),
            });
        }
    }
}

/// Judges the node's pointer as the store has it now.
async fn look(shared: &Shared, wanted: Wanted<'_>) -> Result<Option<Waited>, Problem> {
    let failed = |error| crate::routes::store_problem(shared, &error);
    // The environment may move on while we wait: the compile then is for its newer release.
    let environment = shared
        .farm
        .fresh_environment(wanted.environment)
        .await
        .map_err(failed)?
        .ok_or_else(|| no_environment(wanted.environment))?;
    let pointer = shared
        .farm
        .fresh_pointer(wanted.environment, wanted.certname)
        .await
        .map_err(failed)?;
    let Some(pointer) = pointer else {
        return Ok(None);
    };
    Ok(match pointer.judge(&environment, wanted.claims) {
        Verdict::Compile => None,
        Verdict::Failed(failure) if Some(&failure) == wanted.former => None,
        verdict => Some(Waited::Settled(pointer, verdict)),
    })
}
