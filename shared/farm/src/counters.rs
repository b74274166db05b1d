//! What the farm did since its start, as plain counters.
//!
//! One [`Counters`] is shared by all handlers of a process; `bunraku status`, metrics and tests
//! read a [`CountersSnapshot`] of it.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Monotonic counters of one process; adding never blocks.
        #[derive(Debug, Default)]
        pub struct Counters {
            $($(#[$doc])* pub $name: Counter,)*
        }

        /// The counters at one moment.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct CountersSnapshot {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counters {
            /// The values now.
            pub fn snapshot(&self) -> CountersSnapshot {
                CountersSnapshot { $($name: self.$name.get(),)* }
            }
        }
    };
}

counters! {
    /// Uploads accepted: a release was sealed or was already there.
    uploads_accepted,
    /// Uploads refused with diagnostics.
    uploads_refused,
    /// Uploads whose task came again after they had been dealt with.
    uploads_repeated,
    /// Releases swung in as an environment's current one.
    releases_swung,
    /// Plan tasks handled.
    plans,
    /// Compile tasks that plans have put into the queue.
    tasks_planned,
    /// Catalogs compiled (evaluator ran to its end).
    compiles,
    /// Compiles that ended with an error of the code.
    compiles_failed,
    /// Pointers brought to a release because the trace still held: no compile.
    catalogs_verified,
    /// Compile tasks that found the pointer ahead of them.
    compiles_skipped,
    /// Catalogs that the edge served from the store without waiting for a compile.
    catalogs_served,
    /// Catalog requests that waited for the `urgent` lane.
    catalogs_waited,
    /// Requests that the edge refused with 503.
    requests_shed,
    /// Facts documents stored.
    facts_stored,
    /// Reports stored.
    reports_stored,
}

/// One counter.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds `count`.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// The value now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_shows_what_was_counted() {
        let counters = Counters::default();
        counters.compiles.increment();
        counters.tasks_planned.add(200);
        let snapshot = counters.snapshot();
        assert_eq!(
            (snapshot.compiles, snapshot.tasks_planned, snapshot.plans),
            (1, 200, 0)
        );
    }
}
