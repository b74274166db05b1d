//! What is known of rollouts besides the environment's document.

use std::collections::BTreeMap;

use bunraku_farm::rollout::{OutcomeDoc, RolloutMembers, Run};
use bunraku_farm::{Certname, EnvironmentName};
use futures::{StreamExt, TryStreamExt, stream};

use super::Store;
use crate::{Key, StoreError};

/// How many documents are read at once.
const AT_ONCE: usize = 64;

impl Store {
    /// Who is in which stage of a rollout; `None` when that is not known yet.
    pub async fn rollout_members(
        &self,
        environment: &EnvironmentName,
        sequence: u64,
    ) -> Result<Option<RolloutMembers>, StoreError> {
        self.read(&rollout(environment, sequence)).await
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

    /// The last runs of all nodes that reported while a rollout went on.
    pub async fn outcomes(
        &self,
        environment: &EnvironmentName,
    ) -> Result<BTreeMap<Certname, OutcomeDoc>, StoreError> {
        let keys = self.keys(&format!("outcomes/{environment}")).await?;
        let documents = stream::iter(keys)
            .map(|(key, _)| async move { self.read::<OutcomeDoc>(&key).await })
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let by_name = |outcome: OutcomeDoc| (outcome.certname.clone(), outcome);
        Ok(documents.into_iter().flatten().map(by_name).collect())
    }
}

fn rollout(environment: &EnvironmentName, sequence: u64) -> Key {
    Key::Rollout {
        environment: environment.clone(),
        sequence,
    }
}
