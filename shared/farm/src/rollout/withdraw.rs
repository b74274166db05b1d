//! Rollouts that wait and can't come in as they were made.
//!
//! A release that changes the published catalogs has its code from the release before, and one of code has its
//! published catalogs from there. When that release is taken back, what was made from it would bring a part of it in
//! again.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::advance::FARM;
use super::document::RolloutState;
use crate::Digest;
use crate::documents::EnvironmentDoc;

impl EnvironmentDoc {
    /// Ends the rollouts that wait and were made from a release that will not be there when their turn comes: neither the
    /// nodes' nor that of a rollout before them. Gives their names; `why` says in their logs what happened.
    pub(crate) fn withdraw(&mut self, why: &str, at: Timestamp) -> Vec<String> {
        let mut coming = BTreeSet::from([self.release]);
        let mut withdrawn = Vec::new();
        for rollout in &mut self.rollouts {
            let lost = |made_from: &Digest| !coming.contains(made_from);
            let waits = matches!(rollout.state, RolloutState::Queued { .. });
            if let Some(made_from) = rollout.made_from.filter(lost).filter(|_| waits) {
                rollout.state = RolloutState::Aborted;
                rollout.settled = true;
                let what = format!(
                    "ended: it was made from release {}, which does not come: {why}. Ask for it again",
                    made_from.short()
                );
                rollout.note(at, FARM, what);
                withdrawn.push(rollout.name.clone());
            }
            if !rollout.state.is_over() {
                coming.insert(rollout.release);
            }
        }
        withdrawn
    }
}
