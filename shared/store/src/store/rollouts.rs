//! What is known of rollouts besides the environment's document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use bunraku_farm::rollout::{OutcomeDoc, RolloutMembers, Run};
use bunraku_farm::{Certname, EnvironmentName};
use futures::{StreamExt, TryStreamExt, stream};

use super::Store;
use crate::{Key, StoreError};

/// How many documents are read at once.
const AT_ONCE: usize = 64;

impl Store {
    /// Who is in which stage of a rollout, of the nodes that are in the environment still; `None` when that is not known
    /// yet.
    pub async fn rollout_members(
        &self,
        environment: &EnvironmentName,
        sequence: u64,
    ) -> Result<Option<RolloutMembers>, StoreError> {
        let key = rollout(environment, sequence);
        let Some(mut members) = self.read::<RolloutMembers>(&key).await? else {
            return Ok(None);
        };
        let here = self.known_nodes_in(environment).await?;
        let here: BTreeSet<Certname> = here.into_iter().collect();
        for stage in &mut members.stages {
            stage.retain(|certname| here.contains(certname));
        }
        Ok(Some(members))
    }

    /// Writes down who is in which stage of a rollout, unless that was done before; gives what is there.
    pub async fn put_rollout_members(
        &self,
        environment: &EnvironmentName,
        sequence: u64,
        members: RolloutMembers,
    ) -> Result<RolloutMembers, StoreError> {
        let updated = self
            .update(&rollout(environment, sequence), |current| {
                current.is_none().then(|| members.clone())
            })
            .await?;
        Ok(updated.value.unwrap_or(members))
    }

    /// Takes down a run of a node while a rollout goes on, with its release or the one before.
    pub async fn put_run(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
        sequence: u64,
        run: Run,
        with_release: bool,
    ) -> Result<(), StoreError> {
        self.update(&Key::outcome(environment, certname), |current| {
            OutcomeDoc::following(current, certname, sequence, run, with_release)
        })
        .await?;
        Ok(())
    }

    /// The last runs of all nodes that reported while a rollout went on. What was read before comes from `memory`, where
    /// it was not written since.
    pub async fn outcomes(
        &self,
        environment: &EnvironmentName,
        memory: &OutcomeMemory,
    ) -> Result<BTreeMap<Certname, OutcomeDoc>, StoreError> {
        let directory = format!("outcomes/{environment}");
        let listed = self.backend.list(&directory).await?.into_iter();
        let stamps = listed.filter_map(|entry| {
            let certname = Certname::parse(entry.name.strip_suffix(".json")?).ok()?;
            Some((certname, entry.stamp))
        });
        let known = memory.of(environment);
        let read = stream::iter(stamps)
            .map(|(certname, stamp)| {
                let there = known.get(&certname).filter(|(at, _)| *at == stamp).cloned();
                async move {
                    let outcome = match there {
                        Some((_, outcome)) => Some(outcome),
                        None => self.read(&Key::outcome(environment, &certname)).await?,
                    };
                    Ok::<_, StoreError>(outcome.map(|outcome| (certname, (stamp, outcome))))
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let now: Stamped = read.into_iter().flatten().collect();
        memory.keep(environment, now.clone());
        let outcomes = now
            .into_iter()
            .map(|(certname, (_, outcome))| (certname, outcome));
        Ok(outcomes.collect())
    }
}

/// Outcomes, each with the state in which it was read.
type Stamped = BTreeMap<Certname, (String, OutcomeDoc)>;

/// What a process remembers of nodes' last runs, so that it need not read all of them whenever it looks.
#[derive(Clone, Debug, Default)]
pub struct OutcomeMemory(Arc<Mutex<BTreeMap<EnvironmentName, Stamped>>>);

impl OutcomeMemory {
    fn of(&self, environment: &EnvironmentName) -> Stamped {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(environment).cloned().unwrap_or_default()
    }

    fn keep(&self, environment: &EnvironmentName, now: Stamped) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(environment.clone(), now);
    }
}

fn rollout(environment: &EnvironmentName, sequence: u64) -> Key {
    Key::Rollout {
        environment: environment.clone(),
        sequence,
    }
}
