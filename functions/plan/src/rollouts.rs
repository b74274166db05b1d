//! Rollouts go on: what `bunraku_farm::rollout` says is next is done.
//!
//! Each step reads the environment's document, does one thing, and writes the document if nobody else did meanwhile.
//! Whoever is killed on the way leaves all that is owed in the document: the next does it, perhaps twice.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail};
use bunraku_farm::documents::{EnvironmentDoc, Node};
use bunraku_farm::messages::{
    AdvanceTask, Cause, CompileTask, Lane, Message, NodeSelection, PlanTask,
};
use bunraku_farm::rollout::advance::{Action, Look, Seen, Staged, next};
use bunraku_farm::rollout::{Candidate, Health, Rollout, RolloutMembers, members};
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::{Key, StoreError, Version};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{Context, priorities};

/// How many documents are read at once.
const AT_ONCE: usize = 64;
/// How many steps are done at most before the next reminder.
const STEPS: usize = 64;
/// After so many catalogs that are not there the others of a stage are not looked at.
const MOST_OPEN: u64 = 64;

/// Lets the rollouts of an environment go on as far as they can now. An error means that the store or the queue
/// failed: try again later.
pub async fn advance(context: &Context, task: &AdvanceTask) -> anyhow::Result<()> {
    let name = &task.environment;
    let mut seen = Seen::default();
    for _ in 0..STEPS {
        let read = context
            .store
            .read_versioned::<EnvironmentDoc>(&Key::Environment(name.clone()))
            .await?;
        let Some(read) = read else {
            return Ok(());
        };
        let turn = Turn {
            context,
            name,
            document: &read.value,
            version: &read.version,
            now: context.host.now(),
        };
        match next(turn.document, turn.now, &seen) {
            Action::Wait(wait) => {
                tracing::debug!(environment = %name, ?wait, "rollouts wait");
                return Ok(());
            }
            Action::Look(Look::Health) => seen.health = Some(turn.health().await?),
            Action::Look(Look::Staged(stage)) => seen.staged = Some(turn.staged(stage).await?),
            action => {
                let document = turn.act(action).await?;
                turn.write(document).await?;
                seen = Seen::default();
            }
        }
    }
    bail!("the rollouts of {name} did not come to rest in {STEPS} steps")
}

/// One step.
struct Turn<'a> {
    context: &'a Context,
    name: &'a EnvironmentName,
    document: &'a EnvironmentDoc,
    version: &'a Version,
    now: Timestamp,
}

impl Turn<'_> {
    /// Does what is next; gives the document to write.
    async fn act(&self, action: Action) -> anyhow::Result<EnvironmentDoc> {
        let document = self.document.clone();
        Ok(match action {
            Action::Wait(_) | Action::Look(_) => document,
            Action::Write(next) => *next,
            Action::Resolve => document.resolved(&self.resolve().await?),
            Action::Prepare(stage) => {
                self.prepare(stage).await?;
                document.asked(stage, self.now)
            }
            Action::Promote(stage) => {
                self.promote(stage).await?;
                document.told(stage)
            }
            Action::Settle => {
                self.settle().await?;
                document.settled()
            }
        })
    }

    /// Writes the document, unless someone else did since it was read.
    async fn write(&self, document: EnvironmentDoc) -> Result<(), StoreError> {
        let key = Key::Environment(self.name.clone());
        match self
            .context
            .store
            .swap(&key, &document, Some(self.version))
            .await
        {
            Ok(_) => {
                self.tell(&document);
                Ok(())
            }
            Err(StoreError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Logs what the rollouts' logs have more than before.
    fn tell(&self, document: &EnvironmentDoc) {
        let last = |document: &EnvironmentDoc, name: &str| {
            let mut rollouts = document.rollouts.iter();
            let rollout = rollouts.find(|rollout| rollout.name == name)?;
            rollout.log.last().cloned()
        };
        for rollout in &document.rollouts {
            let line = last(document, &rollout.name);
            if let Some(line) =
                line.filter(|line| Some(line) != last(self.document, &rollout.name).as_ref())
            {
                tracing::info!(environment = %self.name, rollout = rollout.name, "{}", line.what);
            }
        }
    }

    fn rollout(&self) -> anyhow::Result<&Rollout> {
        self.document.rollout().context("no rollout goes on")
    }

    /// Who is in which stage of the rollout.
    async fn members(&self) -> anyhow::Result<RolloutMembers> {
        let sequence = self.rollout()?.sequence;
        let members = self
            .context
            .store
            .rollout_members(self.name, sequence)
            .await?;
        members.with_context(|| format!("the members of rollout {sequence} are not there"))
    }

    async fn members_of(&self, stage: usize) -> anyhow::Result<Vec<Certname>> {
        let mut members = self.members().await?;
        Ok(match stage < members.stages.len() {
            true => members.stages.swap_remove(stage),
            false => Vec::new(),
        })
    }

    /// Finds out who is in which stage. Facts and classes are read where a stage's rule asks for them.
    async fn resolve(&self) -> anyhow::Result<RolloutMembers> {
        let (store, name) = (&self.context.store, self.name);
        let rollout = self.rollout()?;
        let plans: Vec<_> = rollout
            .stages
            .iter()
            .map(|stage| stage.plan.clone())
            .collect();
        let rules = &plans;
        let mut known = store.known_nodes_in(name).await?;
        known.retain(|certname| !self.document.pins.contains_key(certname));
        let fleet: Vec<Candidate> = stream::iter(known)
            .map(|certname| async move {
                let mut node = Node::named(certname.clone());
                let mut matches = Vec::new();
                for rule in rules {
                    matches.push(store.is_meant(name, &rule.nodes, &mut node).await?);
                }
                Ok::<_, StoreError>(Candidate { certname, matches })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let members = RolloutMembers {
            version: bunraku_farm::documents::VERSION,
            stages: members(&plans, &fleet),
        };
        Ok(store
            .put_rollout_members(name, rollout.sequence, members)
            .await?)
    }

    /// Has the catalogs of a stage made. Nobody waits for them.
    async fn prepare(&self, stage: usize) -> anyhow::Result<()> {
        let nodes = self.members_of(stage).await?.into_iter();
        let lanes = nodes.map(|certname| (certname, Lane::Bulk)).collect();
        self.send(lanes, &Cause::Stage { stage }).await
    }

    /// Tells the workers that a stage is open. In the last are those, too, that came since the rollout began.
    async fn promote(&self, stage: usize) -> anyhow::Result<()> {
        let rollout = self.rollout()?;
        let nodes: BTreeSet<Certname> = if stage + 1 == rollout.stages.len() {
            let earlier = self.members().await?.stages.into_iter().take(stage);
            let earlier: BTreeSet<Certname> = earlier.flatten().collect();
            let known = self.context.store.known_nodes_in(self.name).await?;
            known
                .into_iter()
                .filter(|certname| !earlier.contains(certname))
                .collect()
        } else {
            self.members_of(stage).await?.into_iter().collect()
        };
        let settings = &self.document.settings;
        let lanes = priorities::lanes(self.context, self.name, settings, nodes).await?;
        let name = rollout.name.clone();
        self.send(lanes, &Cause::Rollout { name }).await
    }

    async fn send(&self, nodes: Vec<(Certname, Lane)>, cause: &Cause) -> anyhow::Result<()> {
        let rollout = self.rollout()?;
        let task = |(certname, lane)| CompileTask {
            environment: self.name.clone(),
            certname,
            release: rollout.release,
            sequence: rollout.sequence,
            lane,
            cause: cause.clone(),
            enqueued_at: self.now,
        };
        let tasks: Vec<Message> = nodes.into_iter().map(task).map(Message::from).collect();
        let planned = tasks.len() as u64;
        self.context.queue.send_batch(tasks).await?;
        self.context.counters.tasks_planned.add(planned);
        Ok(())
    }

    /// Has all nodes brought to where they are to be after a rollout.
    async fn settle(&self) -> anyhow::Result<()> {
        let over = self.document.rollouts.iter();
        let name = over
            .filter(|rollout| rollout.state.is_over())
            .find(|rollout| !rollout.settled)
            .map(|rollout| rollout.name.clone())
            .unwrap_or_default();
        let task = PlanTask {
            environment: self.name.clone(),
            release: self.document.release,
            sequence: self.document.sequence,
            cause: Cause::Rollout { name },
            nodes: NodeSelection::All,
        };
        self.context.queue.send(task.into()).await?;
        Ok(())
    }

    /// How far the catalogs of a stage are.
    async fn staged(&self, stage: usize) -> anyhow::Result<Staged> {
        let (store, name) = (&self.context.store, self.name);
        let mut pointers = stream::iter(self.members_of(stage).await?)
            .map(|certname| async move {
                let pointer = store.pointer(name, &certname).await?;
                Ok::<_, StoreError>((certname, pointer))
            })
            .buffered(AT_ONCE);
        let mut staged = Staged::default();
        while let Some(read) = pointers.next().await {
            let (certname, pointer) = read?;
            staged.count(self.document, &certname, pointer.as_ref());
            if staged.open >= MOST_OPEN {
                break;
            }
        }
        Ok(staged)
    }

    /// How the nodes fare.
    async fn health(&self) -> anyhow::Result<Health> {
        let members = self.members().await?;
        let Context {
            store, outcomes, ..
        } = self.context;
        let outcomes = store.outcomes(self.name, outcomes).await?;
        let of = |certname: &Certname| outcomes.get(certname).cloned();
        let rollout = self.rollout()?;
        Ok(Health::of(self.document, rollout, &members, of, self.now))
    }
}

#[cfg(test)]
mod tests;
