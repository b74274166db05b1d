//! How long a function may work before it has to answer.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// No function on Lambda runs longer.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Bounds of the time kept back for giving messages back and for the answer.
const MARGIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Until when an invocation's messages may be worked on. Cheap to copy.
///
/// It lies before the function's timeout, so that there is time left to give back what was not done.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    work: Duration,
    work_ends: Instant,
    answer_due: Instant,
    timeout: Duration,
}

/// The error of a handler that stops because its work does not fit into the time that is left: the
/// message is given back at once, for an invocation that has more time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("would not end before the function's timeout of {} s", timeout.as_secs())]
pub struct WouldOverrun {
    timeout: Duration,
}

impl Deadline {
    /// The deadline of an invocation that starts now and is ended by Lambda at `ends_at`.
    pub(crate) fn of_invocation(ends_at: SystemTime) -> Self {
        Self::after(
            ends_at
                .duration_since(SystemTime::now())
                .unwrap_or_default(),
        )
    }

    /// The deadline of a function that is ended `left` from now.
    pub fn after(left: Duration) -> Self {
        let left = left.min(LONGEST);
        let margin = (left / 10).clamp(MARGIN.0, MARGIN.1);
        let (work, now) = (left.saturating_sub(margin), Instant::now());
        Self {
            work,
            work_ends: now + work,
            answer_due: now + left.saturating_sub(margin / 4),
            // Part of the first second is gone when the function learns of its deadline.
            timeout: Duration::from_secs(left.as_millis().div_ceil(1000) as u64),
        }
    }

    /// The time that is left for work.
    pub fn left(&self) -> Duration {
        self.work_ends.saturating_duration_since(Instant::now())
    }

    /// Refuses work that takes `needed` when it does not fit into the time that is left but would fit
    /// into a new invocation. Work that fits into none is tried: it may be faster this time.
    ///
    /// # Errors
    /// [`WouldOverrun`], which a handler passes on.
    pub fn check(&self, needed: Duration) -> Result<(), WouldOverrun> {
        match needed > self.left() && needed <= self.work {
            true => Err(self.overrun()),
            false => Ok(()),
        }
    }

    pub(crate) fn overrun(&self) -> WouldOverrun {
        WouldOverrun {
            timeout: self.timeout,
        }
    }

    /// When work is cut off.
    pub(crate) const fn work_ends(&self) -> Instant {
        self.work_ends
    }

    /// When nothing more may be waited for but the answer's own way.
    pub(crate) const fn answer_due(&self) -> Instant {
        self.answer_due
    }

    /// The function's timeout, in whole seconds.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tenth_is_kept_back_within_bounds() {
        for (timeout, work) in [(1_000, 800), (30_000, 27_000), (600_000, 595_000), (100, 0)] {
            let deadline = Deadline::after(Duration::from_millis(timeout));
            assert_eq!(deadline.left().as_millis(), work, "{timeout} ms");
        }
        assert_eq!(Deadline::after(Duration::MAX).timeout(), LONGEST);
    }

    #[tokio::test]
    async fn an_invocation_that_is_over_leaves_no_time() {
        assert!(
            Deadline::of_invocation(SystemTime::UNIX_EPOCH)
                .left()
                .is_zero()
        );
        let soon = SystemTime::now() + Duration::from_millis(9_990);
        assert_eq!(Deadline::of_invocation(soon).timeout().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn what_would_fit_into_a_new_invocation_only_is_refused() {
        let deadline = Deadline::after(Duration::from_secs(20));
        let seconds = Duration::from_secs;
        assert_eq!(deadline.check(seconds(17)), Ok(()));
        tokio::time::advance(seconds(10)).await;
        assert_eq!(deadline.left(), seconds(8));
        assert_eq!(deadline.check(seconds(7)), Ok(()));
        let refused = deadline.check(seconds(17)).unwrap_err().to_string();
        assert_eq!(
            refused,
            "would not end before the function's timeout of 20 s"
        );
        assert_eq!(deadline.check(seconds(60)), Ok(()), "nowhere does it fit");
    }
}
