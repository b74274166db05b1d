//! Staged rollouts: a release comes to some nodes before it comes to others.
//!
//! An environment's document holds its rollouts, the oldest first: those that are over, the one that goes on, those
//! that wait. The first thing that has a right answer for everybody is [`EnvironmentDoc::aim`]: the release that one
//! node is to have now, which rests on the document and the node's pointer alone. What to do next says
//! [`advance::next`], given the time and what was seen of the nodes; what a person may do is in [`command`].
//! [`members()`] says who is in which stage, [`Health`] how they fare.

pub mod advance;
mod aim;
mod calendar;
pub mod command;
mod document;
mod health;
mod members;
mod plan;
mod withdraw;

pub use aim::Aim;
pub use calendar::{Clock, Days, Freeze, Moment, Window, Zone};
pub use document::{
    LogLine, Pin, Place, Rollout, RolloutMembers, RolloutRequest, RolloutState, StageState,
};
pub use health::{Health, OutcomeDoc, Run, Tally};
pub use members::{Candidate, members};
pub use plan::{Gate, Limit, NewNodes, Pause, Percent, Plan, StagePlan};

#[cfg(test)]
mod tests;
