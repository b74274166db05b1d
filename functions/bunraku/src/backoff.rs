//! Waits between tries: ever longer, and drawn by chance, so that thousands who failed together don't come together.

use std::time::Duration;

/// Exponential back-off with full jitter: each wait is drawn from zero to a bound that doubles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    /// Waits of `first` at most, then twice that, up to `longest`.
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            tries: 0,
        }
    }

    /// All is well: the next wait is a short one.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }

    /// How long to wait now. `least` is what the other side asked for; the draw comes on top of it.
    pub(crate) fn next(&mut self, least: Option<Duration>) -> Duration {
        let wait = jitter(self.bound());
        self.tries = self.tries.saturating_add(1);
        least.unwrap_or_default().saturating_add(wait)
    }

    fn bound(&self) -> Duration {
        let factor = 1_u32.checked_shl(self.tries).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

/// Somewhere between nothing and `bound`.
pub(crate) fn jitter(bound: Duration) -> Duration {
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn bounds_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new(SECOND, SECOND * 10);
        let mut bounds = Vec::new();
        for _ in 0..40 {
            bounds.push(backoff.bound().as_secs());
            assert!(backoff.next(None) <= SECOND * 10);
        }
        assert_eq!(bounds[..6], [1, 2, 4, 8, 10, 10]);
        assert_eq!(bounds.last(), Some(&10));
        backoff.reset();
        assert_eq!(backoff.bound(), SECOND);
    }

    #[test]
    fn what_the_other_side_asks_for_is_waited_at_least() {
        let mut backoff = Backoff::new(SECOND, SECOND);
        let wait = backoff.next(Some(SECOND * 30));
        assert!((SECOND * 30..=SECOND * 31).contains(&wait));
    }
}
