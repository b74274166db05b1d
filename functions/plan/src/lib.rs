//! Which nodes, which lane: a release, or changed exports, become compile tasks.
//!
//! [`gather`] sees to exported resources, [`advance`] to rollouts, [`collect`] to what nobody needs any more. [`plan`] reads the release's facts documents into the store (for nodes that no agent has
//! spoken for yet), takes every node that is known in the environment, and puts a task for each into
//! the queue in one batch, in the lane that the site's rules give it. Doing it twice does no harm: a task that comes late or again finds the
//! pointer ahead of it.

mod collect;
mod gather;
mod priorities;
mod rollouts;
mod seeds;

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::Counters;
use bunraku_farm::messages::{Message, PlanTask, Planning};
use bunraku_farm::plan::{plan as tasks_of, select};
use bunraku_host::Host;
use bunraku_queue::Queue;
use bunraku_store::{OutcomeMemory, Store};

/// How many documents are read at once.
const CONCURRENCY: usize = 16;

/// What the handler works with; made once for each process.
#[derive(Clone, Debug)]
pub struct Context {
    /// The store.
    pub store: Store,
    /// The queue, for the compile tasks.
    pub queue: Arc<dyn Queue>,
    /// Where it counts.
    pub counters: Arc<Counters>,
    /// The time.
    pub host: Host,
    /// What is remembered of nodes' runs while a rollout goes on.
    pub outcomes: OutcomeMemory,
}

impl Context {
    /// A context with the time of the store's host.
    pub fn new(store: Store, queue: Arc<dyn Queue>, counters: Arc<Counters>) -> Self {
        Self {
            host: store.host().clone(),
            store,
            queue,
            counters,
            outcomes: OutcomeMemory::default(),
        }
    }
}

pub use collect::collect;
pub use gather::gather;
pub use rollouts::advance;

/// Handles one message of the plans' queue, within `time` where there is no more. An error means that the store or the
/// queue failed: try again later.
pub async fn handle(
    context: &Context,
    planning: &Planning,
    time: Option<Duration>,
) -> anyhow::Result<()> {
    match planning {
        Planning::Plan(task) => plan(context, task).await,
        Planning::Gather => gather(context).await,
        Planning::Collect => collect(context, time).await,
        Planning::Advance(task) => advance(context, task).await,
    }
}

/// Handles one plan task.
pub async fn plan(context: &Context, task: &PlanTask) -> anyhow::Result<()> {
    let store = &context.store;
    let Some(environment) = store.environment(&task.environment).await? else {
        tracing::warn!(environment = %task.environment, "no such environment: nothing to plan");
        return Ok(());
    };
    let now = context.host.now();
    let manifest = store
        .release_manifest(&task.environment, environment.release)
        .await?;
    let known = store.known_nodes_in(&task.environment).await?;
    let seeded = seeds::store_seeds(context, task, &environment, &manifest, &known).await?;
    let nodes = select(&task.nodes, known, seeded.iter().cloned());
    let nodes = priorities::lanes(context, &task.environment, &environment.settings, nodes).await?;
    let tasks = tasks_of(task, &environment, nodes, &seeded, now);
    tracing::info!(
        environment = %task.environment,
        release = environment.release.short(),
        sequence = environment.sequence,
        tasks = tasks.len(),
        "planned"
    );
    let planned = tasks.len() as u64;
    context
        .queue
        .send_batch(tasks.into_iter().map(Message::from).collect())
        .await?;
    context.counters.plans.increment();
    context.counters.tasks_planned.add(planned);
    Ok(())
}

#[cfg(test)]
mod tests;
