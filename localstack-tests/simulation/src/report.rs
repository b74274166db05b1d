//! What a run was like.

use std::time::Duration;

use bunraku_farm::{Counters, CountersSnapshot};

use crate::bill::RequestCounts;
use crate::scenario::Scenario;
use crate::weather::Faults;
use crate::witness::Waits;
use crate::world::World;

/// What happened in a run that broke nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How long the fleet lived, its settling included.
    pub lived: Duration,
    /// Operations of the store that took effect.
    pub steps: u64,
    /// Faults, by kind.
    pub faults: Faults,
    /// Requests, by kind.
    pub requests: RequestCounts,
    /// What the farm counted.
    pub counters: CountersSnapshot,
    /// The longest that messages waited, by their queue.
    pub waits: Waits,
}

impl Report {
    pub(crate) fn of(scenario: &Scenario, world: &World, counters: &Counters) -> Self {
        Self {
            lived: world.elapsed().max(scenario.duration()),
            steps: world.steps(),
            faults: world.weather.happened(),
            requests: world.requests.counts(),
            counters: counters.snapshot(),
            waits: world.look(|_, witness| witness.waits()),
        }
    }
}
