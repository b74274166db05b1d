//! What every function on AWS Lambda does around its handler.
//!
//! A function reads its [`Settings`], makes its context once, and gives a handler of one message to
//! [`Function::run`], all of it within [`main()`]. The rest is here: an event of SQS becomes messages, those that say the same are handled once, several at a time, each within the
//! time that the function has left ([`Deadline`]); what can't be handled is given back or, in the end,
//! put among the dead letters with its reason ([`Feedback`]); the answer names what failed, and one
//! line of metrics tells of it.
//!
//! **Invariant:** whatever a message holds and whatever its handler does, the other messages of its
//! event are handled, and the answer leaves before the function's timeout.

mod batch;
mod channel;
mod coalesce;
mod deadline;
mod event;
mod feedback;
mod logging;
mod metrics;
mod runtime;
mod settings;
mod task;

pub use deadline::{Deadline, WouldOverrun};
pub use feedback::Feedback;
pub use runtime::{Function, main};
pub use settings::{Settings, SettingsError};
pub use task::Task;
