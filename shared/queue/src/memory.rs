//! The queue for tests and simulation.

use crate::QueueOptions;
use crate::engine::{Engine, queue_over_engine};
use crate::state::State;

/// A queue that lives and dies with the process.
#[derive(Debug)]
pub struct MemoryQueue {
    engine: Engine,
}

impl MemoryQueue {
    /// An empty queue.
    pub fn new(options: QueueOptions) -> Self {
        Self {
            engine: Engine::new(State::new(options), None),
        }
    }
}

impl Default for MemoryQueue {
    fn default() -> Self {
        Self::new(QueueOptions::default())
    }
}

queue_over_engine!(MemoryQueue);
