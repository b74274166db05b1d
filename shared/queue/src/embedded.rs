//! The durable queue in one local file.

use std::path::{Path, PathBuf};

use crate::engine::{Engine, queue_over_engine};
use crate::journal::Journal;
use crate::state::State;
use crate::{QueueError, QueueOptions};

/// A queue in one file, for one process at a time.
///
/// What was sent or acknowledged is on the disk when the call returns. After a crash, whatever was
/// being worked on waits again as soon as the file is opened: the leases of a dead process are void.
#[derive(Debug)]
pub struct EmbeddedQueue {
    engine: Engine,
    path: PathBuf,
}

impl EmbeddedQueue {
    /// Opens the file, or creates it; its directory must be there. Blocks for the time of reading
    /// the file.
    ///
    /// [`QueueError::InUse`] when another process (or another queue of this one) has it open.
    pub fn open(path: impl AsRef<Path>, options: QueueOptions) -> Result<Self, QueueError> {
        let path = path.as_ref().to_owned();
        let (journal, contents) = Journal::open(&path)?;
        let (state, changes) = State::restore(options, contents);
        if !changes.is_empty() {
            drop(journal.append(changes));
        }
        Ok(Self {
            engine: Engine::new(state, Some(journal)),
            path,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

queue_over_engine!(EmbeddedQueue);
