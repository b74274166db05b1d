//! What a run is of: everything else follows from it.

use std::fmt;
use std::time::Duration;

use crate::chance::Chance;

/// One run. All of it can be said on the command line, so that a failure can be had again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Where all chance comes from.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: usize,
    /// How long the fleet lives before the weather clears up, in minutes.
    pub minutes: u64,
    /// Whether anything goes wrong.
    pub faults: bool,
    /// Whether the farm's own compiler is used, and not the stand-in.
    pub native: bool,
    /// Whether releases come stage by stage, too, nodes are pinned and catalogs are published.
    pub staged: bool,
}

impl Scenario {
    /// A minute of a small fleet; which, depends on the seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let chance = Chance::new(seed ^ 0x5eed);
        // One of twenty compiles truly, and one of ten has good weather.
        let native = seed % 20 == 7;
        let nodes = 1 + chance.below(if native { 6 } else { 40 });
        let staged = chance.per_mille(500);
        Self {
            seed,
            nodes: if staged { nodes.div_ceil(2) } else { nodes },
            minutes: 1,
            faults: seed % 10 != 3,
            native,
            staged,
        }
    }

    /// How long the fleet lives.
    #[must_use]
    pub const fn duration(&self) -> Duration {
        Duration::from_secs(self.minutes * 60)
    }
}

impl fmt::Display for Scenario {
    /// The command that repeats the run.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            nodes,
            minutes,
            faults,
            native,
            staged,
        } = self;
        write!(
            f,
            "cargo run -p bunraku-simulation -- --seed {seed} --nodes {nodes} --minutes {minutes}"
        )?;
        if !faults {
            f.write_str(" --calm")?;
        }
        if *native {
            f.write_str(" --native")?;
        }
        if *staged {
            f.write_str(" --staged")?;
        }
        Ok(())
    }
}
