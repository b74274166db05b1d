//! When garbage was last collected.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `garbage/last.json`: of several processes on one store, one collects garbage when it is time. Written with
/// compare and swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CollectionDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// When the last collection began.
    pub began_at: Timestamp,
}

impl CollectionDoc {
    /// The document to write before a collection begins now; `None` when the last one began less than
    /// `every` ago. One that began in the future was told by a wrong clock, and does not count.
    #[must_use]
    pub fn following(last: Option<&Self>, now: Timestamp, every: Duration) -> Option<Self> {
        let since = last.map(|last| now.duration_since(last.began_at));
        let due = since.is_none_or(|since| {
            Duration::try_from(since).is_ok_and(|since| since >= every) || since.is_negative()
        });
        due.then_some(Self {
            version: super::VERSION,
            began_at: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_due_after_its_time_whoever_did_the_last_one() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let every = Duration::from_secs(100);
        let due = |last: &CollectionDoc, now| CollectionDoc::following(Some(last), at(now), every);
        let first = CollectionDoc::following(None, at(1_000), every).unwrap();
        assert_eq!(due(&first, 1_099), None);
        assert_eq!(
            due(&first, 1_100).map(|next| next.began_at),
            Some(at(1_100))
        );
        assert!(due(&first, 999).is_some());
    }
}
