//! What an environment serves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SiteSettings;
use crate::rollout::{Pin, Rollout};
use crate::{Certname, Digest};

/// How many past changes an environment document keeps.
pub const HISTORY: usize = 50;

/// `environments/<env>.json`: the current release. Written with compare and swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What the current release says of itself in `bunraku.yaml`.
    #[serde(default)]
    pub settings: SiteSettings,
    /// Releases that come in stage by stage, the oldest first: over, going on, waiting. See [`crate::rollout`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollouts: Vec<Rollout>,
    /// Nodes that stay at a release.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<Certname, Pin>,
    /// The highest sequence of rollouts that are forgotten.
    #[serde(default)]
    pub last_sequence: u64,
    /// When the environment was removed, if it is: nobody is served from it. The document stays, so that
    /// no sequence is used twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
}

/// One line of an environment's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseChange {
    /// The sequence that this change began (or confirmed, when the same release was pushed again).
    pub sequence: u64,
    /// The release that came in.
    pub release: Digest,
    /// The upload that brought it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Arrival>,
    /// When.
    pub at: Timestamp,
}

/// One arrival of an upload: an id alone does not tell it from another, since anyone may put a new
/// archive under an old name.
///
/// Arrivals are ordered by the time at which the store took them, then by id: ids of
/// `bunraku push` sort by time, where a store's clock knows whole seconds only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Arrival {
    /// When the store took the upload.
    pub at: Timestamp,
    /// The upload's id.
    pub id: String,
    /// The store's name for the state of the object.
    pub stamp: String,
}

impl EnvironmentDoc {
    /// The document after `release` came in with `upload`, given the one `current` in the store.
    ///
    /// The sequence grows only when the release changes. An upload that is already in the history,
    /// or older than one that is, changes nothing (`None`): neither a late redelivery nor a push
    /// that took longer than the one behind it can bring back an older release. Nor does anything while a rollout
    /// is under way ([`EnvironmentDoc::rollout_under_way`]).
    pub fn advance(
        current: Option<&Self>,
        release: Digest,
        upload: Option<&Arrival>,
        at: Timestamp,
    ) -> Option<Self> {
        let change = |sequence| ReleaseChange {
            sequence,
            release,
            upload: upload.cloned(),
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
                settings: SiteSettings::default(),
                rollouts: Vec::new(),
                pins: BTreeMap::new(),
                last_sequence: 0,
                removed_at: None,
            });
        };
        if current.rollout_under_way().is_some()
            || upload.is_some_and(|upload| {
                current.applied(upload).is_some() || current.supersedes(upload)
            })
        {
            return None;
        }
        let mut next = current.clone();
        if next.removed_at.take().is_some() {
            // What it held may be gone.
            next.history.clear();
            next.previous = None;
            next.release = release;
            next.sequence = current.reached().saturating_add(1);
            next.updated_at = at;
        } else if current.release != release {
            next.release = release;
            next.previous = Some(current.release);
            next.sequence = current.reached().saturating_add(1);
            next.updated_at = at;
        }
        next.history.insert(0, change(next.sequence));
        next.history.truncate(HISTORY);
        next.withdraw(&format!("release {} came in", release.short()), at);
        Some(next)
    }

    /// A release comes in with its settings, at the position that the change names.
    pub(crate) fn become_current(&mut self, change: ReleaseChange, settings: SiteSettings) {
        self.release = change.release;
        self.sequence = change.sequence;
        self.updated_at = change.at;
        self.settings = settings;
        self.history.insert(0, change);
        self.history.truncate(HISTORY);
    }

    /// The same with the settings of its release.
    #[must_use]
    pub fn with_settings(mut self, settings: SiteSettings) -> Self {
        self.settings = settings;
        self
    }

    /// The change that an upload made, when it is in the history.
    pub fn applied(&self, upload: &Arrival) -> Option<&ReleaseChange> {
        self.history
            .iter()
            .find(|change| change.upload.as_ref() == Some(upload))
    }

    /// The release that an upload brought, at once or by a rollout.
    pub fn taken(&self, upload: &Arrival) -> Option<Digest> {
        let applied = self.applied(upload).map(|change| change.release);
        let mut rollouts = self.rollouts.iter();
        let rolled_out = rollouts.find(|rollout| rollout.upload.as_ref() == Some(upload));
        applied.or(rolled_out.map(|rollout| rollout.release))
    }

    /// The same, removed, with its rollouts and pins; `None` when it was removed before.
    #[must_use]
    pub fn removed(&self, at: Timestamp) -> Option<Self> {
        self.removed_at.is_none().then(|| Self {
            removed_at: Some(at),
            last_sequence: self.reached(),
            rollouts: Vec::new(),
            pins: BTreeMap::new(),
            ..self.clone()
        })
    }

    /// Whether an upload that arrived later was taken already, or the environment was removed after it.
    pub fn supersedes(&self, upload: &Arrival) -> bool {
        if self.removed_at.is_some_and(|removed| removed > upload.at) {
            return true;
        }
        let later = |other: &Arrival| (other.at, &other.id) > (upload.at, &upload.id);
        let pushed = self.history.iter().map(|change| &change.upload);
        let rolled_out = self.rollouts.iter().map(|rollout| &rollout.upload);
        pushed.chain(rolled_out).flatten().any(later)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn arrival(id: &str, second: i64) -> Arrival {
        Arrival {
            at: at(second),
            id: id.to_owned(),
            stamp: "s".to_owned(),
        }
    }

    /// The document after a push of `release`, which arrived at `second`.
    fn push(
        current: Option<&EnvironmentDoc>,
        release: &str,
        id: &str,
        second: i64,
    ) -> Option<EnvironmentDoc> {
        let arrival = arrival(id, second);
        EnvironmentDoc::advance(current, Digest::of(release), Some(&arrival), at(second))
    }

    #[test]
    fn the_sequence_grows_with_each_change_and_only_then() {
        let one = push(None, "1", "a", 1).unwrap();
        let same = push(Some(&one), "1", "b", 2).unwrap();
        let two = push(Some(&same), "2", "c", 3).unwrap();
        let back = push(Some(&two), "1", "d", 4).unwrap();
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
    fn neither_a_redelivered_nor_an_overtaken_upload_brings_its_release_back() {
        let one = push(None, "1", "a", 1).unwrap();
        let two = push(Some(&one), "2", "b", 3).unwrap();
        assert_eq!(push(Some(&two), "1", "a", 1), None);
        assert_eq!(push(Some(&two), "3", "slow", 2), None);
        // In the same second ids decide, as those of `bunraku push` grow with time.
        assert_eq!(push(Some(&two), "3", "aa", 3), None);
        assert!(push(Some(&two), "3", "c", 3).is_some());
    }

    #[test]
    fn a_new_archive_under_an_old_name_is_another_upload() {
        let one = push(None, "1", "site", 1).unwrap();
        let other = Arrival {
            stamp: "t".to_owned(),
            ..arrival("site", 1)
        };
        let two = EnvironmentDoc::advance(Some(&one), Digest::of("2"), Some(&other), at(1));
        assert_eq!(two.unwrap().sequence, 2);
    }

    #[test]
    fn a_removed_environment_comes_back_with_a_later_push_and_never_counts_twice() {
        let one = push(None, "1", "a", 1).unwrap();
        let removed = one.removed(at(5)).unwrap();
        assert_eq!(
            (removed.removed(at(6)), removed.removed_at),
            (None, Some(at(5)))
        );
        assert_eq!(push(Some(&removed), "2", "b", 4), None);
        let back = push(Some(&removed), "2", "b", 6).unwrap();
        assert_eq!((back.removed_at, back.sequence), (None, 2));
        assert_eq!((back.previous, back.history.len()), (None, 1));
        // Its nodes are looked at anew, whatever the release.
        assert_eq!(push(Some(&removed), "1", "b", 6).unwrap().sequence, 2);
    }

    #[test]
    fn an_upload_does_not_follow_one_that_arrived_later_and_is_rolled_out() {
        let mut document = push(None, "1", "a", 1).unwrap();
        let rollout = json!({
            "name": "new", "release": Digest::of("2"), "upload": arrival("c", 3),
            "plan": {}, "state": {"is": "undone"}, "settled": true,
        });
        document.rollouts = vec![serde_json::from_value(rollout).unwrap()];
        assert_eq!(push(Some(&document), "3", "b", 2), None);
        assert!(push(Some(&document), "3", "d", 4).is_some());
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
