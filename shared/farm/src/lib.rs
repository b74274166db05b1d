//! The farm's documents, messages and rules: pure, without input or output.
//!
//! Nothing here knows a clock, a network, a disk or randomness: times come in as arguments, and the
//! same arguments always give the same answer. [`documents`] is what lies in the object store,
//! [`messages`] what lies in the queue; [`facts`], [`plan`], [`reuse`] and [`lanes`] are the rules that turn
//! one into the other.

pub mod counters;
pub mod digest;
pub mod documents;
pub mod facts;
mod finding;
pub mod lanes;
pub mod messages;
pub mod names;
pub mod plan;
pub mod reuse;

pub use counters::{Counters, CountersSnapshot};
pub use digest::Digest;
pub use finding::{Finding, Level};
pub use names::{Certname, CodePath, EnvironmentName, NameError};
