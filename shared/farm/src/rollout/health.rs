//! How nodes fare with a release, and with the one before.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::advance::Staged;
use super::document::{Rollout, RolloutMembers};
use super::plan::{Gate, Limit};
use crate::Certname;
use crate::documents::{EnvironmentDoc, Pointer};

/// `outcomes/<env>/<certname>.json`: a node's last runs while a rollout goes on. Written with compare and swap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeDoc {
    /// Version of the document's form.
    #[serde(default = "crate::documents::version")]
    pub version: u32,
    /// The node.
    pub certname: Certname,
    /// The rollout's sequence.
    pub rollout: u64,
    /// The last run with the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Run>,
    /// The last run with the rollout's release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Run>,
}

/// What an agent reported of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// When the report came.
    pub at: Timestamp,
    /// Whether the run failed.
    #[serde(default)]
    pub failed: bool,
    /// Whether it put right what something else had changed.
    #[serde(default)]
    pub corrective: bool,
}

impl OutcomeDoc {
    /// The document after a run, with the rollout's release or the one before; `None` when a later run is there.
    pub fn following(
        current: Option<&Self>,
        certname: &Certname,
        rollout: u64,
        run: Run,
        with_release: bool,
    ) -> Option<Self> {
        if current.is_some_and(|current| current.rollout > rollout) {
            return None;
        }
        let mut next = current
            .filter(|current| current.rollout == rollout)
            .cloned()
            .unwrap_or_else(|| Self {
                version: crate::documents::VERSION,
                certname: certname.clone(),
                rollout,
                before: None,
                after: None,
            });
        let place = if with_release {
            &mut next.after
        } else {
            &mut next.before
        };
        if place.is_some_and(|there| there.at >= run.at) {
            return None;
        }
        *place = Some(run);
        Some(next)
    }
}

/// How some nodes fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tally {
    /// How many they are.
    pub nodes: u64,
    /// How many of them reported.
    pub reported: u64,
    /// How many failed in their last run.
    pub failed: u64,
    /// How many had corrective changes in it.
    pub corrective: u64,
    /// How many have been silent for too long.
    pub silent: u64,
}

impl Tally {
    /// Counts the nodes of each stage of a rollout, but for pinned ones: their runs with its release where the stage
    /// is open, and with the one before where it is not.
    pub fn by_stage(
        document: &EnvironmentDoc,
        rollout: &Rollout,
        members: &RolloutMembers,
        outcomes: impl Fn(&Certname) -> Option<OutcomeDoc>,
        now: Timestamp,
    ) -> Vec<Self> {
        let began = rollout.began_at.unwrap_or(now);
        let mut tallies = Vec::new();
        for (stage, nodes) in rollout.stages.iter().zip(&members.stages) {
            let mut tally = Self::default();
            for node in nodes
                .iter()
                .filter(|node| !document.pins.contains_key(*node))
            {
                let outcome = outcomes(node).filter(|outcome| outcome.rollout == rollout.sequence);
                let (run, since) = match stage.opened_at {
                    Some(opened) => (outcome.and_then(|outcome| outcome.after), opened),
                    None => (outcome.and_then(|outcome| outcome.before), began),
                };
                tally.count(run, since, rollout, now);
            }
            tallies.push(tally);
        }
        tallies
    }

    fn add(&mut self, other: Self) {
        self.nodes += other.nodes;
        self.reported += other.reported;
        self.failed += other.failed;
        self.corrective += other.corrective;
        self.silent += other.silent;
    }

    /// Counts a node: its last run, and since when one was to be expected. What was before a person let the rollout go
    /// on says only that the node reported.
    fn count(&mut self, run: Option<Run>, since: Timestamp, rollout: &Rollout, now: Timestamp) {
        let (gate, judged_from) = (&rollout.plan.gate, rollout.judged_from);
        self.nodes += 1;
        let since = judged_from.map_or(since, |from| from.max(since));
        let heard = run.map_or(since, |run| run.at.max(since));
        if gate.silence.0.is_positive() && now.duration_since(heard) > gate.silence.0 {
            self.silent += 1;
        }
        let Some(run) = run else {
            return;
        };
        self.reported += 1;
        if judged_from.is_none_or(|from| run.at >= from) {
            self.failed += u64::from(run.failed);
            self.corrective += u64::from(run.corrective);
        }
    }
}

/// How the nodes fare that have a rollout's release, and those that do not yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Nodes of open stages.
    pub inside: Tally,
    /// All others of the rollout.
    pub rest: Tally,
}

impl Health {
    /// Counts the nodes of a rollout, with what is known of the runs of each.
    pub fn of(
        document: &EnvironmentDoc,
        rollout: &Rollout,
        members: &RolloutMembers,
        outcomes: impl Fn(&Certname) -> Option<OutcomeDoc>,
        now: Timestamp,
    ) -> Self {
        let mut health = Self::default();
        let tallies = Tally::by_stage(document, rollout, members, outcomes, now);
        for (stage, tally) in rollout.stages.iter().zip(tallies) {
            match stage.opened_at {
                Some(_) => health.inside.add(tally),
                None => health.rest.add(tally),
            }
        }
        health
    }

    /// Why a rollout must not go on, if so.
    pub fn objection(&self, gate: &Gate) -> Option<String> {
        let Self { inside, rest } = self;
        let checks = [
            (
                "failed in their last run",
                gate.failed,
                inside.failed,
                rest.failed,
            ),
            (
                "had corrective changes in their last run",
                gate.corrective,
                inside.corrective,
                rest.corrective,
            ),
            (
                "have been silent for too long",
                gate.silent,
                inside.silent,
                rest.silent,
            ),
        ];
        checks.into_iter().find_map(|(what, limit, count, others)| {
            let passed = limit.is_passed(count, inside.nodes);
            (passed && is_worse((count, inside.nodes), (others, rest.nodes))).then(|| {
                let than = if rest.nodes == 0 {
                    String::new()
                } else {
                    format!("; {others} of {} that have the old one", rest.nodes)
                };
                format!(
                    "{count} of {} nodes with the release {what} (limit {limit}{than})",
                    inside.nodes
                )
            })
        })
    }

    /// How many more reports of nodes with the release are wanted.
    pub fn missing_reports(&self, gate: &Gate) -> u64 {
        gate.reports
            .least(self.inside.nodes)
            .saturating_sub(self.inside.reported)
    }
}

impl EnvironmentDoc {
    /// Whether a node's run, which `began` then, was one with the release of the rollout that goes on: the node is to
    /// have it, and the catalog was compiled from it (its `code_id`), or the node's stage was open when the run began, so
    /// that the catalog holds for it.
    pub fn ran_with_rollout(
        &self,
        certname: &Certname,
        pointer: Option<&Pointer>,
        code_id: Option<&str>,
        began: Timestamp,
    ) -> bool {
        let Some(rollout) = self.rollout() else {
            return false;
        };
        if self.aim(certname, pointer).sequence != rollout.sequence {
            return false;
        }
        if code_id == Some(rollout.release.to_hex().as_str()) {
            return true;
        }
        // Who is in no stage is in with the last.
        let place = pointer.and_then(|pointer| pointer.place);
        let last = rollout.stages.len().saturating_sub(1);
        let stage = rollout.stages.get(place.map_or(last, |place| place.stage));
        let opened = stage.and_then(|stage| stage.opened_at);
        opened.is_some_and(|opened| began >= opened)
    }
}

impl Staged {
    /// Counts a node of a stage that is to open, by its pointer; a pinned one does not count.
    pub fn count(
        &mut self,
        document: &EnvironmentDoc,
        certname: &Certname,
        pointer: Option<&Pointer>,
    ) {
        let Some(rollout) = document.rollout() else {
            return;
        };
        if document.pins.contains_key(certname) {
            return;
        }
        let there = pointer.and_then(|pointer| {
            let aside = pointer.aside.as_deref();
            std::iter::once(pointer)
                .chain(aside)
                .find(|pointer| pointer.sequence >= rollout.sequence)
        });
        match (pointer, there) {
            (Some(pointer), Some(there)) => {
                let compiled_before =
                    pointer.failure.is_none() || pointer.sequence >= rollout.sequence;
                self.errors += u64::from(there.failure.is_some() && compiled_before);
            }
            _ => self.open += 1,
        }
    }
}

/// Whether one share is greater than another; any is greater than one of none.
fn is_worse((count, of): (u64, u64), (others, rest): (u64, u64)) -> bool {
    rest == 0 || u128::from(count) * u128::from(rest) > u128::from(others) * u128::from(of)
}

/// Why a stage must not open, if too many of its catalogs do not compile.
pub(crate) fn compile_objection(limit: Limit, errors: u64, of: u64) -> Option<String> {
    limit.is_passed(errors, of).then(|| {
        format!("{errors} of {of} catalogs of the next stage do not compile (limit {limit}); `bunraku rollout status` names them")
    })
}
