//! A great many nodes, two pushes and a rollout, good weather: what AWS would see of it.

mod functions;
mod rollout;

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::{ArchiveFormat, FactsDoc, UploadKey};
use bunraku_farm::messages::{Message, UploadCreated};
use bunraku_farm::{Counters, CountersSnapshot, EnvironmentName};
use bunraku_queue::{Queue as _, QueueOptions};
use bunraku_store::Key;
use bytes::Bytes;

use crate::bill::RequestCounts;
use crate::chance::Chance;
use crate::fleet::Fleet;
use crate::parcel::{Change, Parcel};
use crate::process::Process;
use crate::site::Site;
use crate::witness::{Violation, Witness};
use crate::world::World;
use functions::Functions;
pub use functions::{Invocations, Invoked};
use rollout::RollOut;
pub use rollout::Stage;

/// Roles of the site: a change of one concerns a twentieth of the nodes.
const ROLES: usize = 20;
/// How often to look whether all nodes are there.
const LOOK: Duration = Duration::from_secs(1);
/// A request of S3 or SQS takes so many milliseconds, within a region.
const LATENCY: (u64, u64) = (10, 40);

/// A run with a great many nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crowd {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many nodes.
    pub nodes: usize,
    /// How many calls of `compile` there may be at the same time.
    pub concurrency: usize,
}

/// What was done to a crowd.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// To all nodes at once.
    pub pushes: Vec<Push>,
    /// Stage by stage, and back.
    pub stages: Vec<Stage>,
}

/// What one push took.
#[derive(Clone, Debug)]
pub struct Push {
    /// What was pushed.
    pub name: &'static str,
    /// From the upload until the last node's pointer was where it should be.
    pub converged: Duration,
    /// Requests, by kind.
    pub requests: RequestCounts,
    /// Calls of the functions.
    pub invocations: Invocations,
    /// Catalogs compiled, and found to hold.
    pub compiled: u64,
    /// Nodes whose catalog still held.
    pub verified: u64,
}

impl Crowd {
    /// Pushes a site, then a change of one role; rolls a change of another out and takes it back. Checks the farm's
    /// promises all the way.
    ///
    /// # Errors
    /// The first that was broken.
    pub fn run(&self) -> Result<Told, Violation> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.pushes()),
            Err(error) => Err(broken("the simulation runs", error)),
        }
    }

    async fn pushes(&self) -> Result<Told, Violation> {
        let options = QueueOptions {
            lease: Duration::from_secs(390),
            max_attempts: 5,
            coalesces: false,
        };
        let world = World::new(self.seed, options, LATENCY, Witness::new(false));
        let name = EnvironmentName::parse("production")
            .map_err(|error| broken("the simulation runs", error))?;
        let chance = Chance::new(self.seed);
        let fleet = Fleet::new(self.nodes, ROLES, std::slice::from_ref(&name), &chance);
        settle_in(&world, &fleet);
        let counters = Arc::new(Counters::default());
        let functions = Functions::start(&world, &counters, self.concurrency);
        let mut site = Site::new(ROLES);
        let mut told = Told::default();
        for (number, what) in ["all catalogs are new", "one role of 20 changes"]
            .into_iter()
            .enumerate()
        {
            if let (1, Some(role)) = (number, site.roles.first_mut()) {
                role.motto += 1;
            }
            let before = Before::of(&world, &counters, &functions);
            let push = self.push(&world, &name, number, &site);
            tokio::select! {
                biased;
                violation = world.violated() => return Err(violation),
                pushed = push => pushed?,
            }
            let push = before.until_now(what, &world, &counters, &functions);
            told.pushes.push(push);
        }
        if let Some(role) = site.roles.get_mut(1) {
            role.motto += 1;
        }
        let roll_out = RollOut {
            world: &world,
            name: &name,
            counters: &counters,
            functions: &functions,
            nodes: self.nodes,
        };
        told.stages = tokio::select! {
            biased;
            violation = world.violated() => return Err(violation),
            stages = roll_out.run(&site) => stages?,
        };
        functions.stop().await;
        Ok(told)
    }

    /// Pushes, and waits until all nodes are there.
    async fn push(
        &self,
        world: &Arc<World>,
        name: &EnvironmentName,
        number: usize,
        site: &Site,
    ) -> Result<(), Violation> {
        let failed =
            |error: &dyn std::fmt::Display| broken("in good weather everything works", error);
        let id = format!("{number:06}");
        let upload = UploadKey::new(name.clone(), id, ArchiveFormat::TarGzip)
            .map_err(|error| failed(&error))?;
        let archive = Parcel {
            change: Change::Code(site.clone()),
            rollout: None,
        }
        .archive()
        .map_err(|error| failed(&error))?;
        let store = Process::on_time(world).store();
        store
            .create_upload(&upload, archive)
            .await
            .map_err(|error| failed(&error))?;
        let message = Message::from(UploadCreated { key: upload });
        world
            .queue
            .send(message)
            .await
            .map_err(|error| failed(&error))?;
        let release = site.release();
        loop {
            tokio::time::sleep(LOOK).await;
            if world.look(|_, witness| witness.nodes_at(name, release)) == self.nodes {
                return Ok(());
            }
        }
    }
}

fn broken(invariant: &'static str, error: impl std::fmt::Display) -> Violation {
    Violation {
        invariant,
        detail: error.to_string(),
    }
}

/// All agents have run once: their facts are there.
fn settle_in(world: &World, fleet: &Fleet) {
    for number in 0..fleet.len() {
        let Some(asking) = fleet.asking(number) else {
            continue;
        };
        let member = Key::Member {
            environment: asking.environment.clone(),
            certname: asking.certname.clone(),
        };
        let key = Key::Facts(asking.certname.clone());
        let facts = FactsDoc::new(
            asking.certname,
            asking.environment,
            asking.facts,
            world.now(),
        );
        let facts = serde_json::to_vec(&facts).unwrap_or_default();
        world.step(|objects, _| {
            objects.put(&key.to_string(), facts.into(), world.now());
            objects.put(&member.to_string(), Bytes::new(), world.now());
        });
    }
}

/// Where the counters stood before a push.
struct Before {
    at: Duration,
    requests: RequestCounts,
    counters: CountersSnapshot,
}

impl Before {
    fn of(world: &World, counters: &Counters, functions: &Functions) -> Self {
        functions.reset();
        Self {
            at: world.elapsed(),
            requests: world.requests.counts(),
            counters: counters.snapshot(),
        }
    }

    fn until_now(
        self,
        name: &'static str,
        world: &World,
        counters: &Counters,
        functions: &Functions,
    ) -> Push {
        let requests = world.requests.counts().into_iter();
        let since = |kind, count| count - self.requests.get(&kind).copied().unwrap_or(0);
        let now = counters.snapshot();
        Push {
            name,
            converged: world.elapsed() - self.at,
            requests: requests
                .map(|(kind, count)| (kind, since(kind, count)))
                .collect(),
            invocations: functions.invocations(),
            compiled: now.compiles - self.counters.compiles,
            verified: now.catalogs_verified - self.counters.catalogs_verified,
        }
    }
}
