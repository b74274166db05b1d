//! What an environment serves.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Digest;

/// How many past changes an environment document keeps.
pub const HISTORY: usize = 50;

/// `environments/<env>.json`: the current release. Written with compare and swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The release that nodes are to be brought to.
    pub release: Digest,
    /// The release before it.
    #[serde(default)]
    pub previous: Option<Digest>,
    /// Grows by one with each change of `release`, also when an older release comes back. A
    /// pointer names the sequence it was made for, and never goes to a smaller one.
    pub sequence: u64,
    /// When `release` last changed.
    pub updated_at: Timestamp,
    /// The last changes, newest first, at most [`HISTORY`].
    #[serde(default)]
    pub history: Vec<ReleaseChange>,
    /// The environment's settings (engine, rollout...), by name.
    #[serde(default)]
    pub settings: Map<String, Value>,
}

/// One line of an environment's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseChange {
    /// The sequence that this change began (or confirmed, when the same release was pushed again).
    pub sequence: u64,
    /// The release that came in.
    pub release: Digest,
    /// The upload that brought it, if one did: how a redelivered upload knows that it is done.
    #[serde(default)]
    pub upload: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl EnvironmentDoc {
    /// The document after `release` came in with `upload`, given the one `current` in the store.
    ///
    /// The sequence grows only when the release changes; an upload that is already in the history
    /// changes nothing (`None`), so that a late redelivery can't bring back an older release.
    pub fn advance(
        current: Option<&Self>,
        release: Digest,
        upload: Option<&str>,
        at: Timestamp,
    ) -> Option<Self> {
        let change = |sequence| ReleaseChange {
            sequence,
            release,
            upload: upload.map(str::to_owned),
            at,
        };
        let Some(current) = current else {
            return Some(Self {
                version: super::VERSION,
                release,
                previous: None,
                sequence: 1,
                updated_at: at,
                history: vec![change(1)],
                settings: Map::new(),
            });
        };
        if upload.is_some_and(|id| current.applied(id).is_some()) {
            return None;
        }
        let mut next = current.clone();
        if current.release != release {
            next.release = release;
            next.previous = Some(current.release);
            next.sequence = current.sequence.saturating_add(1);
            next.updated_at = at;
        }
        next.history.insert(0, change(next.sequence));
        next.history.truncate(HISTORY);
        Some(next)
    }

    /// The change that the upload `id` made, when it is in the history.
    pub fn applied(&self, id: &str) -> Option<&ReleaseChange> {
        self.history
            .iter()
            .find(|change| change.upload.as_deref() == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_sequence_grows_with_each_change_and_only_then() {
        let one = EnvironmentDoc::advance(None, Digest::of("1"), Some("a"), at(1)).unwrap();
        let same = EnvironmentDoc::advance(Some(&one), Digest::of("1"), Some("b"), at(2)).unwrap();
        let two = EnvironmentDoc::advance(Some(&same), Digest::of("2"), Some("c"), at(3)).unwrap();
        let back = EnvironmentDoc::advance(Some(&two), Digest::of("1"), Some("d"), at(4)).unwrap();
        assert_eq!(
            [one.sequence, same.sequence, two.sequence, back.sequence],
            [1, 1, 2, 3]
        );
        assert_eq!(
            (same.updated_at, two.previous),
            (at(1), Some(Digest::of("1")))
        );
        assert_eq!(back.history.len(), 4);
    }

    #[test]
    fn a_redelivered_upload_does_not_bring_its_release_back() {
        let one = EnvironmentDoc::advance(None, Digest::of("1"), Some("a"), at(1)).unwrap();
        let two = EnvironmentDoc::advance(Some(&one), Digest::of("2"), Some("b"), at(2)).unwrap();
        assert_eq!(
            EnvironmentDoc::advance(Some(&two), Digest::of("1"), Some("a"), at(3)),
            None
        );
    }

    #[test]
    fn the_history_is_bounded() {
        let mut doc = None;
        for n in 0..(HISTORY as i64 + 20) {
            doc = EnvironmentDoc::advance(doc.as_ref(), Digest::of(n.to_string()), None, at(n));
        }
        assert_eq!(doc.unwrap().history.len(), HISTORY);
    }
}
