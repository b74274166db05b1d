//! All chance of a run, from one seed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Draws the same for the same seed, in the order in which it is asked.
#[derive(Debug)]
pub(crate) struct Chance(Mutex<fastrand::Rng>);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    fn draw<R>(&self, draw: impl FnOnce(&mut fastrand::Rng) -> R) -> R {
        draw(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// True in so many of a thousand cases.
    pub(crate) fn per_mille(&self, cases: u32) -> bool {
        cases > 0 && self.draw(|rng| rng.u32(0..1000)) < cases
    }

    /// A number below `bound`; 0 when that is 0.
    pub(crate) fn below(&self, bound: usize) -> usize {
        self.draw(|rng| rng.usize(0..bound.max(1)))
    }

    /// A number from `low` to `high`.
    pub(crate) fn between(&self, low: u64, high: u64) -> u64 {
        self.draw(|rng| rng.u64(low..=high.max(low)))
    }

    /// A time from `low` to `high` milliseconds.
    pub(crate) fn milliseconds(&self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }
}
