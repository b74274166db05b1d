//! How rollouts go.

use std::collections::BTreeMap;

use bunraku_edge::OrderError;
use bunraku_farm::documents::{EnvironmentDoc, Pointer};
use bunraku_farm::rollout::advance::{Action, Seen, Staged, Wait, next};
use bunraku_farm::rollout::{
    Health, LogLine, OutcomeDoc, Pin, Rollout, RolloutMembers, RolloutState, Tally,
};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{OutcomeMemory, Store, StoreError};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::no_environment;

/// How many pointers are read at once.
const AT_ONCE: usize = 64;

/// What `bunraku rollout status --json` prints.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) environment: EnvironmentName,
    /// The release of nodes that are in no rollout.
    pub(crate) release: Digest,
    /// The oldest first.
    pub(crate) rollouts: Vec<RolloutView>,
    pub(crate) pins: BTreeMap<Certname, Pin>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RolloutView {
    pub(crate) name: String,
    pub(crate) release: Digest,
    /// The release before.
    pub(crate) former: Option<Digest>,
    /// One word.
    pub(crate) state: String,
    /// Why it is paused.
    pub(crate) why: Option<String>,
    /// Whether the gate paused it.
    pub(crate) by_gate: bool,
    pub(crate) began_at: Option<Timestamp>,
    pub(crate) stages: Vec<StageView>,
    /// What is waited for, of one that is not over.
    pub(crate) next: Option<NextView>,
    /// What is wrong with which node.
    pub(crate) trouble: Vec<Trouble>,
    pub(crate) log: Vec<LogLine>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StageView {
    pub(crate) stage: usize,
    pub(crate) name: String,
    /// Its nodes that are in no stage before.
    pub(crate) nodes: u64,
    pub(crate) opened_at: Option<Timestamp>,
    /// How long it stays alone.
    pub(crate) hold: String,
    pub(crate) by_hand: bool,
    /// Nodes whose catalog of the release is there: to be served when it opens, or served.
    pub(crate) catalogs: u64,
    /// Of an open stage, how nodes fare with the release; of others, with the one before.
    pub(crate) runs: Tally,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NextView {
    pub(crate) what: String,
    /// When, if a time is all that is waited for.
    pub(crate) at: Option<Timestamp>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) node: Certname,
    pub(crate) what: String,
}

/// What is known of the nodes of a rollout that goes on.
struct Fleet {
    members: RolloutMembers,
    outcomes: BTreeMap<Certname, OutcomeDoc>,
    pointers: BTreeMap<Certname, Pointer>,
}

/// The rollouts of an environment as they are now.
pub(super) async fn view(store: &Store, name: &EnvironmentName) -> Result<View, OrderError> {
    let document = store.environment(name).await?;
    let document = document.ok_or_else(|| no_environment(name))?;
    let now = store.host().now();
    let fleet = match document.rollout() {
        Some(rollout) => Fleet::read(store, name, rollout).await?,
        None => None,
    };
    let rollouts = document.rollouts.iter();
    Ok(View {
        environment: name.clone(),
        release: document.release,
        rollouts: rollouts
            .map(|rollout| of_rollout(&document, rollout, fleet.as_ref(), now))
            .collect(),
        pins: document.pins.clone(),
    })
}

impl Fleet {
    /// `None` as long as it is not known who is in which stage.
    async fn read(
        store: &Store,
        name: &EnvironmentName,
        rollout: &Rollout,
    ) -> Result<Option<Self>, StoreError> {
        let Some(members) = store.rollout_members(name, rollout.sequence).await? else {
            return Ok(None);
        };
        let nodes: Vec<Certname> = members.stages.iter().flatten().cloned().collect();
        let pointers: Vec<Option<Pointer>> = stream::iter(nodes)
            .map(|certname| async move { store.pointer(name, &certname).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let by_name = |pointer: Pointer| (pointer.certname.clone(), pointer);
        Ok(Some(Self {
            outcomes: store.outcomes(name, &OutcomeMemory::default()).await?,
            pointers: pointers.into_iter().flatten().map(by_name).collect(),
            members,
        }))
    }

    /// The pointer of a node that is of the rollout, its own or the one aside.
    fn pointer(&self, certname: &Certname, rollout: &Rollout) -> Option<&Pointer> {
        let pointer = self.pointers.get(certname)?;
        let aside = pointer.aside.as_deref();
        std::iter::once(pointer)
            .chain(aside)
            .find(|pointer| pointer.sequence >= rollout.sequence)
    }

    fn staged(&self, document: &EnvironmentDoc, stage: usize) -> Staged {
        let mut staged = Staged::default();
        for certname in self.members.stages.get(stage).into_iter().flatten() {
            staged.count(document, certname, self.pointers.get(certname));
        }
        staged
    }

    /// What is wrong, node by node, of stages that are open or are next.
    fn trouble(&self, rollout: &Rollout) -> Vec<Trouble> {
        let mut found = Vec::new();
        for (number, nodes) in self
            .members
            .stages
            .iter()
            .enumerate()
            .take(rollout.opened() + 1)
        {
            for node in nodes {
                let mut tell = |what: String| {
                    found.push(Trouble {
                        node: node.clone(),
                        what,
                    });
                };
                let pointer = self.pointer(node, rollout);
                if let Some(failure) = pointer.and_then(|pointer| pointer.failure.as_ref()) {
                    tell(format!("does not compile: {}", failure.error));
                }
                let outcome = self.outcomes.get(node);
                let outcome = outcome.filter(|outcome| outcome.rollout == rollout.sequence);
                let run = outcome.and_then(|outcome| outcome.after);
                if let Some(run) = run.filter(|_| number < rollout.opened()) {
                    if run.failed {
                        tell(format!("its run failed, reported {}", time(run.at)));
                    }
                    if run.corrective {
                        tell(format!("corrective changes, reported {}", time(run.at)));
                    }
                }
            }
        }
        found
    }
}

fn of_rollout(
    document: &EnvironmentDoc,
    rollout: &Rollout,
    fleet: Option<&Fleet>,
    now: Timestamp,
) -> RolloutView {
    let fleet = fleet.filter(|_| rollout.state.is_active());
    let tallies = fleet.map(|fleet| {
        let of = |certname: &Certname| fleet.outcomes.get(certname).cloned();
        Tally::by_stage(document, rollout, &fleet.members, of, now)
    });
    let tallies = tallies.unwrap_or_default();
    let stages = rollout.stages.iter().enumerate().map(|(number, stage)| {
        let nodes = fleet.and_then(|fleet| fleet.members.stages.get(number));
        let there = |certname: &&Certname| {
            let pointer = fleet.and_then(|fleet| fleet.pointer(certname, rollout));
            pointer.is_some_and(|pointer| pointer.failure.is_none())
        };
        StageView {
            stage: number + 1,
            name: stage.plan.title(),
            nodes: stage.nodes,
            opened_at: stage.opened_at,
            hold: stage.plan.hold.to_string(),
            by_hand: stage.plan.by_hand,
            catalogs: nodes.into_iter().flatten().filter(there).count() as u64,
            runs: tallies.get(number).copied().unwrap_or_default(),
        }
    });
    let (why, by_gate) = match &rollout.state {
        RolloutState::Paused { why, by_gate } => (Some(why.clone()), *by_gate),
        _ => (None, false),
    };
    RolloutView {
        name: rollout.name.clone(),
        release: rollout.release,
        former: rollout.former.as_ref().map(|former| former.release),
        state: rollout.state.word().to_owned(),
        why,
        by_gate,
        began_at: rollout.began_at,
        stages: stages.collect(),
        next: coming(document, rollout, fleet, now),
        trouble: fleet
            .map(|fleet| fleet.trouble(rollout))
            .unwrap_or_default(),
        log: rollout.log.clone(),
    }
}

/// What is next for a rollout that goes on or waits.
fn coming(
    document: &EnvironmentDoc,
    rollout: &Rollout,
    fleet: Option<&Fleet>,
    now: Timestamp,
) -> Option<NextView> {
    let say = |what: &str| {
        Some(NextView {
            what: what.to_owned(),
            at: None,
        })
    };
    match rollout.state {
        RolloutState::Queued { held: true } => {
            return say("it waits for `bunraku rollout resume`, since the one before went wrong");
        }
        RolloutState::Queued { held: false } => {
            return say("it begins when those before it are over");
        }
        RolloutState::Running | RolloutState::Paused { .. } => {}
        RolloutState::Done | RolloutState::Aborted | RolloutState::Undone => return None,
    }
    let seen = fleet.map_or_else(Seen::default, |fleet| {
        let of = |certname: &Certname| fleet.outcomes.get(certname).cloned();
        Seen {
            staged: Some(fleet.staged(document, rollout.opened())),
            health: Some(Health::of(document, rollout, &fleet.members, of, now)),
        }
    });
    let stage = rollout.stages.get(rollout.opened());
    let stage = stage.map_or_else(
        || "the rollout is done".to_owned(),
        |stage| {
            format!(
                "stage {} ({}) opens",
                rollout.opened() + 1,
                stage.plan.title()
            )
        },
    );
    let (what, at) = match next(document, now, &seen) {
        Action::Wait(wait) => match wait {
            Wait::Nothing => return None,
            Wait::Resume | Wait::Release => (
                "`bunraku rollout resume` lets it go on, `undo` takes it back".to_owned(),
                None,
            ),
            Wait::Hold(at) => (stage, Some(at)),
            Wait::Reports(missing) => (
                format!("{stage} when {missing} more nodes have reported a run with the release"),
                None,
            ),
            Wait::Catalogs(open) => (
                format!("{stage} when {open} more catalogs are compiled"),
                None,
            ),
            Wait::Hand => (format!("{stage} by hand: `bunraku rollout resume`"), None),
            Wait::Calendar(Some(at)) => (
                match rollout.plan.freeze(now) {
                    Some(freeze) => format!(
                        "{stage} after the freeze ({}) to {}",
                        freeze.why.as_deref().unwrap_or("no reason given"),
                        freeze.to
                    ),
                    None => format!("{stage} in the next window"),
                },
                Some(at),
            ),
            Wait::Calendar(None) => (format!("{stage} in no window of the next year"), None),
        },
        Action::Resolve | Action::Look(_) => {
            ("the farm finds out who is in which stage".to_owned(), None)
        }
        _ => (stage, Some(now)),
    };
    Some(NextView { what, at })
}

/// A time, to the second.
pub(crate) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
