//! A fleet's life: pushes, agents, changes, in bad weather and then in good.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{ArchiveFormat, UploadKey};
use bunraku_farm::messages::{Message, UploadCreated};
use bunraku_farm::{Certname, Counters};
use bunraku_queue::{Queue, QueueOptions};
use bunraku_store::Key;
use tokio::task::JoinSet;

use crate::agent::{self, Answer};
use crate::chance::Chance;
use crate::fleet::Fleet;
use crate::process::{Process, supervise};
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
        let mut events = self.events();
        while events.join_next().await.is_some() {}
        let rest = self
            .scenario
            .duration()
            .saturating_sub(self.world.elapsed());
        tokio::time::sleep(rest).await;
        self.world.weather.clear_up();
        tokio::time::sleep(AFTERMATH).await;
        self.settle().await?;
        self.everybody_runs().await?;
        self.settle().await?;
        targets::check(&self.world, &self.fleet)?;
        workers.shutdown().await;
        Ok(Report::of(self.scenario, &self.world, &self.counters))
    }

    /// Starts the farm's processes.
    fn workers(&self) -> JoinSet<()> {
        let native = self.scenario.native;
        let several = |most| 1 + self.world.chance.below(most);
        let duties = [
            (Duty::Ingest, several(2)),
            (Duty::Plan, several(2)),
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
    fn events(&self) -> JoinSet<()> {
        let chance = &self.world.chance;
        let length = u64::try_from(self.scenario.duration().as_millis()).unwrap_or(u64::MAX);
        let mut events = JoinSet::new();
        let minutes = self.scenario.minutes;
        // The first push comes at the beginning.
        for number in 0..1 + chance.between(0, 4 * minutes) {
            let at = match number {
                0 => Duration::ZERO,
                _ => chance.milliseconds(0, length),
            };
            events.spawn(push(
                Arc::clone(&self.world),
                Arc::clone(&self.fleet),
                number,
                at,
            ));
        }
        for number in 0..self.fleet.len() {
            for _ in 0..chance.between(0, 2 * minutes) {
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
        loop {
            let process = Process::start(&self.world);
            let trouble = |error: &dyn std::fmt::Display| Violation {
                invariant: "in good weather everything works",
                detail: error.to_string(),
            };
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
    async fn everybody_runs(&self) -> Result<(), Violation> {
        let mut runs = JoinSet::new();
        for number in 0..self.fleet.len() {
            let Some(asking) = self.fleet.asking(number) else {
                continue;
            };
            let process = Process::start(&self.world);
            runs.spawn(async move {
                let certname = asking.certname.clone();
                (certname, agent::run(process, asking, SETTLING).await)
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

fn answered(certname: &Certname, answer: Result<Answer, agent::Trouble>) -> Result<(), String> {
    match answer {
        Ok(Answer::Catalog | Answer::Failed | Answer::NoEnvironment) => Ok(()),
        Ok(Answer::Later) => Err(format!("{certname} waited {SETTLING:?} for nothing")),
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
            fleet.arrived(upload.clone(), site.clone());
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
