//! What agents are given.

use std::sync::Arc;

use bunraku_farm::documents::EnvironmentDoc;
use bunraku_farm::rollout::{NewNodes, Rollout, RolloutMembers};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::Key;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Witness;
use crate::code::{Code, Expected};
use crate::objects::Objects;
use crate::site;

/// How many answers are remembered of a node.
const REMEMBERED: usize = 16;

/// An agent's run, and the environment's document by which it was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Serving<'a> {
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) certname: &'a Certname,
    pub(crate) facts: &'a Map<String, Value>,
    pub(crate) current: &'a EnvironmentDoc,
    pub(crate) began: Instant,
}

/// A release that a node may be given.
struct Allowed {
    sequence: u64,
    code: Arc<Code>,
}

impl Witness {
    /// An agent is given a catalog.
    pub(crate) fn served(&mut self, objects: &Objects, serving: Serving<'_>, catalog: &Value) {
        let Serving {
            certname, facts, ..
        } = serving;
        if catalog["name"] != certname.as_str() {
            let detail = format!("{certname} got that of {}", catalog["name"]);
            self.violate("no catalog is served to another node", detail);
        }
        let Some(said) = site::said(catalog) else {
            self.violate("a catalog says something", catalog.to_string());
            return;
        };
        let allowed = self.allowed(objects, serving);
        let expected = |allowed: &Allowed| allowed.code.expected(certname, facts);
        let right: Vec<u64> = allowed
            .iter()
            .filter(|allowed| expected(allowed) == Expected::Says(said.clone()))
            .map(|allowed| allowed.sequence)
            .collect();
        let (Some(least), Some(most)) = (right.iter().min(), right.iter().max()) else {
            let expected: Vec<Expected> = allowed.iter().map(expected).collect();
            let same_motto =
                |it: &Expected| matches!(it, Expected::Says(it) if it.motto == said.motto);
            let invariant = match expected.iter().any(same_motto) {
                true => "a served catalog is of the facts that were sent",
                false => "a node is served the release that it is to have",
            };
            let detail = format!("{certname} got {said:?}, and was to get {expected:?}");
            self.violate(invariant, detail);
            return;
        };
        self.never_goes_back(serving, *least, *most);
    }

    /// An agent is told of an error of the code.
    pub(crate) fn refused(&mut self, objects: &Objects, serving: Serving<'_>) {
        let allowed = self.allowed(objects, serving);
        let mut expected = allowed
            .iter()
            .map(|allowed| allowed.code.expected(serving.certname, serving.facts));
        if !expected.any(|expected| expected == Expected::Broken) {
            let detail = serving.certname.to_string();
            self.violate("an agent is told of an error that there is", detail);
        }
    }

    /// What has come to a node does not leave it, unless a person says so: that gives a position beyond.
    fn never_goes_back(&mut self, serving: Serving<'_>, least: u64, most: u64) {
        let Serving {
            environment,
            certname,
            current,
            ..
        } = serving;
        if self
            .environment_mut(environment)
            .pinned
            .contains_key(certname)
        {
            return;
        }
        let key = (environment.clone(), certname.clone());
        let before = self.served.entry(key).or_default();
        let former = before.iter().filter(|(at, _)| *at < serving.began);
        let former = former.map(|(_, sequence)| *sequence).max();
        before.push((Instant::now(), least));
        let surplus = before.len().saturating_sub(REMEMBERED);
        before.drain(..surplus);
        if let Some(former) = former.filter(|former| *former > most) {
            let detail = format!(
                "{certname}: from {former} to {most}, the environment is at {}",
                current.sequence
            );
            self.violate("no node is served an older release", detail);
        }
    }

    /// The releases that a node may be given: in most cases one.
    fn allowed(&mut self, objects: &Objects, serving: Serving<'_>) -> Vec<Allowed> {
        let Serving {
            environment,
            certname,
            current,
            ..
        } = serving;
        let releases = match (current.pins.get(certname), current.rollout()) {
            (Some(pin), _) => vec![(pin.release, current.sequence)],
            (None, None) => vec![(current.release, current.sequence)],
            (None, Some(rollout)) => self.staged(objects, serving, rollout),
        };
        let mut allowed = Vec::new();
        for (release, sequence) in releases {
            match self.code(objects, environment, release) {
                Some(code) => allowed.push(Allowed { sequence, code }),
                None => self.violate("who is served finds the release", release.to_string()),
            }
        }
        allowed
    }

    /// The same while a rollout goes on.
    fn staged(
        &mut self,
        objects: &Objects,
        serving: Serving<'_>,
        rollout: &Rollout,
    ) -> Vec<(Digest, u64)> {
        let Serving {
            environment,
            certname,
            current,
            ..
        } = serving;
        let old = (current.release, current.sequence);
        let new = (rollout.release, rollout.sequence);
        let opened = rollout.opened();
        if opened == 0 || opened == rollout.stages.len() {
            return vec![if opened == 0 { old } else { new }];
        }
        let key = Key::Rollout {
            environment: environment.clone(),
            sequence: rollout.sequence,
        };
        let members: RolloutMembers = objects.document(&key).unwrap_or_default();
        let mut stages = members.stages.iter();
        let stage = stages.position(|nodes| nodes.contains(certname));
        let special = self.environment_mut(environment).is_special(certname);
        let key = (environment.clone(), certname.clone());
        let pointer = self.pointers.get(&key);
        let is_new = pointer.is_none_or(|seen| !seen.was_compiled_before(rollout.sequence));
        match stage {
            Some(stage) if stage < opened && special => vec![old, new],
            Some(stage) if stage < opened => vec![new],
            // That nothing was compiled for yet.
            _ if rollout.plan.new_nodes == NewNodes::New && is_new => vec![old, new],
            _ => vec![old],
        }
    }
}
