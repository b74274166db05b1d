//! What the store's immutable objects are kept for, and how long after nobody names them.
//!
//! Blobs, releases, catalogs and parts of the pool are written once and never changed; documents name
//! them. A collection *marks*: it reads every document and notes what it names ([`of_environment`],
//! [`of_pointer`]). Then it *sweeps*: what is not marked and was last written longer ago than the
//! [`Grace`] goes.
//!
//! Others go on meanwhile, and one of them may come to name again what nobody named: the same code or
//! the same catalog comes back, its object is found in the store, and is not written. So whoever finds
//! an object there that was last written longer ago than half the grace writes it again
//! ([`Grace::wants_renewal`]), and the sweep removes just the writing that it looked at.
//!
//! **Nothing is removed that is named.** Let a removal happen at `d`, in a collection that began to mark at
//! `m`; it ends [`Grace::run`] after that at the latest. Say that a document names the object at `d`, and has
//! done so since `c`. If `c < m`, the mark has seen it. If not, whoever wrote the document at `c` had
//! found or put the object at `p`, not long before `c` ([`Grace::handling`] at most). Either it was
//! renewed then, and was last written at `p` or later; or it had been written less than half the grace
//! before `p`. Both are less than half the grace and `run` and `handling` before `d`: the object is
//! younger than the grace, and was left. Clocks may differ by [`Grace::skew`]. What a worker takes over
//! from a pointer without asking for it, a catalog that is the same as before, is named without
//! interruption: it is written by compare and swap, and decided anew when the pointer was moved.
//!
//! An environment that was removed keeps its releases for the grace. Then its nodes' pointers go, and what
//! only they named goes in the next collection: a push that brings the environment back meanwhile
//! finds pointers whose catalogs are there. Its history begins anew.

use std::time::Duration;

use jiff::Timestamp;

use crate::Digest;
use crate::documents::{EnvironmentDoc, Pointer};

/// How long objects are kept that nobody names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grace(Duration);

impl Default for Grace {
    /// A day.
    fn default() -> Self {
        Self(Duration::from_secs(24 * 3600))
    }
}

impl Grace {
    /// Another one; for simulations, whose days are short.
    #[must_use]
    pub const fn of(duration: Duration) -> Self {
        Self(duration)
    }

    /// How long it is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Whether what was last `written` then, and is not named, may go now.
    #[must_use]
    pub fn is_over(self, written: Timestamp, now: Timestamp) -> bool {
        age(written, now) >= self.0
    }

    /// Whether who is about to name an object that was last `written` then has to write it again.
    #[must_use]
    pub fn wants_renewal(self, written: Timestamp, now: Timestamp) -> bool {
        age(written, now) >= self.0 / 2
    }

    /// No collection lasts longer from its first look at a document: 6 hours of a day.
    #[must_use]
    pub fn run(self) -> Duration {
        self.0 / 4
    }

    /// No message is handled longer, from the first object put to the document that names it: 3 hours of
    /// a day.
    #[must_use]
    pub fn handling(self) -> Duration {
        self.0 / 8
    }

    /// Clocks may differ by this, those of the machines and that of the store: nearly 3 hours of a day.
    #[must_use]
    pub fn skew(self) -> Duration {
        self.0 / 9
    }
}

/// The time between two moments; none when the first clock was ahead.
fn age(written: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(written)).unwrap_or(Duration::ZERO)
}

/// The releases that an environment keeps: the current one, the one before, those of its history, so
/// that each can be gone back to, those of its rollouts, and those that nodes are pinned to. Of an environment that was
/// removed, these, until the grace is over.
pub fn of_environment(
    document: &EnvironmentDoc,
    grace: Grace,
    now: Timestamp,
) -> impl Iterator<Item = Digest> {
    let gone = document
        .removed_at
        .is_some_and(|removed| grace.is_over(removed, now));
    let history = document.history.iter().map(|change| change.release);
    let releases = document.releases_in_use().into_iter().chain(history);
    releases.filter(move |_| !gone)
}

/// What a node's pointer keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfPointer {
    /// The catalog's rich form.
    pub catalog: Option<Digest>,
    /// Its plain form.
    pub plain: Option<Digest>,
    /// The release that it holds for, whose files its agent fetches; the environment may be further by far.
    pub release: Option<Digest>,
}

impl OfPointer {
    /// The catalogs.
    pub fn catalogs(self) -> impl Iterator<Item = Digest> {
        [self.catalog, self.plain].into_iter().flatten()
    }
}

/// What a node's pointer keeps, and the one aside while a rollout goes on.
pub fn of_pointer(pointer: &Pointer) -> impl Iterator<Item = OfPointer> + use<> {
    let both = [Some(pointer), pointer.aside.as_deref()];
    both.map(|pointer| {
        pointer.map(|pointer| OfPointer {
            catalog: pointer.catalog.map(|catalog| catalog.digest),
            plain: pointer.catalog.and_then(|catalog| catalog.plain_digest),
            release: pointer.release,
        })
    })
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_environment_keeps_what_can_be_gone_back_to_and_for_a_day_after_its_removal() {
        let mut document = None;
        for release in ["1", "2", "3"] {
            document = EnvironmentDoc::advance(document.as_ref(), Digest::of(release), None, at(0));
        }
        let mut document = document.unwrap();
        let kept = |document: &EnvironmentDoc, now| -> std::collections::BTreeSet<Digest> {
            of_environment(document, Grace::default(), at(now)).collect()
        };
        assert_eq!(
            kept(&document, 1 << 32),
            ["1", "2", "3"].map(Digest::of).into()
        );
        document.removed_at = Some(at(100));
        assert_eq!(kept(&document, 100 + 86_399).len(), 3);
        assert_eq!(kept(&document, 100 + 86_400).len(), 0);
    }

    proptest! {
        /// The argument above, with all times drawn: the object's last writing, when it was found, named,
        /// marked and to be removed, and how wrong the finder's and the sweeper's clocks are.
        #[test]
        fn what_is_named_again_is_never_old_enough_to_go(
            written in 0i64..200_000, found in 0i64..400_000, handled in 0i64..10_800,
            swept in 0i64..21_600, marked in 0i64..10_800, skews in [0i64..4_800, 0i64..4_800],
        ) {
            let grace = Grace::default();
            let (written, found) = (written.min(found), found);
            let named = found + handled;
            // Named after the mark had seen its document, and not later than the removal.
            let mark = named - marked.min(handled);
            let removal = (mark + swept).max(named);
            prop_assume!(removal - mark <= grace.run().as_secs() as i64);
            let renewed = grace.wants_renewal(at(written), at(found - skews[0]));
            let last = if renewed { found } else { written };
            prop_assert!(!grace.is_over(at(last), at(removal + skews[1])));
        }
    }
}
