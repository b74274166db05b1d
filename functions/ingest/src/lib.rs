//! Checks what was pushed and seals it as an immutable release.
//!
//! [`handle`] takes an upload apart ([`archive`]), checks every file of it ([`check`]), and either
//! refuses it with everything that was found, or stores its blobs, seals the release, makes it the
//! environment's current one and asks for a plan, or has it rolled out. The upload's result is written last. Each step is
//! idempotent, and what is there already is fine: killed anywhere and given the same message again,
//! it ends in the same state.

pub mod archive;
pub mod check;
mod handler;
mod prebuilt;
mod rollout;

use std::sync::Arc;

use bunraku_farm::Counters;
use bunraku_host::Host;
use bunraku_queue::Queue;
use bunraku_store::Store;

pub use archive::Limits;
pub use handler::handle;
pub use prebuilt::Origin;
pub use rollout::{Enrolled, Newcomer};

/// What the handler works with; made once for each process.
#[derive(Clone, Debug)]
pub struct Context {
    /// The store.
    pub store: Store,
    /// The queue, for the plan.
    pub queue: Arc<dyn Queue>,
    /// Where it counts.
    pub counters: Arc<Counters>,
    /// What an upload may be at most.
    pub limits: Limits,
    /// The time, and threads.
    pub host: Host,
}

impl Context {
    /// A context with the default limits and the store's host.
    pub fn new(store: Store, queue: Arc<dyn Queue>, counters: Arc<Counters>) -> Self {
        Self {
            host: store.host().clone(),
            store,
            queue,
            counters,
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests;
