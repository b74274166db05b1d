//! A fleet's life: pushes, agents, changes, in bad weather and then in good.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{ArchiveFormat, UploadKey};
use bunraku_farm::messages::{GatherTask, Message, UploadCreated};
use bunraku_farm::{Certname, Counters};
use bunraku_queue::{Queue, QueueOptions};
use bunraku_store::Key;
use tokio::task::JoinSet;

use crate::agent::{self, Answer};
use crate::chance::Chance;
use crate::fleet::{Fleet, Removal};
use crate::process::{GRACE, Process, supervise};
use crate::report::Report;
use crate::scenario::Scenario;
use crate::site::Site;
use crate::targets;
use crate::weather::Fault;
use crate::witness::{Violation, Witness};
use crate::worker::{self, Duty, LEASE};
use crate::world::World;

/// The agent's side of a wait.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it takes at most until nothing is left to do, once the weather is good.
const SETTLING: Duration = Duration::from_secs(1800);
/// The longest that anything lasts which began in bad weather: a stall and what follows.
const AFTERMATH: Duration = Duration::from_secs(120);

/// Runs a scenario.
///
/// # Errors
/// The first promise of the farm that was broken.
pub fn live(scenario: &Scenario) -> Result<Report, Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(scenario)),
        Err(error) => Err(Violation {
            invariant: "the simulation runs",
            detail: error.to_string(),
        }),
    }
}

async fn run(scenario: &Scenario) -> Result<Report, Violation> {
    let chance = Chance::new(scenario.seed);
    let options = QueueOptions {
        lease: LEASE,
        max_attempts: 5,
        // As the queue in a file, or as SQS.
        coalesces: chance.per_mille(500),
    };
    let world = World::new(scenario.seed, options, (1, 20), Witness::new(true));
    let life = Life::new(scenario, &world);
    tokio::select! {
        biased;
        violation = world.violated() => Err(violation),
        ended = life.run() => ended,
    }
}

struct Life<'a> {
    scenario: &'a Scenario,
    world: Arc<World>,
    fleet: Arc<Fleet>,
    counters: Arc<Counters>,
}

impl<'a> Life<'a> {
    fn new(scenario: &'a Scenario, world: &Arc<World>) -> Self {
        let chance = &world.chance;
        let environments: Vec<EnvironmentName> = ["production", "test"]
            .into_iter()
            .take(1 + chance.below(2))
            .filter_map(|name| EnvironmentName::parse(name).ok())
            .collect();
        let fleet = Fleet::new(scenario.nodes, 1 + chance.below(5), &environments, chance);
        Self {
            scenario,
            world: Arc::clone(world),
            fleet: Arc::new(fleet),
            counters: Arc::default(),
        }
    }

    async fn run(&self) -> Result<Report, Violation> {
        let mut workers = self.workers();
        if self.scenario.faults {
            self.world.weather.turn_bad(&self.world.chance);
        }
        // Some live their minute at once, some have long quiet times between, in which garbage gets old.
        let chance = &self.world.chance;
        let parts = chance.between(1, 3);
        for part in 0..parts {
            if part > 0 {
                tokio::time::sleep(chance.milliseconds(0, 1300 * GRACE)).await;
            }
            let mut events = self.events(part, parts);
            while events.join_next().await.is_some() {}
        }
        self.world.weather.clear_up();
        tokio::time::sleep(AFTERMATH).await;
        self.settle().await?;
        self.everybody_runs(SETTLING).await?;
        self.settle().await?;
        targets::check(&self.world, &self.fleet)?;
        workers.shutdown().await;
        self.collect().await?;
        // Whoever is left has all that it needs.
        self.everybody_runs(Duration::ZERO).await?;
        Ok(Report::of(self.scenario, &self.world, &self.counters))
    }

    /// Garbage is collected when all of it is old: nothing may be left of it.
    async fn collect(&self) -> Result<(), Violation> {
        // Pointers of a removed environment go first, and what they named after them.
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(2 * GRACE)).await;
            let store = Process::start(&self.world).store();
            let collected = store.collect_garbage(false).await;
            collected.map_err(|error| trouble(&error))?;
        }
        let left = self
            .world
            .look(|objects, witness| witness.unreferenced(objects));
        match left {
            None => Ok(()),
            Some(key) => Err(Violation {
                invariant: "nothing that nobody refers to is kept for ever",
                detail: key,
            }),
        }
    }

    /// Starts the farm's processes.
    fn workers(&self) -> JoinSet<()> {
        let native = self.scenario.native;
        let several = |most| 1 + self.world.chance.below(most);
        let duties = [
            (Duty::Ingest, several(2)),
            (Duty::Plan, several(2)),
            (Duty::Collect, several(2)),
            (Duty::Compile { native }, several(5)),
            (Duty::CompileUrgent { native }, 1),
        ];
        let mut workers = JoinSet::new();
        for (duty, count) in duties {
            for _ in 0..count {
                let (world, counters) = (Arc::clone(&self.world), Arc::clone(&self.counters));
                workers.spawn(supervise(world, move |process| {
                    worker::work(process, duty, Arc::clone(&counters))
                }));
            }
        }
        workers
    }

    /// What people and nodes do, each at its time.
    fn events(&self, part: u64, parts: u64) -> JoinSet<()> {
        let chance = &self.world.chance;
        let length = self.scenario.duration().as_millis();
        let length = u64::try_from(length).unwrap_or(u64::MAX) / parts;
        let mut events = JoinSet::new();
        let minutes = self.scenario.minutes;
        let pushes = chance.between(0, (4 * minutes).div_ceil(parts));
        // The first push comes at the beginning.
        let first = u64::from(part == 0);
        for number in 0..first + pushes {
            let at = match (part, number) {
                (0, 0) => Duration::ZERO,
                _ => chance.milliseconds(0, length),
            };
            let number = part * 1_000_000 + number;
            events.spawn(push(
                Arc::clone(&self.world),
                Arc::clone(&self.fleet),
                number,
                at,
            ));
        }
        for number in 0..self.fleet.len() {
            for _ in 0..chance.between(0, (2 * minutes).div_ceil(parts)) {
                let at = chance.milliseconds(0, length);
                events.spawn(self.agent(number, at));
            }
        }
        for _ in 0..chance.between(0, minutes) {
            let at = chance.milliseconds(0, length);
            for number in 0..self.fleet.len() {
                events.spawn(self.agent(number, at));
            }
        }
        if chance.per_mille(150) {
            let at = chance.milliseconds(0, length);
            events.spawn(remove(Arc::clone(&self.world), Arc::clone(&self.fleet), at));
        }
        events
    }

    /// A run of an agent, of a node that may have changed.
    fn agent(&self, number: usize, at: Duration) -> impl Future<Output = ()> + use<> {
        let (world, fleet) = (Arc::clone(&self.world), Arc::clone(&self.fleet));
        async move {
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
                _ = agent::run(Arc::clone(&process), asking, PATIENCE) => {}
            }
        }
    }

    /// Waits until nothing is left to do, as people and reminders see to it.
    async fn settle(&self) -> Result<(), Violation> {
        let begin = self.world.elapsed();
        let reminder = GatherTask {}.into();
        let queue = Process::start(&self.world).queue();
        queue
            .send(reminder)
            .await
            .map_err(|error| trouble(&error))?;
        loop {
            let process = Process::start(&self.world);
            let waiting = process
                .store()
                .waiting_uploads()
                .await
                .map_err(|error| trouble(&error))?;
            let queue = process.queue();
            let dead = queue.redrive(None).await.map_err(|error| trouble(&error))?;
            let depths = queue.depths().await.map_err(|error| trouble(&error))?;
            let open: usize = depths.values().map(bunraku_queue::Depth::open).sum();
            if waiting.is_empty() && dead == 0 && open == 0 {
                return Ok(());
            }
            if self.world.elapsed() - begin > SETTLING {
                return Err(Violation {
                    invariant: "the farm comes to rest",
                    detail: format!("{depths:?}, {} uploads wait", waiting.len()),
                });
            }
            if open == 0 {
                for key in waiting {
                    let message = Message::from(UploadCreated { key });
                    queue.send(message).await.map_err(|error| trouble(&error))?;
                }
            }
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    }

    /// Each agent runs once more, as it does every half hour: it must get an answer.
    async fn everybody_runs(&self, patience: Duration) -> Result<(), Violation> {
        let mut runs = JoinSet::new();
        for number in 0..self.fleet.len() {
            let Some(asking) = self.fleet.asking(number) else {
                continue;
            };
            let process = Process::start(&self.world);
            runs.spawn(async move {
                let certname = asking.certname.clone();
                (certname, agent::run(process, asking, patience).await)
            });
        }
        while let Some(run) = runs.join_next().await {
            let Ok((certname, answer)) = run else {
                continue;
            };
            if let Err(detail) = answered(&certname, answer) {
                return Err(Violation {
                    invariant: "every agent is answered",
                    detail,
                });
            }
        }
        Ok(())
    }
}

fn trouble(error: &dyn std::fmt::Display) -> Violation {
    Violation {
        invariant: "in good weather everything works",
        detail: error.to_string(),
    }
}

fn answered(certname: &Certname, answer: Result<Answer, agent::Trouble>) -> Result<(), String> {
    match answer {
        Ok(Answer::Catalog | Answer::Failed | Answer::NoEnvironment) => Ok(()),
        Ok(Answer::Later) => Err(format!("{certname} waited for nothing")),
        Err(error) => Err(format!("{certname}: {error}")),
    }
}

/// Someone pushes.
async fn push(world: Arc<World>, fleet: Arc<Fleet>, number: u64, at: Duration) {
    tokio::time::sleep(at).await;
    let Some((environment, site)) = fleet.change_site(&world.chance) else {
        return;
    };
    let id = format!("{number:06}");
    let Ok(upload) = UploadKey::new(environment, id, ArchiveFormat::TarGzip) else {
        return;
    };
    supervise(Arc::clone(&world), |process| {
        upload_site(process, Arc::clone(&fleet), upload.clone(), site.clone())
    })
    .await;
}

/// Someone removes an environment.
async fn remove(world: Arc<World>, fleet: Arc<Fleet>, at: Duration) {
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

/// Uploads until it is done. The bucket tells the queue of it, once or twice.
async fn upload_site(process: Arc<Process>, fleet: Arc<Fleet>, upload: UploadKey, site: Site) {
    let Ok(archive) = site.archive() else { return };
    let key = Key::Upload(upload.clone()).to_string();
    let world = Arc::clone(&process.world);
    let is_there = || world.look(|objects, _| objects.contains(&key));
    let taken = || fleet.pushes().iter().any(|push| push.upload == upload);
    loop {
        let created = process
            .store()
            .create_upload(&upload, archive.clone())
            .await;
        // Whatever the answer was.
        if is_there() && !taken() {
            fleet.arrived(upload.clone(), site.clone(), world.now());
            announce(&world, &upload).await;
        }
        if created.is_ok() || taken() {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
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
