//! The release that a node is to have now.

use super::{NewNodes, Rollout};
use crate::documents::{EnvironmentDoc, Pointer};
use crate::{Certname, Digest};

/// The release that a node is to have, and the position that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aim {
    /// The release.
    pub release: Digest,
    /// The sequence. Never smaller than that of the node's pointer, but by a document that is older than it.
    pub sequence: u64,
    /// Whether the node may be brought to another release and back without a push: the catalog that it leaves is to
    /// be kept at hand.
    pub keeps_former: bool,
}

impl EnvironmentDoc {
    /// The release that a node is to have now: the one answer for whoever serves, compiles, counts and tells.
    ///
    /// A pin comes first. A node is at a rollout's release once its stage is open, and stays there: what has come to a
    /// node does not leave it unless a person says so. Who is in no stage (it came later) is in with the last one, or
    /// with the first if the plan says so and nothing was ever compiled for it.
    pub fn aim(&self, certname: &Certname, pointer: Option<&Pointer>) -> Aim {
        let (release, sequence) = match self.rollout() {
            Some(rollout) if has(rollout, pointer) => (rollout.release, rollout.sequence),
            _ => (self.release, self.sequence),
        };
        let aim = Aim {
            release,
            sequence,
            keeps_former: self.keeps_former(),
        };
        // A pinned node goes on from position to position with the others, at its release.
        match self.pins.get(certname) {
            Some(pin) => Aim {
                release: pin.release,
                ..aim
            },
            None => aim,
        }
    }

    /// Whether all nodes are to have the same release.
    pub fn is_uniform(&self) -> bool {
        self.rollout().is_none() && self.pins.is_empty()
    }

    /// The position at which a stage's catalogs are made before it opens. A pinned node's is made, too: when it is
    /// unpinned, it is where the others of its stage are.
    pub fn staging(&self, sequence: u64) -> Option<Aim> {
        let rollout = self
            .rollout()
            .filter(|rollout| rollout.sequence == sequence)?;
        Some(Aim {
            release: rollout.release,
            sequence: rollout.sequence,
            keeps_former: true,
        })
    }
}

/// Whether a node is to have a rollout's release.
fn has(rollout: &Rollout, pointer: Option<&Pointer>) -> bool {
    let opened = rollout.opened();
    if opened == 0 {
        return false;
    }
    if opened == rollout.stages.len() {
        return true;
    }
    let Some(pointer) = pointer else {
        return rollout.plan.new_nodes == NewNodes::New;
    };
    let in_open_stage = pointer
        .place
        .is_some_and(|place| place.sequence == rollout.sequence && place.stage < opened);
    in_open_stage || pointer.sequence == rollout.sequence
}
