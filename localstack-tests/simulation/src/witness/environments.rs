//! How an environment's document may change: by pushes, by rollouts in their order, by people.

use std::collections::{BTreeMap, BTreeSet};

use bunraku_farm::documents::EnvironmentDoc;
use bunraku_farm::rollout::{Rollout, RolloutMembers, RolloutState};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::Key;

use super::{Witness, references};
use crate::objects::Objects;

/// What was seen of an environment.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// The release of each position.
    pub(super) releases: BTreeMap<u64, Digest>,
    document: Option<EnvironmentDoc>,
    /// To what nodes were pinned, at whatever time.
    pub(super) pinned: BTreeMap<Certname, BTreeSet<Digest>>,
    /// Nodes that left, at whatever time.
    pub(super) moved: BTreeSet<Certname>,
}

impl Environment {
    /// Whether a person, or the node itself, went its own way.
    pub(super) fn is_special(&self, certname: &Certname) -> bool {
        self.pinned.contains_key(certname) || self.moved.contains(certname)
    }
}

/// What is wrong.
type Broken = (&'static str, String);

fn broken<T>(invariant: &'static str, detail: impl Into<String>) -> Result<T, Broken> {
    Err((invariant, detail.into()))
}

impl Witness {
    pub(super) fn environment(
        &mut self,
        objects: &Objects,
        name: EnvironmentName,
        next: EnvironmentDoc,
    ) {
        let before = self.environment_mut(&name).document.take();
        let checked = match &before {
            Some(before) => self.step(objects, &name, before, &next),
            None if next.sequence == 1 && next.rollouts.is_empty() => Ok(()),
            None => broken("an environment begins with a push", name.to_string()),
        };
        if let Err((invariant, detail)) = checked {
            self.violate(invariant, format!("{name}: {detail}"));
        }
        let positions = next
            .rollouts
            .iter()
            .filter(|rollout| rollout.sequence > 0)
            .map(|rollout| (rollout.sequence, rollout.release));
        let positions: Vec<_> = positions.chain([(next.sequence, next.release)]).collect();
        for (sequence, release) in positions {
            let releases = &mut self.environment_mut(&name).releases;
            if *releases.entry(sequence).or_insert(release) != release {
                let detail = format!("{name}: {} at {sequence}", release.short());
                self.violate("a position is of one release", detail);
            }
        }
        for (certname, pin) in &next.pins {
            let pinned = &mut self.environment_mut(&name).pinned;
            let of_node = pinned.entry(certname.clone()).or_default();
            of_node.insert(pin.release);
        }
        if next.removed_at.is_none() {
            for release in next.releases_in_use() {
                if let Some(lacking) = references::lacking(objects, &name, release) {
                    let detail = format!("{name}: {} without {lacking}", release.short());
                    self.violate("who sees an environment finds its releases", detail);
                }
            }
        }
        self.environment_mut(&name).document = Some(next);
    }

    /// What one writing may change.
    fn step(
        &mut self,
        objects: &Objects,
        name: &EnvironmentName,
        before: &EnvironmentDoc,
        next: &EnvironmentDoc,
    ) -> Result<(), Broken> {
        let former = |rollout: &Rollout| {
            let mut all = before.rollouts.iter();
            all.find(|former| former.name == rollout.name)
        };
        if next.removed_at.is_some() {
            return match next.rollouts.is_empty() && next.pins.is_empty() {
                true => Ok(()),
                false => broken("a removed environment has no rollouts", ""),
            };
        }
        let active = next.rollouts.iter().filter(|it| it.state.is_active());
        if active.count() > 1 {
            return broken("one rollout goes on at a time", "");
        }
        let mut is_finished = false;
        let mut taken_back = Vec::new();
        for rollout in &next.rollouts {
            let Some(former) = former(rollout) else {
                if !matches!(rollout.state, RolloutState::Queued { .. }) {
                    return broken("a rollout waits for its turn", &rollout.name);
                }
                continue;
            };
            self.rollout(objects, name, before, (former, rollout))?;
            is_finished |= former.state.is_active() && rollout.state == RolloutState::Done;
            if former.state != rollout.state
                && matches!(rollout.state, RolloutState::Aborted | RolloutState::Undone)
                && rollout.opened() > 0
            {
                taken_back.extend(rollout.former.as_ref().map(|former| former.release));
            }
        }
        if (before.sequence, before.release) == (next.sequence, next.release) {
            return match taken_back.is_empty() {
                true => Ok(()),
                false => broken("an undo brings the former release back", ""),
            };
        }
        let (at, goal) = (before.sequence, next.sequence);
        let detail = format!("from {at} to {goal}, {} was reached", before.reached());
        if is_finished {
            let done = next.rollouts.iter().find(|it| it.sequence == goal);
            return match done.is_some_and(|done| done.release == next.release) {
                true => Ok(()),
                false => broken("what is rolled out becomes that of all", detail),
            };
        }
        if goal != before.reached() + 1 {
            return broken("an environment's sequence grows with its release", detail);
        }
        match taken_back.first() {
            Some(former) if *former != next.release => {
                broken("an undo brings the former release back", detail)
            }
            None if before.rollout_under_way().is_some() => {
                broken("no push comes in while a rollout is under way", detail)
            }
            None if before.removed_at.is_none() => {
                self.is_of_one_kind(objects, name, before.release, next.release)
            }
            _ => Ok(()),
        }
    }

    /// A push of code keeps what is published, and a publication the code.
    fn is_of_one_kind(
        &mut self,
        objects: &Objects,
        name: &EnvironmentName,
        from: Digest,
        to: Digest,
    ) -> Result<(), Broken> {
        let codes = (self.code(objects, name, from), self.code(objects, name, to));
        match codes {
            (Some(old), Some(new)) if old.code != new.code && old.own != new.own => broken(
                "an upload changes code or published catalogs, not both",
                format!("from {} to {}", from.short(), to.short()),
            ),
            _ => Ok(()),
        }
    }

    fn rollout(
        &mut self,
        objects: &Objects,
        name: &EnvironmentName,
        before: &EnvironmentDoc,
        (former, rollout): (&Rollout, &Rollout),
    ) -> Result<(), Broken> {
        use RolloutState::{Aborted, Done, Paused, Queued, Running, Undone};
        let detail = format!(
            "{} from {} to {}",
            rollout.name,
            former.state.word(),
            rollout.state.word()
        );
        match (&former.state, &rollout.state) {
            (Queued { held: false }, Running) => {
                self.begins(objects, name, before, rollout)?;
            }
            (from, to) if from == to => {}
            (Queued { .. }, Queued { .. } | Aborted)
            | (Running, Paused { .. } | Done | Aborted | Undone)
            | (Paused { .. }, Paused { .. } | Running | Aborted | Undone)
            | (Done, Undone) => {}
            _ => return broken("a rollout goes its way", detail),
        }
        let opened = rollout.opened();
        if opened < former.opened() {
            return broken("an open stage stays open", detail);
        }
        for stage in former.opened()..opened {
            if former.state != Running {
                return broken("only a rollout that goes on opens stages", detail);
            }
            self.opens(objects, name, rollout, stage)?;
        }
        if rollout.state == Done && former.state != Done && opened < rollout.stages.len() {
            return broken("a rollout is done when all stages are open", detail);
        }
        Ok(())
    }

    fn begins(
        &mut self,
        objects: &Objects,
        name: &EnvironmentName,
        before: &EnvironmentDoc,
        rollout: &Rollout,
    ) -> Result<(), Broken> {
        let over = rollout.former.as_ref().map(|former| former.release);
        let earlier = before.rollouts.iter();
        let earlier = earlier.take_while(|other| other.name != rollout.name);
        if rollout.sequence != before.reached() + 1
            || over != Some(before.release)
            || earlier.into_iter().any(|other| !other.state.is_over())
        {
            return broken("a rollout begins in its turn", &rollout.name);
        }
        if rollout.made_from.is_some_and(|made| Some(made) != over) {
            let detail = "a rollout comes in over what it was made from";
            return broken(detail, &rollout.name);
        }
        // A former release that is started again may be another in both.
        match (&rollout.upload, over) {
            (Some(_), Some(over)) => self.is_of_one_kind(objects, name, over, rollout.release),
            _ => Ok(()),
        }
    }

    fn opens(
        &mut self,
        objects: &Objects,
        name: &EnvironmentName,
        rollout: &Rollout,
        number: usize,
    ) -> Result<(), Broken> {
        let at = |number: usize| {
            let stage = rollout.stages.get(number)?;
            Some((stage, stage.opened_at?))
        };
        let Some((stage, opened)) = at(number) else {
            return Ok(());
        };
        let detail = format!("{}, stage {number}", rollout.name);
        if !rollout.plan.is_open(opened) {
            return broken("stages open within windows only", detail);
        }
        if stage.plan.by_hand && !stage.approved {
            return broken("a stage by hand waits for a person", detail);
        }
        let last = number.checked_sub(1).and_then(at);
        if let Some((last, since)) = last
            && last.nodes > 0
            && opened.duration_since(since) < last.plan.hold.0
        {
            return broken("a stage stays alone for its time", detail);
        }
        let key = Key::Rollout {
            environment: name.clone(),
            sequence: rollout.sequence,
        };
        let members: RolloutMembers = objects.document(&key).unwrap_or_default();
        for certname in members.stages.get(number).into_iter().flatten() {
            let key = (name.clone(), certname.clone());
            let is_ready = self
                .pointers
                .get(&key)
                .is_some_and(|seen| seen.has_reached(rollout.sequence));
            if !is_ready && !self.environment_mut(name).is_special(certname) {
                return broken(
                    "the catalogs of a stage are there before it opens",
                    format!("{detail}: {certname}"),
                );
            }
        }
        Ok(())
    }
}
