//! What an edge is told of nodes that watch for their catalogs, alone or as part of a whole farm.

use std::time::Duration;

use bunraku_edge::EdgeConfig;
use clap::Args;

/// Limits of watching nodes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Watching {
    /// How many watching nodes may run at once after a push; the others get their turn when these
    /// are done, those first that the site's `priorities:` call urgent. Each edge counts its own.
    #[arg(
        long,
        value_name = "N",
        env = "BUNRAKU_RUNS_AT_ONCE",
        default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    runs_at_once: u32,
    /// When a node that was told to run, and was not heard of since, no longer counts.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "BUNRAKU_LONGEST_RUN",
        default_value_t = 600,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    longest_run: u64,
    /// How many nodes may watch.
    #[arg(
        long,
        value_name = "N",
        env = "BUNRAKU_MAX_WATCHERS",
        default_value_t = 10_000
    )]
    max_watchers: u32,
}

impl Watching {
    /// The same settings of an edge with these limits.
    pub(crate) fn limit(&self, config: EdgeConfig) -> EdgeConfig {
        let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        EdgeConfig {
            runs_at_once: count(self.runs_at_once),
            longest_run: Duration::from_secs(self.longest_run),
            max_watchers: count(self.max_watchers),
            ..config
        }
    }
}
