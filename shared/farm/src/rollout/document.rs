//! What is written of rollouts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::{Plan, StagePlan};
use crate::documents::{Arrival, EnvironmentDoc, SiteSettings};
use crate::{Certname, Digest};

/// How many rollouts that are over an environment's document keeps.
const KEPT: usize = 3;
/// How many lines of a rollout's log are kept, the last ones.
const LINES: usize = 200;

/// A rollout in an environment's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rollout {
    /// What people call it; no other one of the document is called so.
    pub name: String,
    /// The release that comes in.
    pub release: Digest,
    /// The upload that brought it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Arrival>,
    /// The release that its own has a part of, the code or the published catalogs: it comes in over that one alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<Digest>,
    /// What the release says of itself in `bunraku.yaml`; holds for all once the rollout is done.
    #[serde(default)]
    pub settings: SiteSettings,
    /// How it goes.
    pub plan: Plan,
    /// How far it is.
    pub state: RolloutState,
    /// The position of its nodes; 0 as long as it waits for its turn.
    #[serde(default)]
    pub sequence: u64,
    /// Its stages, the last of which is everybody; empty as long as it waits for its turn.
    #[serde(default)]
    pub stages: Vec<StageState>,
    /// When its turn came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_at: Option<Timestamp>,
    /// Whether it is known who is in which stage.
    #[serde(default)]
    pub resolved: bool,
    /// Runs and silence before this are not judged: a person has seen them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_from: Option<Timestamp>,
    /// The release that nodes had before, and what it said of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former: Option<Former>,
    /// Whether all nodes were told that it is over.
    #[serde(default)]
    pub settled: bool,
    /// Who did what, and when; oldest first.
    #[serde(default)]
    pub log: Vec<LogLine>,
}

/// What an environment had before a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Former {
    /// The release.
    pub release: Digest,
    /// What that says of itself.
    #[serde(default)]
    pub settings: SiteSettings,
}

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum RolloutState {
    /// It waits for its turn.
    Queued {
        /// Whether its turn comes only when a person says so, since the one before it went wrong.
        #[serde(default)]
        held: bool,
    },
    /// It goes on by itself.
    Running,
    /// It stands still until a person lets it go on; nodes that have its release keep it.
    Paused {
        /// Whether the gate did it.
        by_gate: bool,
        /// Why.
        why: String,
    },
    /// All nodes have its release.
    Done,
    /// A person ended it before it was done.
    Aborted,
    /// A person took it back.
    Undone,
}

impl RolloutState {
    /// Whether nothing more comes of it.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Done | Self::Aborted | Self::Undone)
    }

    /// Whether its turn has come and it is not over.
    pub const fn is_active(&self) -> bool {
        matches!(self, Self::Running | Self::Paused { .. })
    }

    /// One word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Queued { held: false } => "queued",
            Self::Queued { held: true } => "held",
            Self::Running => "running",
            Self::Paused { .. } => "paused",
            Self::Done => "done",
            Self::Aborted => "aborted",
            Self::Undone => "undone",
        }
    }
}

/// A stage of a rollout whose turn has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StageState {
    /// As it was planned.
    pub plan: StagePlan,
    /// How many nodes are in it, and in none before.
    #[serde(default)]
    pub nodes: u64,
    /// When its catalogs were last asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// Whether a person lets it open, of one that waits for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub approved: bool,
    /// Whether a person has seen that some of its catalogs do not compile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub errors_seen: bool,
    /// When it opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Whether the workers were told that it is open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// A line of a rollout's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// When.
    pub at: Timestamp,
    /// Who: `user@host`, or `bunraku` for the farm itself.
    pub who: String,
    /// What.
    pub what: String,
}

/// A node's place in a rollout, in its pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The rollout's sequence.
    pub sequence: u64,
    /// The stage, counted from 0.
    pub stage: usize,
}

/// A node that stays at a release, whatever comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pin {
    /// The release.
    pub release: Digest,
    /// Who said so.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// `rollouts/<env>/<sequence>.json`: who is in which stage. Written once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutMembers {
    /// Version of the document's form.
    #[serde(default = "crate::documents::version")]
    pub version: u32,
    /// The nodes of each stage; no node is in two.
    pub stages: Vec<Vec<Certname>>,
}

/// What an upload that is to be rolled out says of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RolloutRequest {
    /// What to call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it goes; as the release or the default says if it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// Nodes to pin: at a release, or without one at what they have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<Certname, Option<Digest>>,
    /// Who asks for it.
    pub by: String,
}

impl Rollout {
    /// How many of its stages are open; they open in their order.
    pub fn opened(&self) -> usize {
        let open = |stage: &&StageState| stage.opened_at.is_some();
        self.stages.iter().take_while(open).count()
    }

    /// Writes a line into its log.
    pub(crate) fn note(&mut self, at: Timestamp, who: &str, what: impl Into<String>) {
        self.log.push(LogLine {
            at,
            who: who.to_owned(),
            what: what.into(),
        });
        let surplus = self.log.len().saturating_sub(LINES);
        self.log.drain(..surplus);
    }
}

impl EnvironmentDoc {
    /// The rollout that goes on, or is paused.
    pub fn rollout(&self) -> Option<&Rollout> {
        self.rollouts
            .iter()
            .find(|rollout| rollout.state.is_active())
    }

    /// The rollout that a push would get in the way of: one that goes on, or whose turn comes by itself.
    pub fn rollout_under_way(&self) -> Option<&Rollout> {
        self.rollouts.iter().find(|rollout| {
            rollout.state.is_active() || rollout.state == RolloutState::Queued { held: false }
        })
    }

    /// Whether time or reports can have a rollout go on: somebody is to look now and then.
    pub fn has_rollouts(&self) -> bool {
        self.rollouts.iter().any(|rollout| !rollout.settled)
    }

    /// The highest position that any of the environment's nodes can have.
    pub fn reached(&self) -> u64 {
        let rollouts = self.rollouts.iter().map(|rollout| rollout.sequence);
        rollouts.fold(self.sequence.max(self.last_sequence), u64::max)
    }

    /// The releases that nodes may have, or may be brought back to: nobody may remove them.
    pub fn releases_in_use(&self) -> std::collections::BTreeSet<Digest> {
        let rollouts = self
            .rollouts
            .iter()
            .filter(|rollout| !rollout.settled || self.returns_from(rollout));
        let of_rollouts = rollouts.flat_map(|rollout| {
            std::iter::once(rollout.release)
                .chain(rollout.former.as_ref().map(|former| former.release))
        });
        std::iter::once(self.release)
            .chain(self.previous)
            .chain(of_rollouts)
            .chain(self.pins.values().map(|pin| pin.release))
            .collect()
    }

    /// Whether this rollout was done, and nothing came after it.
    pub(crate) fn returns_from(&self, rollout: &Rollout) -> bool {
        rollout.state == RolloutState::Done && rollout.sequence == self.sequence
    }

    /// Whether a node's catalog of another release may be wanted again: its rollout can be taken back.
    pub(crate) fn keeps_former(&self) -> bool {
        self.rollouts
            .iter()
            .any(|rollout| rollout.state.is_active() || self.returns_from(rollout))
    }

    /// Forgets all but the last few rollouts that are over.
    pub(crate) fn trim(&mut self) {
        let over = self
            .rollouts
            .iter()
            .filter(|rollout| rollout.settled)
            .count();
        for _ in KEPT..over {
            if let Some(first) = self.rollouts.iter().position(|rollout| rollout.settled) {
                let rollout = self.rollouts.remove(first);
                self.last_sequence = self.last_sequence.max(rollout.sequence);
            }
        }
    }
}
