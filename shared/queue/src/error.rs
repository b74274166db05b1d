//! What can go wrong, by what the caller should do.

/// An error of the queue.
#[derive(Clone, Debug, thiserror::Error)]
pub enum QueueError {
    /// Another process has the queue's file open: talk to that process, or end it.
    #[error("the queue {path} is in use by another process")]
    InUse {
        /// The file.
        path: String,
    },
    /// The lease has run out: leave the work, someone else has it.
    #[error("the lease on this message has run out")]
    LeaseLost,
    /// The file can't be read or written. Nothing sent in this call is promised.
    #[error("the queue is not available: {reason}")]
    Unavailable {
        /// Why.
        reason: String,
    },
    /// The queue's URL is wrong: tell the user.
    #[error("{reason}")]
    Invalid {
        /// What is wrong.
        reason: String,
    },
    /// The file holds something that is no queue, or of a version that this program doesn't know.
    #[error("the queue can't be read: {reason}")]
    Corrupt {
        /// Why.
        reason: String,
    },
}

impl QueueError {
    pub(crate) fn unavailable(error: impl std::fmt::Display) -> Self {
        Self::Unavailable {
            reason: error.to_string(),
        }
    }

    pub(crate) fn corrupt(error: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            reason: error.to_string(),
        }
    }
}
