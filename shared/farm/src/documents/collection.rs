//! When garbage was last collected.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a collection is due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// So long after the last one began.
    pub every: Duration,
    /// So long after it began if it did not come to its end: it was cut short, or killed.
    pub patience: Duration,
}

/// `garbage/last.json`: of several processes on one store, one collects garbage when it is time. Written with
/// compare and swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CollectionDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// When the last collection began.
    pub began_at: Timestamp,
    /// When it came to its end; absent of one that goes on, or did not come so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl CollectionDoc {
    /// The document to write before a collection begins now; `None` when it is not its turn. One that began in the future
    /// was told by a wrong clock, and does not count.
    #[must_use]
    pub fn following(last: Option<&Self>, now: Timestamp, turn: Turn) -> Option<Self> {
        let is_due = |last: &Self| {
            let wait = match last.ended_at {
                Some(_) => turn.every,
                None => turn.every.min(turn.patience),
            };
            let since = now.duration_since(last.began_at);
            since.is_negative() || Duration::try_from(since).is_ok_and(|since| since >= wait)
        };
        last.is_none_or(is_due).then_some(Self {
            version: super::VERSION,
            began_at: now,
            ended_at: None,
        })
    }

    /// The same when the collection that it tells of came to its end.
    #[must_use]
    pub fn ended(self, now: Timestamp) -> Self {
        Self {
            ended_at: Some(now),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Turn = Turn {
        every: Duration::from_secs(100),
        patience: Duration::from_secs(10),
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn due(last: &CollectionDoc, now: i64) -> Option<Timestamp> {
        CollectionDoc::following(Some(last), at(now), TURN).map(|next| next.began_at)
    }

    #[test]
    fn a_collection_is_due_after_its_time_whoever_did_the_last_one() {
        let first = CollectionDoc::following(None, at(1_000), TURN).unwrap();
        let first = first.ended(at(1_005));
        assert_eq!(due(&first, 1_099), None);
        assert_eq!(due(&first, 1_100), Some(at(1_100)));
        assert!(due(&first, 999).is_some());
    }

    #[test]
    fn one_that_did_not_come_to_its_end_is_begun_again_sooner() {
        let killed = CollectionDoc::following(None, at(1_000), TURN).unwrap();
        assert_eq!(due(&killed, 1_009), None);
        assert_eq!(due(&killed, 1_010), Some(at(1_010)));
    }
}
