//! What outlives every process: the store's objects, the queue, the time, chance and the weather.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bunraku_queue::{MemoryQueue, QueueOptions};
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::bill::Requests;
use crate::chance::Chance;
use crate::news::News;
use crate::objects::Objects;
use crate::weather::Weather;
use crate::witness::{Violation, Witness};

/// When every run begins, in seconds since 1970.
const BEGINNING: i64 = 1_800_000_000;

/// The one world of a run.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) weather: Weather,
    pub(crate) queue: MemoryQueue,
    pub(crate) news: News,
    pub(crate) requests: Requests,
    /// How long one request of the store or the queue takes, at least and at most, in milliseconds.
    pub(crate) latency: (u64, u64),
    began: Instant,
    inner: Mutex<Inner>,
    violated: Notify,
}

#[derive(Debug)]
struct Inner {
    objects: Objects,
    witness: Witness,
    violation: Option<Violation>,
    steps: u64,
}

/// The right time in a run that began then.
pub(crate) fn time_since(began: Instant) -> Timestamp {
    let beginning = Timestamp::from_second(BEGINNING).unwrap_or_default();
    beginning.checked_add(began.elapsed()).unwrap_or(beginning)
}

impl World {
    pub(crate) fn new(
        seed: u64,
        queue: QueueOptions,
        latency: (u64, u64),
        witness: Witness,
    ) -> Arc<Self> {
        let chance = Chance::new(seed);
        Arc::new(Self {
            // As with a broker or a topic, or without.
            news: News::new(chance.per_mille(500)),
            chance,
            weather: Weather::default(),
            queue: MemoryQueue::new(queue),
            requests: Requests::default(),
            latency,
            began: Instant::now(),
            inner: Mutex::new(Inner {
                objects: Objects::default(),
                witness,
                violation: None,
                steps: 0,
            }),
            violated: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The right time.
    pub(crate) fn now(&self) -> Timestamp {
        time_since(self.began)
    }

    /// How long the run has lasted.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Lets one operation take effect. What it breaks is noticed here, after each of them.
    pub(crate) fn step<R>(&self, effect: impl FnOnce(&mut Objects, &mut Witness) -> R) -> R {
        let mut inner = self.lock();
        let Inner {
            objects,
            witness,
            violation,
            steps,
        } = &mut *inner;
        *steps += 1;
        let result = effect(objects, witness);
        if violation.is_none()
            && let Some(found) = witness.take_violation()
        {
            *violation = Some(found);
            self.violated.notify_one();
        }
        result
    }

    /// Looks at what is stored, without a request.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Objects, &Witness) -> R) -> R {
        let inner = self.lock();
        look(&inner.objects, &inner.witness)
    }

    /// How many operations took effect.
    pub(crate) fn steps(&self) -> u64 {
        self.lock().steps
    }

    /// Completes when an invariant is broken.
    pub(crate) async fn violated(&self) -> Violation {
        loop {
            if let Some(violation) = &self.lock().violation {
                return violation.clone();
            }
            self.violated.notified().await;
        }
    }
}
