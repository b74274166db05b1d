//! Which nodes, which lane: a release becomes compile tasks.
//!
//! [`handle`] reads the release's facts documents into the store (for nodes that no agent has
//! spoken for yet), takes every node that is known in the environment, leaves out those whose
//! pointer is there already, and puts the rest into the queue in one batch. Doing it twice does no
//! harm: waiting tasks of a node coalesce, and a task that comes late finds the pointer ahead of it.

mod seeds;

use std::sync::Arc;

use bunraku_farm::Counters;
use bunraku_farm::messages::{Message, NodeSelection, PlanTask};
use bunraku_farm::plan::{plan, select};
use bunraku_queue::Queue;
use bunraku_store::Store;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

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
    /// The clock.
    pub now: fn() -> Timestamp,
}

impl Context {
    /// A context with the system's clock.
    pub fn new(store: Store, queue: Arc<dyn Queue>, counters: Arc<Counters>) -> Self {
        Self {
            store,
            queue,
            counters,
            now: Timestamp::now,
        }
    }
}

/// Handles one plan task. An error means that the store or the queue failed: try again later.
pub async fn handle(context: &Context, task: &PlanTask) -> anyhow::Result<()> {
    let store = &context.store;
    let Some(environment) = store.environment(&task.environment).await? else {
        tracing::warn!(environment = %task.environment, "no such environment: nothing to plan");
        return Ok(());
    };
    let now = (context.now)();
    let manifest = store
        .release_manifest(&task.environment, environment.release)
        .await?;
    let seeded = seeds::store_seeds(context, &task.environment, &manifest, now).await?;
    let known = match task.nodes {
        NodeSelection::All => store.known_nodes_in(&task.environment).await?,
        NodeSelection::Nodes(_) => Vec::new(),
    };
    let nodes = select(&task.nodes, known, seeded);
    let nodes: Vec<_> = stream::iter(nodes)
        .map(|certname| async move {
            let pointer = store.pointer(&task.environment, &certname).await?;
            anyhow::Ok((certname, pointer))
        })
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    let plan = plan(task, &environment, nodes, now);
    tracing::info!(
        environment = %task.environment,
        release = environment.release.short(),
        sequence = environment.sequence,
        tasks = plan.tasks.len(),
        skipped = plan.skipped.len(),
        "planned"
    );
    let (tasks, skipped) = (plan.tasks.len() as u64, plan.skipped.len() as u64);
    context
        .queue
        .send_batch(plan.tasks.into_iter().map(Message::from).collect())
        .await?;
    context.counters.plans.increment();
    context.counters.tasks_planned.add(tasks);
    context.counters.tasks_skipped.add(skipped);
    Ok(())
}

#[cfg(test)]
mod tests;
