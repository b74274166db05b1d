//! A release that comes to a great many nodes stage by stage, and is taken back.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::{ArchiveFormat, EnvironmentDoc, UploadKey};
use bunraku_farm::messages::{AdvanceTask, Message, UploadCreated};
use bunraku_farm::rollout::command::{self, Actor};
use bunraku_farm::rollout::{Plan, RolloutRequest};
use bunraku_farm::{Counters, Digest, EnvironmentName};
use bunraku_queue::Queue as _;
use bunraku_store::Key;
use serde_json::json;
use tokio::time::Instant;

use super::functions::Functions;
use super::{Before, Push, broken};
use crate::parcel::{Change, Parcel};
use crate::process::Process;
use crate::site::Site;
use crate::witness::Violation;
use crate::world::World;

/// How often to look.
const LOOK: Duration = Duration::from_secs(1);
/// How often an edge over a bucket reminds the farm of its rollouts.
const CLOCK: Duration = Duration::from_secs(30);

/// A stage, or the way back.
#[derive(Clone, Debug)]
pub struct Stage {
    /// What it is called.
    pub name: String,
    /// How many nodes it is of.
    pub nodes: u64,
    /// Its catalogs are made.
    pub made: Option<Push>,
    /// From its opening until the last node's pointer says so; what is served changes with the opening.
    pub told: Push,
}

/// A farm with a crowd of nodes.
pub(super) struct RollOut<'a> {
    pub(super) world: &'a Arc<World>,
    pub(super) name: &'a EnvironmentName,
    pub(super) counters: &'a Counters,
    pub(super) functions: &'a Functions,
    pub(super) nodes: usize,
}

impl RollOut<'_> {
    /// Rolls a state of the code out, and takes it back when all nodes have it.
    pub(super) async fn run(&self, site: &Site) -> Result<Vec<Stage>, Violation> {
        let release = site.release();
        self.upload(site).await?;
        let mut stages = Vec::new();
        let mut clock = Clock(Instant::now());
        let mut there = 0;
        let count = Plan::all_stages(&plan()?).len();
        for number in 0..count {
            let before = self.before();
            let opened = |document: &EnvironmentDoc| {
                let mut rollouts = document.rollouts.iter();
                let stage = rollouts.find_map(|it| it.stages.get(number))?;
                stage.opened_at.map(|_| (stage.plan.title(), stage.nodes))
            };
            let (title, nodes) = loop {
                self.look(&mut clock).await?;
                if let Some(opened) = self.document().as_ref().and_then(opened) {
                    break opened;
                }
            };
            let made = self.since(before);
            let before = self.before();
            there += usize::try_from(nodes).unwrap_or(usize::MAX);
            self.until_at(release, there, &mut clock).await?;
            stages.push(Stage {
                name: title,
                nodes,
                made: Some(made),
                told: self.since(before),
            });
        }
        while self.document().is_some_and(|it| it.has_rollouts()) {
            self.look(&mut clock).await?;
        }
        let former = self.document().and_then(|document| document.previous);
        let before = self.before();
        self.undo().await?;
        if let Some(former) = former {
            self.until_at(former, self.nodes, &mut clock).await?;
        }
        stages.push(Stage {
            name: "undo".to_owned(),
            nodes: self.nodes as u64,
            made: None,
            told: self.since(before),
        });
        Ok(stages)
    }

    fn before(&self) -> Before {
        Before::of(self.world, self.counters, self.functions)
    }

    fn since(&self, before: Before) -> Push {
        before.until_now("", self.world, self.counters, self.functions)
    }

    fn document(&self) -> Option<EnvironmentDoc> {
        let key = Key::Environment(self.name.clone());
        self.world.look(|objects, _| objects.document(&key))
    }

    async fn upload(&self, site: &Site) -> Result<(), Violation> {
        let rollout = RolloutRequest {
            name: None,
            plan: Some(plan()?),
            pins: std::collections::BTreeMap::new(),
            by: "somebody".to_owned(),
        };
        let parcel = Parcel {
            change: Change::Code(site.clone()),
            rollout: Some(rollout),
        };
        let archive = parcel.archive().map_err(|error| failed(&error))?;
        let key = UploadKey::new(self.name.clone(), "rollout", ArchiveFormat::TarGzip);
        let key = key.map_err(|error| failed(&error))?;
        let store = Process::on_time(self.world).store();
        let created = store.create_upload(&key, archive).await;
        created.map_err(|error| failed(&error))?;
        self.send(UploadCreated { key }.into()).await
    }

    async fn undo(&self) -> Result<(), Violation> {
        let by = Actor {
            who: "somebody",
            at: self.world.now(),
        };
        let undo =
            |current: Option<&EnvironmentDoc>| Some(command::undo(current?, by).ok()?.document);
        let store = Process::on_time(self.world).store();
        let undone = store.update_environment(self.name, undo).await;
        undone.map(drop).map_err(|error| failed(&error))
    }

    async fn send(&self, message: Message) -> Result<(), Violation> {
        let sent = self.world.queue.send(message).await;
        sent.map_err(|error| failed(&error))
    }

    /// Lets a second go by; the edge's clock goes on.
    async fn look(&self, clock: &mut Clock) -> Result<(), Violation> {
        if clock.0 <= Instant::now() {
            clock.0 = Instant::now() + CLOCK;
            let environment = self.name.clone();
            self.send(AdvanceTask { environment }.into()).await?;
        }
        tokio::time::sleep(LOOK).await;
        Ok(())
    }

    /// Waits until so many nodes are at a release.
    async fn until_at(
        &self,
        release: Digest,
        nodes: usize,
        clock: &mut Clock,
    ) -> Result<(), Violation> {
        let at = || {
            self.world
                .look(|_, witness| witness.nodes_at(self.name, release))
        };
        while at() < nodes {
            self.look(clock).await?;
        }
        Ok(())
    }
}

/// When the edge next reminds the farm.
struct Clock(Instant);

fn failed(error: &dyn std::fmt::Display) -> Violation {
    broken("in good weather everything works", error)
}

/// A hundredth, a tenth, half, all; nobody reports.
fn plan() -> Result<Plan, Violation> {
    let plan = json!({
        "stages": [
            {"percent": 1, "hold": "5m"},
            {"percent": 10, "hold": "5m"},
            {"percent": 50, "hold": "5m"},
            {},
        ],
        "gate": {"reports": 0, "silence": "0"},
    });
    serde_json::from_value(plan).map_err(|error| failed(&error))
}
