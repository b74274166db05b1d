//! A process: its clock, its way to the store and the queue, and its death.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bunraku_farm::garbage::Grace;
use bunraku_host::{Clock, Host};
use bunraku_queue::Queue;
use bunraku_store::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bill::Request;
use crate::queue::QueueLink;
use crate::store::StoreLink;
use crate::weather::Fault;
use crate::world::World;

/// The worst that a clock is wrong, in seconds.
const WORST_SKEW: usize = 190;
/// The longest that a process stands still, in milliseconds: longer than a lease.
const LONGEST_STALL: u64 = 40_000;
/// The longest that a slow operation takes, in milliseconds.
const LONGEST_STEP: u64 = 4_000;
/// How long what nobody names is kept, in seconds: the farm's day is an hour here.
pub(crate) const GRACE: u64 = 3600;
/// How long until a process that ended is there again, in milliseconds.
const LONGEST_RESTART: u64 = 3_000;

/// A process on its way from its start to its crash.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) world: Arc<World>,
    skew: SignedDuration,
    crashed: Notify,
    stalled_until: Mutex<Option<Instant>>,
    at_once: AtomicBool,
    tardiness: AtomicU64,
    requests: AtomicU64,
}

/// An operation failed, and whether it took effect all the same is not said.
pub(crate) struct Refused(pub(crate) &'static str);

impl Process {
    pub(crate) fn start(world: &Arc<World>) -> Arc<Self> {
        let skewed = world.weather.strikes(Fault::Skew, &world.chance);
        let seconds = if skewed {
            world.chance.below(2 * WORST_SKEW + 1) as i64 - WORST_SKEW as i64
        } else {
            0
        };
        Self::with_skew(world, SignedDuration::from_secs(seconds))
    }

    /// One whose clock is right.
    pub(crate) fn on_time(world: &Arc<World>) -> Arc<Self> {
        Self::with_skew(world, SignedDuration::ZERO)
    }

    fn with_skew(world: &Arc<World>, skew: SignedDuration) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            skew,
            crashed: Notify::new(),
            stalled_until: Mutex::new(None),
            at_once: AtomicBool::new(false),
            tardiness: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        })
    }

    /// The store as this process reaches it.
    pub(crate) fn store(self: &Arc<Self>) -> Store {
        let host = Host::simulated(Arc::new(ProcessClock(Arc::clone(self))));
        let grace = Grace::of(Duration::from_secs(GRACE));
        Store::over(Arc::new(StoreLink(Arc::clone(self))))
            .on(host)
            .with_grace(grace)
    }

    /// The queue as this process reaches it.
    pub(crate) fn queue(self: &Arc<Self>) -> Arc<dyn Queue> {
        Arc::new(QueueLink::new(Arc::clone(self)))
    }

    /// The time as this process's clock has it.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.world.now();
        now.checked_add(self.skew).unwrap_or(now)
    }

    /// Requests of the store since its start.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// A request of the store is made.
    pub(crate) fn count(&self, request: Request) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.world.requests.count(request);
    }

    /// Says whether operations take no time, and have no faults: while something on this thread waits for
    /// them (see [`bunraku_host::Waiter::wait`]), nothing else goes on.
    pub(crate) fn set_at_once(&self, at_once: bool) {
        self.at_once.store(at_once, Ordering::Relaxed);
    }

    /// Lets each request take so many milliseconds more, at most.
    pub(crate) fn set_tardiness(&self, milliseconds: u64) {
        self.tardiness.store(milliseconds, Ordering::Relaxed);
    }

    fn is_at_once(&self) -> bool {
        self.at_once.load(Ordering::Relaxed)
    }

    /// Completes when the process ends by a fault.
    pub(crate) async fn crashed(&self) {
        self.crashed.notified().await;
    }

    /// The way to an operation: it may take long, be refused, or be the process's last.
    pub(crate) async fn before(&self) -> Result<(), Refused> {
        let World {
            chance, weather, ..
        } = &*self.world;
        if self.is_at_once() {
            return Ok(());
        }
        if weather.strikes(Fault::Stall, chance) {
            let long = chance.milliseconds(1_000, LONGEST_STALL);
            *self.stalled() = Some(Instant::now() + long);
        }
        let stalled = *self.stalled();
        if let Some(until) = stalled {
            tokio::time::sleep_until(until).await;
        }
        if weather.strikes(Fault::Slow, chance) {
            tokio::time::sleep(chance.milliseconds(100, LONGEST_STEP)).await;
        }
        self.wait_for_request().await;
        if weather.strikes(Fault::CrashBefore, chance) {
            self.crash().await;
        }
        if weather.strikes(Fault::Throttled, chance) {
            return Err(Refused("slow down"));
        }
        Ok(())
    }

    /// Takes the time of a request.
    pub(crate) async fn wait_for_request(&self) {
        let (least, most) = self.world.latency;
        let most = most + self.tardiness.load(Ordering::Relaxed);
        tokio::time::sleep(self.world.chance.milliseconds(least, most)).await;
    }

    /// The way back from an operation that took effect.
    pub(crate) async fn after(&self) -> Result<(), Refused> {
        let World {
            chance, weather, ..
        } = &*self.world;
        if self.is_at_once() {
            return Ok(());
        }
        if weather.strikes(Fault::CrashAfter, chance) {
            self.crash().await;
        }
        if weather.strikes(Fault::LostAnswer, chance) {
            return Err(Refused("the answer was lost"));
        }
        Ok(())
    }

    fn stalled(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.stalled_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the process: nothing that it does goes on.
    async fn crash(&self) {
        self.crashed.notify_one();
        std::future::pending::<()>().await;
    }
}

/// Runs a process, and starts another one in its place whenever it crashes, until one comes to its end.
pub(crate) async fn supervise<F, W>(world: Arc<World>, life: F) -> W::Output
where
    F: Fn(Arc<Process>) -> W,
    W: Future,
{
    loop {
        let process = Process::start(&world);
        tokio::select! {
            biased;
            () = process.crashed() => {}
            output = life(Arc::clone(&process)) => return output,
        }
        let pause = world.chance.milliseconds(0, LONGEST_RESTART);
        tokio::time::sleep(pause.max(Duration::from_millis(1))).await;
    }
}

/// The clock of a process.
#[derive(Debug)]
struct ProcessClock(Arc<Process>);

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}
