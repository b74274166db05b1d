//! What is to be done next about an environment's rollouts.
//!
//! Pure: the time and what was seen of the nodes come in. Whoever does it may be killed at any instant, and may do
//! it twice: what is owed (catalogs to be asked for, workers to be told) stands in the document until it is done.

use jiff::{SignedDuration, Timestamp};

use super::document::{Former, Rollout, RolloutMembers, RolloutState, StageState};
use super::health::{Health, compile_objection};
use crate::documents::{EnvironmentDoc, ReleaseChange};

/// Who the farm is in a log.
pub const FARM: &str = "bunraku";
/// When catalogs that are not there are asked for once more: a task may have become a dead letter.
const ASK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// What was seen of the nodes; what is needed and was not looked at is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// How far the catalogs of the next stage are.
    pub staged: Option<Staged>,
    /// How the nodes fare.
    pub health: Option<Health>,
}

/// How far the catalogs of a stage are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Staged {
    /// Nodes whose catalog was not made yet.
    pub open: u64,
    /// Nodes whose catalog does not compile, and did before.
    pub errors: u64,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing.
    Wait(Wait),
    /// Look at the nodes, then ask again.
    Look(Look),
    /// Write this document, then ask again.
    Write(Box<EnvironmentDoc>),
    /// Find out and write down who is in which stage; then [`EnvironmentDoc::resolved`].
    Resolve,
    /// Have the catalogs of a stage made; then [`EnvironmentDoc::asked`].
    Prepare(usize),
    /// Tell the workers that a stage is open; then [`EnvironmentDoc::told`].
    Promote(usize),
    /// Tell the workers that the rollout is over; then [`EnvironmentDoc::settled`].
    Settle,
}

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The catalogs of a stage.
    Staged(usize),
    /// The reports of all nodes.
    Health,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// There is no rollout.
    Nothing,
    /// A person, since the gate or another person paused it.
    Resume,
    /// A person, since the rollout before it went wrong.
    Release,
    /// The end of the last open stage's time.
    Hold(Timestamp),
    /// So many more reports of nodes with the release.
    Reports(u64),
    /// So many catalogs of the next stage.
    Catalogs(u64),
    /// A person, as the plan says of the next stage.
    Hand,
    /// A window, or the end of a freeze; `None` when that is more than a year away.
    Calendar(Option<Timestamp>),
}

/// What to do next about the rollouts of an environment.
pub fn next(document: &EnvironmentDoc, now: Timestamp, seen: &Seen) -> Action {
    let Some(place) = document
        .rollouts
        .iter()
        .position(|rollout| !rollout.settled)
    else {
        return Action::Wait(Wait::Nothing);
    };
    let Some(rollout) = document.rollouts.get(place) else {
        return Action::Wait(Wait::Nothing);
    };
    match &rollout.state {
        RolloutState::Done | RolloutState::Aborted | RolloutState::Undone => Action::Settle,
        RolloutState::Queued { held: true } => Action::Wait(Wait::Release),
        RolloutState::Queued { held: false } => write(document, |next| next.begin(place, now)),
        RolloutState::Paused { .. } => match untold(rollout) {
            Some(stage) => Action::Promote(stage),
            None => Action::Wait(Wait::Resume),
        },
        RolloutState::Running => go_on(document, rollout, now, seen),
    }
}

fn go_on(document: &EnvironmentDoc, rollout: &Rollout, now: Timestamp, seen: &Seen) -> Action {
    if !rollout.resolved {
        return Action::Resolve;
    }
    if let Some(stage) = untold(rollout) {
        return Action::Promote(stage);
    }
    let opened = rollout.opened();
    let coming = rollout.stages.get(opened);
    if coming.is_some_and(|stage| stage.asked_at.is_none()) {
        return Action::Prepare(opened);
    }
    if let Some(last) = opened
        .checked_sub(1)
        .and_then(|last| rollout.stages.get(last))
    {
        let Some(health) = seen.health else {
            return Action::Look(Look::Health);
        };
        if let Some(why) = health.objection(&rollout.plan.gate) {
            return pause(document, now, why);
        }
        if let Some(wait) = alone(rollout, last, &health, now) {
            return Action::Wait(wait);
        }
    }
    let Some(coming) = coming else {
        return write(document, |next| next.finish(now));
    };
    open(document, rollout, (opened, coming), now, seen)
}

/// What the last open stage still has to see before it is enough.
fn alone(rollout: &Rollout, last: &StageState, health: &Health, now: Timestamp) -> Option<Wait> {
    if last.nodes == 0 {
        return None;
    }
    let until = last
        .opened_at
        .and_then(|at| at.checked_add(last.plan.hold.0).ok())
        .unwrap_or(Timestamp::MAX);
    if now < until {
        return Some(Wait::Hold(until));
    }
    // Nothing comes after the last stage that reports could hold up.
    let is_last = rollout.opened() == rollout.stages.len();
    match health.missing_reports(&rollout.plan.gate) {
        0 => None,
        _ if is_last => None,
        missing => Some(Wait::Reports(missing)),
    }
}

/// Opens the next stage, or says why not yet.
fn open(
    document: &EnvironmentDoc,
    rollout: &Rollout,
    (number, stage): (usize, &StageState),
    now: Timestamp,
    seen: &Seen,
) -> Action {
    // What time and people say costs nothing to ask; the catalogs are looked at one by one.
    if stage.plan.by_hand && !stage.approved {
        return Action::Wait(Wait::Hand);
    }
    if !rollout.plan.is_open(now) {
        return Action::Wait(Wait::Calendar(rollout.plan.next_opening(now)));
    }
    let Some(staged) = seen.staged else {
        return Action::Look(Look::Staged(number));
    };
    let objection = compile_objection(rollout.plan.gate.errors, staged.errors, stage.nodes);
    if let Some(why) = objection.filter(|_| !stage.errors_seen) {
        return pause(document, now, why);
    }
    if staged.open > 0 {
        let asked = stage.asked_at.unwrap_or(now);
        return match now.duration_since(asked) >= ASK_AGAIN {
            true => Action::Prepare(number),
            false => Action::Wait(Wait::Catalogs(staged.open)),
        };
    }
    write(document, |next| {
        let Some(rollout) = next.active_mut() else {
            return;
        };
        if let Some(stage) = rollout.stages.get_mut(number) {
            stage.opened_at = Some(now);
        }
        let what = format!(
            "opened stage {} ({}), {} nodes",
            number + 1,
            stage.plan.title(),
            stage.nodes
        );
        rollout.note(now, FARM, what);
    })
}

/// An open stage that the workers were not told of.
fn untold(rollout: &Rollout) -> Option<usize> {
    rollout
        .stages
        .iter()
        .position(|stage| stage.opened_at.is_some() && !stage.told)
}

fn pause(document: &EnvironmentDoc, now: Timestamp, why: String) -> Action {
    write(document, |next| {
        if let Some(rollout) = next.active_mut() {
            rollout.note(now, FARM, format!("paused: {why}"));
            rollout.state = RolloutState::Paused { by_gate: true, why };
        }
    })
}

fn write(document: &EnvironmentDoc, change: impl FnOnce(&mut EnvironmentDoc)) -> Action {
    let mut next = document.clone();
    change(&mut next);
    Action::Write(Box::new(next))
}

impl EnvironmentDoc {
    pub(crate) fn active_mut(&mut self) -> Option<&mut Rollout> {
        self.rollouts
            .iter_mut()
            .find(|rollout| rollout.state.is_active())
    }

    /// A rollout's turn has come.
    fn begin(&mut self, place: usize, now: Timestamp) {
        let sequence = self.reached().saturating_add(1);
        let former = Former {
            release: self.release,
            settings: self.settings.clone(),
        };
        let Some(rollout) = self.rollouts.get_mut(place) else {
            return;
        };
        let stages = rollout.plan.all_stages().into_iter();
        rollout.stages = stages
            .map(|plan| StageState {
                plan,
                nodes: 0,
                asked_at: None,
                approved: false,
                errors_seen: false,
                opened_at: None,
                told: false,
            })
            .collect();
        rollout.sequence = sequence;
        rollout.former = Some(former);
        rollout.began_at = Some(now);
        rollout.state = RolloutState::Running;
        rollout.note(now, FARM, "began");
    }

    /// The rollout's release becomes that of all.
    fn finish(&mut self, now: Timestamp) {
        let Some(rollout) = self.active_mut() else {
            return;
        };
        rollout.state = RolloutState::Done;
        rollout.note(now, FARM, "done: the release is that of all nodes");
        let (release, sequence) = (rollout.release, rollout.sequence);
        let (settings, upload) = (rollout.settings.clone(), rollout.upload.clone());
        self.previous = Some(self.release);
        self.become_current(
            ReleaseChange {
                sequence,
                release,
                upload,
                at: now,
            },
            settings,
        );
    }

    /// The active rollout after it became known who is in which stage.
    #[must_use]
    pub fn resolved(mut self, members: &RolloutMembers) -> Self {
        if let Some(rollout) = self.active_mut() {
            for (stage, nodes) in rollout.stages.iter_mut().zip(&members.stages) {
                stage.nodes = nodes.len() as u64;
            }
            rollout.resolved = true;
        }
        self
    }

    /// The same after the catalogs of a stage were asked for.
    #[must_use]
    pub fn asked(mut self, stage: usize, now: Timestamp) -> Self {
        if let Some(stage) = self.stage_mut(stage) {
            stage.asked_at = Some(now);
        }
        self
    }

    /// The same after the workers were told that a stage is open.
    #[must_use]
    pub fn told(mut self, stage: usize) -> Self {
        if let Some(stage) = self.stage_mut(stage) {
            stage.told = true;
        }
        self
    }

    /// The same after the workers were told that the first rollout that is over is.
    #[must_use]
    pub fn settled(mut self) -> Self {
        let first = self.rollouts.iter_mut().find(|rollout| !rollout.settled);
        if let Some(rollout) = first.filter(|rollout| rollout.state.is_over()) {
            rollout.settled = true;
        }
        self.trim();
        self
    }

    fn stage_mut(&mut self, stage: usize) -> Option<&mut StageState> {
        self.active_mut()?.stages.get_mut(stage)
    }
}
