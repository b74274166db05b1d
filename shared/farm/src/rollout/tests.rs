//! A fleet in memory, with workers that use the rules as the farm does.

mod properties;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::advance::{Action, Look, Seen, Staged, Wait, next};
use super::command::{self, Actor, Asked};
use super::*;
use crate::documents::{
    CatalogRef, EnvironmentDoc, FactsDoc, Pointer, SiteSettings, TraceDocument,
};
use crate::messages::{Cause, CompileTask, Lane};
use crate::reuse::{self, Decision, Outcome, Situation};
use crate::{Certname, Digest, EnvironmentName};

const COMPILER: &str = "native 0.1.0";
/// A Monday, 00:00 UTC.
const START: &str = "2026-11-23T00:00:00Z";

fn release(name: &str) -> Digest {
    Digest::of(format!("release {name}"))
}

fn plan(value: Value) -> Plan {
    serde_json::from_value(value).unwrap()
}

fn certname(name: &str) -> Certname {
    Certname::parse(name).unwrap()
}

/// A farm whose nodes are called `n0`, `n1`, ...
struct World {
    document: EnvironmentDoc,
    pointers: BTreeMap<Certname, Pointer>,
    facts: BTreeMap<Certname, u64>,
    members: BTreeMap<u64, RolloutMembers>,
    outcomes: BTreeMap<Certname, OutcomeDoc>,
    /// What waits in the queue.
    tasks: Vec<CompileTask>,
    /// Releases that do not compile.
    broken: BTreeSet<Digest>,
    now: Timestamp,
}

impl World {
    fn new(nodes: usize) -> Self {
        let now: Timestamp = START.parse().unwrap();
        let mut world = Self {
            document: EnvironmentDoc::advance(None, release("old"), None, now).unwrap(),
            pointers: BTreeMap::new(),
            facts: BTreeMap::new(),
            members: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            tasks: Vec::new(),
            broken: BTreeSet::new(),
            now,
        };
        for number in 0..nodes {
            world.facts.insert(certname(&format!("n{number}")), 1);
        }
        world.everybody(Cause::Manual);
        world.work();
        world
    }

    fn by(&self) -> Actor<'static> {
        Actor {
            who: "me@here",
            at: self.now,
        }
    }

    fn start(&mut self, name: &str, plan: Plan) -> Result<(), String> {
        let asked = Asked {
            name: Some(name.to_owned()),
            release: release(name),
            upload: None,
            made_from: None,
            settings: SiteSettings::default(),
            plan,
        };
        self.document = command::start(&self.document, asked, self.by())?.document;
        Ok(())
    }

    fn task(&mut self, certname: &Certname, cause: Cause) {
        self.tasks.push(CompileTask {
            environment: EnvironmentName::parse("production").unwrap(),
            certname: certname.clone(),
            release: self.document.release,
            sequence: self
                .document
                .rollout()
                .map_or(self.document.sequence, |rollout| rollout.sequence),
            lane: Lane::Normal,
            cause,
            enqueued_at: self.now,
        });
    }

    fn everybody(&mut self, cause: Cause) {
        for name in self.facts.keys().cloned().collect::<Vec<_>>() {
            self.task(&name, cause.clone());
        }
    }

    /// Handles all tasks.
    fn work(&mut self) {
        for task in std::mem::take(&mut self.tasks) {
            self.handle(&task);
        }
    }

    fn handle(&mut self, task: &CompileTask) {
        let generation = self.facts[&task.certname];
        let facts: FactsDoc = serde_json::from_value(json!({
            "certname": task.certname, "values": {}, "timestamp": self.now, "generation": generation,
            "digest": Digest::of(generation.to_string()), "environment": "production",
        }))
        .unwrap();
        for _ in 0..3 {
            let pointer = self.pointers.get(&task.certname);
            let situation = Situation {
                task,
                environment: Some(&self.document),
                pointer,
                facts: Some(&facts),
                pool: None,
                compiler: COMPILER,
            };
            let (target, outcome) = match reuse::decide(&situation) {
                Decision::Skip(_) => return,
                Decision::Compile(target, _) => (target.clone(), self.compiled(&target)),
                Decision::Verify(target) => {
                    let basis = reuse::basis(pointer.unwrap(), &target);
                    let holds = basis.release == Some(target.release)
                        && basis.facts_generation == target.facts_generation;
                    let outcome = match holds {
                        true => Outcome::Verified(basis.catalog.unwrap().digest),
                        false => self.compiled(&target),
                    };
                    (target, outcome)
                }
            };
            if let Some(pointer) = reuse::swing(pointer, &target, &outcome, self.now) {
                self.pointers.insert(task.certname.clone(), pointer);
                return;
            }
        }
    }

    fn compiled(&self, target: &reuse::Target) -> Outcome {
        if self.broken.contains(&target.release) {
            return Outcome::Failed("no".to_owned());
        }
        Outcome::Compiled {
            catalog: CatalogRef {
                digest: Digest::of(format!("{} {}", target.release, target.facts_generation)),
                plain_digest: None,
                size: 1,
            },
            classes: Vec::new(),
            trace: TraceDocument::default(),
            exports: None,
            duration_ms: 1,
            compiler: COMPILER.to_owned(),
        }
    }

    /// Lets rollouts go on as far as they can, each task done at once if `works`; what they wait for.
    fn advance(&mut self, works: bool) -> Wait {
        let mut seen = Seen::default();
        for _ in 0..200 {
            match next(&self.document, self.now, &seen) {
                Action::Wait(wait) => return wait,
                Action::Look(Look::Health) => seen.health = Some(self.health()),
                Action::Look(Look::Staged(stage)) => seen.staged = Some(self.staged(stage)),
                Action::Write(document) => {
                    self.document = *document;
                    seen = Seen::default();
                }
                Action::Resolve => {
                    let members = self.resolve();
                    self.document = self.document.clone().resolved(&members);
                    let sequence = self.document.rollout().unwrap().sequence;
                    self.members.insert(sequence, members);
                }
                Action::Prepare(stage) => {
                    for node in self.members_of(stage) {
                        self.task(&node, Cause::Stage { stage });
                    }
                    self.document = self.document.clone().asked(stage, self.now);
                }
                Action::Promote(stage) => {
                    for node in self.members_of(stage) {
                        self.task(
                            &node,
                            Cause::Rollout {
                                name: String::new(),
                            },
                        );
                    }
                    self.document = self.document.clone().told(stage);
                }
                Action::Settle => {
                    self.everybody(Cause::Rollout {
                        name: String::new(),
                    });
                    self.document = self.document.clone().settled();
                }
            }
            if works {
                self.work();
            }
        }
        panic!("it never comes to rest");
    }

    fn resolve(&self) -> RolloutMembers {
        let stages = &self.document.rollout().unwrap().stages;
        let plans: Vec<StagePlan> = stages.iter().map(|stage| stage.plan.clone()).collect();
        let pinned = |name: &&Certname| !self.document.pins.contains_key(*name);
        let fleet: Vec<Candidate> = self
            .pointers
            .keys()
            .filter(pinned)
            .map(|name| Candidate {
                certname: name.clone(),
                matches: plans
                    .iter()
                    .map(|stage| {
                        stage
                            .nodes
                            .holds_for(&crate::documents::Node::named(name.clone()))
                            == Ok(true)
                    })
                    .collect(),
            })
            .collect();
        RolloutMembers {
            version: 1,
            stages: members(&plans, &fleet),
        }
    }

    fn members_of(&self, stage: usize) -> Vec<Certname> {
        let sequence = self.document.rollout().unwrap().sequence;
        self.members[&sequence].stages[stage].clone()
    }

    fn staged(&self, stage: usize) -> Staged {
        let mut staged = Staged::default();
        for node in self.members_of(stage) {
            staged.count(&self.document, &node, self.pointers.get(&node));
        }
        staged
    }

    fn health(&self) -> Health {
        let rollout = self.document.rollout().unwrap();
        let outcomes = |node: &Certname| self.outcomes.get(node).cloned();
        Health::of(
            &self.document,
            rollout,
            &self.members[&rollout.sequence],
            outcomes,
            self.now,
        )
    }

    fn report(&mut self, name: &str, failed: bool) {
        let node = certname(name);
        let Some(rollout) = self.document.rollout() else {
            return;
        };
        let run = Run {
            at: self.now,
            failed,
            corrective: false,
        };
        let aim = self.document.aim(&node, self.pointers.get(&node));
        let with_release = aim.sequence == rollout.sequence;
        let current = self.outcomes.get(&node);
        if let Some(next) =
            OutcomeDoc::following(current, &node, rollout.sequence, run, with_release)
        {
            self.outcomes.insert(node, next);
        }
    }

    fn after(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    /// The release that a node is served.
    fn served(&self, name: &str) -> Digest {
        let node = certname(name);
        let pointer = self.pointers.get(&node);
        let aim = self.document.aim(&node, pointer);
        let pointer = pointer.unwrap().of_release(aim.release);
        assert!(
            pointer.holds_for(aim.release),
            "{name} waits for {}",
            aim.release.short()
        );
        aim.release
    }

    /// How many nodes are served a release at once.
    fn count(&self, name: &str) -> usize {
        let nodes = self
            .pointers
            .keys()
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        nodes
            .iter()
            .filter(|node| self.served(node) == release(name))
            .count()
    }
}
