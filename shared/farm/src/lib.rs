//! The farm's documents, messages and rules: pure, without input or output.
//!
//! Nothing here knows a clock, a network, a disk or randomness: times come in as arguments, and the
//! same arguments always give the same answer. [`documents`] is what lies in the object store,
//! [`messages`] what lies in the queue; [`facts`], [`plan`], [`reuse`], [`exchange`], [`rollout`], [`garbage`] and [`lanes`] are the rules
//! that turn one into the other; [`Publication`] is what the world is told of it, [`turns`] who may act on that now.

mod compiler_question;
pub mod counters;
pub mod digest;
pub mod documents;
pub mod exchange;
pub mod facts;
mod finding;
pub mod garbage;
pub mod lanes;
pub mod messages;
pub mod names;
pub mod plan;
mod publication;
pub mod reuse;
pub mod rollout;
pub mod schema;
pub mod turns;

pub use compiler_question::CompilerQuestion;
pub use counters::{Counters, CountersSnapshot};
pub use digest::Digest;
pub use finding::{Finding, Level};
pub use names::{Certname, CodePath, EnvironmentName, NameError, PrebuiltName};
pub use publication::{Publication, Reason, Standing};
