//! A node must not run for ever: each run may change a fact that its next catalog is compiled from.

use std::time::Duration;

/// A catalog of the same release that is told so soon after a run may be that run's own doing.
const SOON: Duration = Duration::from_secs(10);
/// The pause before the third run in a row of which that is so; doubled after each.
const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// Longest of these: how often agents run by themselves.
const LONGEST_PAUSE: Duration = Duration::from_secs(1800);

/// Says how long to wait before a run. Times count from any one moment on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Damper {
    ended: Option<Duration>,
    sequence: u64,
    in_a_row: u32,
    not_before: Option<Duration>,
}

impl Damper {
    /// A run ended.
    pub(super) fn ran(&mut self, now: Duration) {
        self.ended = Some(now);
    }

    /// A new catalog is told, for the environment's `sequence`: how long to wait with the run. Whoever waited asks
    /// again then. What a push brings never waits.
    pub(super) fn wait(&mut self, now: Duration, sequence: u64) -> Duration {
        if sequence != self.sequence {
            self.sequence = sequence;
            self.ended = None;
            self.not_before = None;
        }
        if self.not_before.is_none() {
            let ended = self
                .ended
                .filter(|ended| now.saturating_sub(*ended) <= SOON);
            self.in_a_row = ended.map_or(0, |_| self.in_a_row.saturating_add(1));
            self.not_before = ended.map(|ended| ended.saturating_add(self.pause()));
        }
        let wait = self.not_before.unwrap_or_default().saturating_sub(now);
        if wait.is_zero() {
            self.not_before = None;
        }
        wait
    }

    fn pause(&self) -> Duration {
        match self.in_a_row {
            // What came while the command ran: one more run at once.
            0 | 1 => Duration::ZERO,
            more => {
                let factor = 1_u32.checked_shl(more - 2).unwrap_or(u32::MAX);
                FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn one_more_run_is_made_at_once_and_a_loop_slows_down() {
        let mut damper = Damper::default();
        let mut now = at(0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = damper.wait(now, 1);
            waits.push(wait.as_secs());
            if !wait.is_zero() {
                assert_eq!(damper.wait(now, 1), wait);
                now += wait;
                assert_eq!(damper.wait(now, 1), Duration::ZERO);
            }
            damper.ran(now);
        }
        assert_eq!(waits[..5], [0, 0, 30, 60, 120]);
        assert_eq!(waits.last(), Some(&1800));
    }

    #[test]
    fn news_after_a_while_are_no_loop() {
        let mut damper = Damper::default();
        for minute in 0..100 {
            assert_eq!(damper.wait(at(minute * 60), 1), Duration::ZERO);
            damper.ran(at(minute * 60 + 30));
        }
    }

    #[test]
    fn pushes_never_wait() {
        let mut damper = Damper::default();
        for sequence in 0..10 {
            assert_eq!(damper.wait(at(sequence), sequence), Duration::ZERO);
            damper.ran(at(sequence));
        }
    }
}
