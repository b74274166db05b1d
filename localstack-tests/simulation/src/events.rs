//! What people and nodes do in a fleet's life, each at its time.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{ArchiveFormat, UploadKey};
use bunraku_farm::messages::{Message, UploadCreated};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_queue::Queue as _;
use bunraku_store::Key;
use tokio::task::JoinSet;

use crate::agent;
use crate::fleet::{Fleet, Removal};
use crate::parcel::{Change, Parcel};
use crate::people;
use crate::process::{Process, supervise};
use crate::scenario::Scenario;
use crate::weather::Fault;
use crate::world::World;

/// The agent's side of a wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// Those to whom it happens.
#[derive(Clone)]
pub(crate) struct Events {
    pub(crate) world: Arc<World>,
    pub(crate) fleet: Arc<Fleet>,
}

/// One of the parts of a life.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) number: u64,
    pub(crate) of: u64,
}

/// What someone uploads.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Catalogs,
}

impl Events {
    /// All that happens in a part of a life.
    pub(crate) fn of(&self, scenario: &Scenario, part: Part) -> JoinSet<()> {
        let chance = &self.world.chance;
        let length = scenario.duration().as_millis();
        let length = u64::try_from(length).unwrap_or(u64::MAX) / part.of;
        let some_time = || chance.milliseconds(0, length);
        let some = |least: u64, most: u64| chance.between(least, most.div_ceil(part.of));
        let minutes = scenario.minutes;
        let mut events = JoinSet::new();
        let pushes = some(0, 4 * minutes);
        // The first push comes at the beginning.
        let first = u64::from(part.number == 0);
        for number in 0..first + pushes {
            let at = match (part.number, number) {
                (0, 0) => Duration::ZERO,
                _ => some_time(),
            };
            let id = format!("{:06}", part.number * 1_000_000 + number);
            events.spawn(self.clone().upload(id, Kind::Code, false, at));
        }
        for number in 0..self.fleet.len() {
            for _ in 0..some(0, 2 * minutes) {
                let at = some_time();
                events.spawn(self.clone().agent(number, at));
            }
        }
        for _ in 0..chance.between(0, minutes) {
            let at = some_time();
            for number in 0..self.fleet.len() {
                events.spawn(self.clone().agent(number, at));
            }
        }
        if chance.per_mille(150) {
            events.spawn(self.clone().remove(some_time()));
        }
        if scenario.staged {
            for number in 0..some(1, 3 * minutes) {
                let id = format!("r{}-{number}", part.number);
                let kind = match chance.per_mille(250) {
                    true => Kind::Catalogs,
                    false => Kind::Code,
                };
                events.spawn(self.clone().upload(id, kind, true, some_time()));
            }
            for number in 0..some(0, 3 * minutes) {
                let id = format!("c{}-{number}", part.number);
                let upload = self.clone().upload(id, Kind::Catalogs, false, some_time());
                events.spawn(upload);
            }
            for _ in 0..some(1, 10 * minutes) {
                let (world, fleet) = (Arc::clone(&self.world), Arc::clone(&self.fleet));
                events.spawn(people::act(world, fleet, some_time()));
            }
        }
        events
    }

    /// A run of an agent, of a node that may have changed.
    async fn agent(self, number: usize, at: Duration) {
        let Self { world, fleet } = self;
        tokio::time::sleep(at).await;
        if world.chance.per_mille(300) {
            fleet.change_node(number, &world.chance);
        }
        let Some(asking) = fleet.asking(number) else {
            return;
        };
        // The edge that crashes takes its agents' requests with it: they come again half an hour later.
        let process = Process::start(&world);
        tokio::select! {
            () = process.crashed() => {}
            _ = agent::run_and_report(&process, asking, PATIENCE) => {}
        }
    }

    /// Someone uploads something.
    async fn upload(self, id: String, kind: Kind, in_stages: bool, at: Duration) {
        tokio::time::sleep(at).await;
        let Self { world, fleet } = &self;
        let chance = &world.chance;
        let wanted = match kind {
            Kind::Code => fleet
                .change_site(chance)
                .map(|(environment, site)| (environment, Change::Code(site))),
            Kind::Catalogs => fleet.environment(chance).zip(fleet.change_catalogs(chance)),
        };
        let Some((environment, change)) = wanted else {
            return;
        };
        let rollout = in_stages.then(|| RolloutRequest {
            name: None,
            plan: Some(people::plan(world)),
            pins: people::pins(world, fleet),
            by: "somebody".to_owned(),
        });
        let parcel = Parcel { change, rollout };
        let Ok(upload) = UploadKey::new(environment, id, ArchiveFormat::TarGzip) else {
            return;
        };
        supervise(Arc::clone(world), |process| {
            self.clone()
                .deliver(process, upload.clone(), parcel.clone())
        })
        .await;
    }

    /// Uploads until it is done. The bucket tells the queue of it, once or twice.
    async fn deliver(self, process: Arc<Process>, upload: UploadKey, parcel: Parcel) {
        let Self { world, fleet } = self;
        let Ok(archive) = parcel.archive() else {
            return;
        };
        let key = Key::Upload(upload.clone()).to_string();
        let is_there = || world.look(|objects, _| objects.contains(&key));
        let taken = || fleet.pushes().iter().any(|push| push.upload == upload);
        loop {
            let created = process
                .store()
                .create_upload(&upload, archive.clone())
                .await;
            // Whatever the answer was.
            if is_there() && !taken() {
                fleet.arrived(upload.clone(), parcel.clone(), world.now());
                announce(&world, &upload).await;
            }
            if created.is_ok() || taken() {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Someone removes an environment.
    async fn remove(self, at: Duration) {
        let Self { world, fleet } = self;
        tokio::time::sleep(at).await;
        let Some(environment) = fleet.environment(&world.chance) else {
            return;
        };
        let process = Process::on_time(&world);
        let store = process.store();
        let removed = async { while store.remove_environment(&environment).await.is_err() {} };
        tokio::select! {
            () = process.crashed() => {}
            () = removed => {}
        }
        fleet.removed(Removal {
            environment,
            before: world.now(),
        });
    }
}

/// The bucket's event.
async fn announce(world: &Arc<World>, upload: &UploadKey) {
    let message = Message::from(UploadCreated {
        key: upload.clone(),
    });
    let times = match world.weather.strikes(Fault::Duplicate, &world.chance) {
        true => 2,
        false => 1,
    };
    for _ in 0..times {
        // The queue in memory takes everything.
        let _ = world.queue.send(message.clone()).await;
    }
}

/// The environments that there are now, those that were removed left out.
pub(crate) fn environments(world: &World) -> Vec<EnvironmentName> {
    world.look(|objects, _| {
        let keys = objects.keys().filter_map(|key| match key.parse() {
            Ok(Key::Environment(name)) => Some(name),
            _ => None,
        });
        keys.collect()
    })
}
