//! The functions as AWS Lambda runs them: batches, a bounded number of calls at once, the time billed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bunraku_farm::Counters;
use bunraku_farm::messages::{Channel, Lane};
use bunraku_queue::Queue as _;
use futures::{StreamExt, stream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bill::Request;
use crate::engine::Pace;
use crate::process::Process;
use crate::worker::Handlers;
use crate::world::World;

/// How long Lambda's pollers wait for messages.
const POLL: Duration = Duration::from_secs(20);
/// Messages in one call of `compile`.
const BATCH: usize = 10;
/// How many of them a call handles at once, as `bunraku-compile` does.
const AT_ONCE: usize = 8;

/// What Lambda bills of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Invoked {
    /// Calls.
    pub calls: u64,
    /// Their time together.
    pub time: Duration,
    /// The most at the same time.
    pub peak: usize,
    active: usize,
}

/// What `compile` takes: a push's tasks, those of stages, and none that an agent waits for.
const COMPILE: [Channel; 2] = [Channel::Compile(Lane::Normal), Channel::Compile(Lane::Bulk)];

/// By the function's name.
pub type Invocations = BTreeMap<&'static str, Invoked>;

/// All functions of a farm.
pub(super) struct Functions {
    tasks: JoinSet<()>,
    invocations: Arc<Mutex<Invocations>>,
}

/// What the calls of one function have in common.
#[derive(Clone)]
struct Function {
    name: &'static str,
    channels: &'static [Channel],
    batch: usize,
    world: Arc<World>,
    counters: Arc<Counters>,
    invocations: Arc<Mutex<Invocations>>,
}

impl Functions {
    /// Lets `concurrency` calls of `compile` run at the same time.
    pub(super) fn start(world: &Arc<World>, counters: &Arc<Counters>, concurrency: usize) -> Self {
        let invocations: Arc<Mutex<Invocations>> = Arc::default();
        let mut tasks = JoinSet::new();
        for (name, channels, batch, instances) in [
            ("ingest", &[Channel::Uploads][..], 1, 1),
            ("plan", &[Channel::Plans], 1, 1),
            ("compile", &COMPILE, BATCH, concurrency),
        ] {
            for _ in 0..instances {
                let function = Function {
                    name,
                    channels,
                    batch,
                    world: Arc::clone(world),
                    counters: Arc::clone(counters),
                    invocations: Arc::clone(&invocations),
                };
                tasks.spawn(function.run());
            }
        }
        Self { tasks, invocations }
    }

    pub(super) fn invocations(&self) -> Invocations {
        lock(&self.invocations).clone()
    }

    /// Counts from now on.
    pub(super) fn reset(&self) {
        lock(&self.invocations).clear();
    }

    pub(super) async fn stop(mut self) {
        self.tasks.shutdown().await;
    }
}

fn lock(invocations: &Mutex<Invocations>) -> MutexGuard<'_, Invocations> {
    invocations.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Function {
    /// One instance: call after call, with what it remembers.
    async fn run(self) {
        let process = Process::on_time(&self.world);
        let handlers = Handlers::paced(&process, &self.counters, Pace::of_one_processor());
        let queue = &self.world.queue;
        loop {
            self.world.requests.count(Request::Receive);
            let received = queue.receive(self.channels, self.batch, POLL).await;
            let deliveries = received.unwrap_or_default();
            if deliveries.is_empty() {
                continue;
            }
            let began = self.begin();
            let handled: Vec<_> = stream::iter(deliveries)
                .map(|delivery| async {
                    let handled = handlers.handle(delivery.message).await;
                    (delivery.receipt, handled)
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            self.end(began);
            self.world.requests.count(Request::Settle);
            for (receipt, handled) in handled {
                // The queue in memory takes every answer.
                let _ = match handled {
                    Ok(()) => queue.ack(&receipt).await,
                    Err(error) => queue.release(&receipt, POLL, &error).await,
                };
            }
        }
    }

    fn begin(&self) -> Instant {
        let mut invocations = lock(&self.invocations);
        let invoked = invocations.entry(self.name).or_default();
        invoked.calls += 1;
        invoked.active += 1;
        invoked.peak = invoked.peak.max(invoked.active);
        Instant::now()
    }

    fn end(&self, began: Instant) {
        let mut invocations = lock(&self.invocations);
        let invoked = invocations.entry(self.name).or_default();
        invoked.active = invoked.active.saturating_sub(1);
        invoked.time += began.elapsed();
    }
}
