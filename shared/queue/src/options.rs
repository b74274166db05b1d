//! How long leases last and when a message is given up.

use std::time::Duration;

/// Settings of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueOptions {
    /// How long a received message is hidden from other receivers.
    pub lease: Duration,
    /// After how many attempts a message becomes a dead letter.
    pub max_attempts: u32,
    /// Whether, of the messages that wait and say the same, only the newest stays. Of the queues in a file and in memory.
    pub coalesces: bool,
}

impl Default for QueueOptions {
    /// A lease of two minutes, five attempts.
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(120),
            max_attempts: 5,
            coalesces: true,
        }
    }
}
