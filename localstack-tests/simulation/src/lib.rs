//! The whole farm on one thread, with faults, by seeds.
//!
//! The farm's own handlers run on a simulated host: their store and their queue lie in memory, the time is
//! the runtime's paused clock, which goes on only when everybody waits, and all chance comes from one seed.
//! Processes crash between any two operations, and start again; operations are slow, refused, or take effect
//! though their answer is an error; messages come twice, late and in another order; clocks differ. After each
//! step the `witness` looks whether the farm's promises hold; at the end the weather clears up, and every
//! node has to reach its target. In half of the lives releases come stage by stage, too: people steer rollouts, pin
//! nodes and publish catalogs, agents' runs fail, and an edge's clock has it all go on.
//!
//! The same [`Scenario`] is the same run again, step by step.

mod agent;
mod bill;
mod chance;
mod code;
mod crowd;
mod engine;
mod events;
mod fleet;
mod life;
mod news;
mod objects;
mod parcel;
mod people;
mod prices;
mod process;
mod queue;
mod report;
mod scenario;
mod settling;
mod site;
mod store;
mod targets;
mod weather;
mod witness;
mod worker;
mod world;

pub use bill::{Request, RequestCounts};
pub use crowd::{Crowd, Invocations, Invoked, Push, Stage, Told};
pub use life::live;
pub use prices::{Line, bill};
pub use report::Report;
pub use scenario::Scenario;
pub use weather::{Fault, Faults};
pub use witness::Violation;
