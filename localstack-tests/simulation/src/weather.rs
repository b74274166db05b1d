//! What goes wrong, how often, and how often it did.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::chance::Chance;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// A process ends before an operation takes effect.
    CrashBefore,
    /// A process ends after it took effect, before it hears of it.
    CrashAfter,
    /// The store or the queue refuses an operation.
    Throttled,
    /// An operation takes effect, and its answer is an error.
    LostAnswer,
    /// An operation takes seconds.
    Slow,
    /// A process stands still for longer than its leases last, and goes on.
    Stall,
    /// A message comes twice.
    Duplicate,
    /// A message comes after those that were sent later.
    Late,
    /// Of a batch of messages only the first are sent.
    HalfSent,
    /// Nobody hears what was announced.
    LostNews,
    /// A process's clock is wrong by minutes.
    Skew,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::Throttled,
        Self::LostAnswer,
        Self::Slow,
        Self::Stall,
        Self::Duplicate,
        Self::Late,
        Self::HalfSent,
        Self::LostNews,
        Self::Skew,
    ];

    /// Its name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrashBefore => "crash before a step",
            Self::CrashAfter => "crash after a step",
            Self::Throttled => "throttled",
            Self::LostAnswer => "lost answer",
            Self::Slow => "slow step",
            Self::Stall => "stalled process",
            Self::Duplicate => "duplicate message",
            Self::Late => "late message",
            Self::HalfSent => "half a batch sent",
            Self::LostNews => "lost announcement",
            Self::Skew => "skewed clock",
        }
    }
}

/// How often each fault happened.
pub type Faults = BTreeMap<Fault, u64>;

/// How likely faults are, in a thousandth of the cases in which they could happen; and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Weather {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rates: BTreeMap<Fault, u32>,
    happened: Faults,
}

impl Weather {
    /// Sets in, as bad as chance wants it: some kinds often, some never.
    pub(crate) fn turn_bad(&self, chance: &Chance) {
        let rate = |fault| {
            let worst = match fault {
                Fault::CrashBefore | Fault::CrashAfter => 8,
                Fault::Stall => 3,
                Fault::Throttled | Fault::LostAnswer | Fault::Slow => 60,
                Fault::Duplicate | Fault::Late | Fault::LostNews => 250,
                Fault::HalfSent => 100,
                Fault::Skew => 500,
            };
            // Each kind is away in a third of the runs.
            let away = chance.below(3) == 0;
            let rate = u32::try_from(chance.below(worst + 1)).unwrap_or(0);
            (fault, if away { 0 } else { rate })
        };
        self.lock().rates = Fault::ALL.into_iter().map(rate).collect();
    }

    /// Nothing goes wrong from now on.
    pub(crate) fn clear_up(&self) {
        self.lock().rates.clear();
    }

    /// Whether a fault happens now.
    pub(crate) fn strikes(&self, fault: Fault, chance: &Chance) -> bool {
        let rate = self.lock().rates.get(&fault).copied().unwrap_or(0);
        let strikes = chance.per_mille(rate);
        if strikes {
            *self.lock().happened.entry(fault).or_default() += 1;
        }
        strikes
    }

    /// What happened so far.
    pub(crate) fn happened(&self) -> Faults {
        self.lock().happened.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
