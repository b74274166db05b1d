//! A fleet's life: pushes, agents, changes, in bad weather and then in good.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::{Counters, EnvironmentName};
use bunraku_queue::QueueOptions;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::events::{Events, Part};
use crate::fleet::Fleet;
use crate::process::{GRACE, supervise};
use crate::report::Report;
use crate::scenario::Scenario;
use crate::settling::{SETTLING, Settling};
use crate::targets;
use crate::witness::{Violation, Witness};
use crate::worker::{self, Duty, LEASE};
use crate::world::World;

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
        let happening = Events {
            world: Arc::clone(&self.world),
            fleet: Arc::clone(&self.fleet),
        };
        for part in 0..parts {
            if part > 0 {
                tokio::time::sleep(chance.milliseconds(0, 1300 * GRACE)).await;
            }
            let part = Part {
                number: part,
                of: parts,
            };
            let mut events = happening.of(self.scenario, part);
            while events.join_next().await.is_some() {}
        }
        self.world.weather.clear_up();
        tokio::time::sleep(AFTERMATH).await;
        let settling = Settling {
            world: &self.world,
            fleet: &self.fleet,
        };
        settling.settle().await?;
        settling.everybody_runs(SETTLING).await?;
        settling.settle().await?;
        targets::check(self.scenario, &self.world, &self.fleet)?;
        workers.shutdown().await;
        settling.collect().await?;
        // Whoever is left has all that it needs.
        settling.everybody_runs(Duration::ZERO).await?;
        Ok(Report::of(self.scenario, &self.world, &self.counters))
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
            (Duty::Remind, usize::from(self.scenario.staged)),
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
}
