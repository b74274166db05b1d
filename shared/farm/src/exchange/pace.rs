//! When to gather, and when to compile a collector again: at once at first, then with patience.

use std::time::Duration;

use jiff::Timestamp;

/// The first pause between two gatherings; each one in a streak is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// No pause is longer: a gathering waits on the plans' queue, where pushes must get through.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// After so long a quiet a streak is over.
const QUIET: Duration = Duration::from_secs(10);
/// A collector is compiled so many times in a row without delay: enough for a chain of exporters
/// that collect from one another.
const ROUNDS: u32 = 16;
/// The longest delay of a collector that never comes to rest: agents run every half hour.
const LONGEST_DELAY: Duration = Duration::from_secs(1800);

/// How long to wait before gathering. The first change after a quiet is gathered at once; while many
/// nodes change together, those that change within the pause are gathered together: in `t` seconds
/// that is 4 + t / 2 times at most. Clocks that differ make a pause longer or shorter, never longer
/// than two seconds.
pub fn pause(gathered_at: Timestamp, streak: u32, now: Timestamp) -> Duration {
    let pause = FIRST_PAUSE
        .saturating_mul(1 << streak.min(8))
        .min(LONGEST_PAUSE);
    if streak == 0 {
        return Duration::ZERO;
    }
    pause.saturating_sub(since(gathered_at, now)).min(pause)
}

/// The streak after a gathering that found something new.
pub fn streak(gathered_at: Timestamp, streak: u32, now: Timestamp) -> u32 {
    if since(gathered_at, now) > QUIET {
        1
    } else {
        streak.saturating_add(1)
    }
}

/// How much longer a collector waits that was compiled `rounds` times in a row, the last time `at`, since
/// others changed what they export; `None`: it is its turn. Nodes that change each other without end
/// (one exports what the other collects, and the other way round, and it never becomes the same) are
/// compiled ever more seldom, at last as often as agents run.
pub fn postponed(rounds: u32, at: Timestamp, now: Timestamp) -> Option<Duration> {
    let over = rounds.checked_sub(ROUNDS)?;
    let delay = Duration::from_secs(1 << over.min(11)).min(LONGEST_DELAY);
    let left = delay.saturating_sub(since(at, now));
    (!left.is_zero()).then_some(left)
}

/// The time between two moments; zero when the clock that told the first was ahead.
fn since(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn the_first_change_waits_for_nothing_and_a_crowd_is_gathered_in_few_steps() {
        // Someone changes something every 10 milliseconds, for 30 seconds.
        let (mut gathered_at, mut current, mut times, mut now) = (at(0), 0, 0, 1_000_000);
        let end = now + 30_000;
        let mut first = None;
        while now < end {
            let waited = pause(gathered_at, current, at(now));
            first.get_or_insert(waited);
            now += i64::try_from(waited.as_millis()).unwrap();
            current = streak(gathered_at, current, at(now));
            gathered_at = at(now);
            times += 1;
            now += 10;
        }
        assert_eq!(first, Some(Duration::ZERO));
        assert!(times <= 4 + 15 + 1, "{times}");
        // After a quiet there is no pause any more.
        assert_eq!(
            pause(gathered_at, current, at(now + 60_000)),
            Duration::ZERO
        );
        assert_eq!(streak(gathered_at, current, at(now + 60_000)), 1);
    }

    #[test]
    fn a_clock_that_is_wrong_delays_by_one_pause_at_most() {
        for now in [0, i64::from(u32::MAX)] {
            assert!(pause(at(1_000_000), 30, at(now)) <= LONGEST_PAUSE);
            assert!(postponed(40, at(1_000_000), at(now)).unwrap_or_default() <= LONGEST_DELAY);
        }
    }

    #[test]
    fn a_collector_is_never_delayed_at_first_and_at_last_by_half_an_hour() {
        assert!((0..ROUNDS).all(|rounds| postponed(rounds, at(0), at(0)).is_none()));
        let delay = |rounds| postponed(rounds, at(0), at(0)).unwrap().as_secs();
        assert_eq!(
            [delay(16), delay(17), delay(20), delay(1000)],
            [1, 2, 16, 1800]
        );
        assert_eq!(postponed(16, at(0), at(1000)), None);
    }
}
