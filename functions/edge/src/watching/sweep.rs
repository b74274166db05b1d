//! When to look at pointers without having been told: other processes write, and what they tell may get lost.

use std::time::Duration;

/// The pause after a first look for nodes that a release has not reached; it grows as long as it does not.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest of these.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often all are looked at where new pointers of other processes are not told.
const ALL: Duration = Duration::from_secs(60);
/// The same where they are: a look costs a request.
const ANNOUNCED_ALL: Duration = Duration::from_secs(1800);

/// The looks at an environment's nodes. Times count from any one moment on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep {
    sequence: u64,
    pause: Duration,
    lagging_at: Duration,
    all_at: Duration,
}

/// Whom to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those who were not seen at this sequence.
    Lagging(u64),
    /// All.
    All,
}

impl Sweep {
    /// Of an environment that is first watched `now`. Who came was looked at; the release may be newer than that look.
    pub(super) fn new(sequence: u64, now: Duration) -> Self {
        Self {
            sequence,
            pause: FIRST_PAUSE,
            lagging_at: now,
            all_at: now + ALL,
        }
    }

    /// Whether this is another sequence of the environment than it had.
    pub(super) fn is_new(&self, sequence: u64) -> bool {
        sequence != self.sequence
    }

    /// What to look at `now`, with the environment at `sequence`.
    pub(super) fn due(&mut self, sequence: u64, now: Duration, announced: bool) -> Option<Extent> {
        if self.is_new(sequence) {
            self.sequence = sequence;
            self.pause = FIRST_PAUSE;
            self.lagging_at = now;
        }
        if now >= self.all_at {
            self.all_at = now + if announced { ANNOUNCED_ALL } else { ALL };
            return Some(Extent::All);
        }
        if now < self.lagging_at {
            return None;
        }
        self.lagging_at = now + self.pause;
        self.pause = (self.pause + self.pause / 4).min(LONGEST_PAUSE);
        Some(Extent::Lagging(sequence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_release_is_followed_at_once_and_then_ever_less_often() {
        let mut sweep = Sweep::new(1, at(0));
        assert_eq!(sweep.due(1, at(0), false), Some(Extent::Lagging(1)));
        assert_eq!(sweep.due(1, at(0), false), None);
        assert_eq!(sweep.due(2, at(0), false), Some(Extent::Lagging(2)));
        let looks = (1..60).filter(|&now| sweep.due(2, at(now), false).is_some());
        let looks: Vec<u64> = looks.collect();
        assert_eq!(looks.first(), Some(&1));
        let pauses: Vec<u64> = looks.windows(2).map(|two| two[1] - two[0]).collect();
        assert!(pauses.is_sorted() && pauses.len() > 5, "{pauses:?}");
    }

    #[test]
    fn all_are_looked_at_now_and_then_and_less_often_where_they_are_told() {
        let mut sweep = Sweep::new(1, at(0));
        assert_eq!(sweep.due(1, at(60), true), Some(Extent::All));
        let next = (61..4000).find(|&now| sweep.due(1, at(now), true) == Some(Extent::All));
        assert_eq!(next, Some(1860));
    }
}
