//! What this process has in work, and what it will give back later: the broker does not tell.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use bunraku_farm::messages::Channel;
use tokio::task::AbortHandle;

use crate::broker::Held;

/// Messages of this process.
#[derive(Debug, Default)]
pub(super) struct InHand {
    held: Mutex<Vec<Weak<Held>>>,
    delayed: Mutex<Vec<(Channel, AbortHandle)>>,
}

impl InHand {
    pub(super) fn hold(&self, message: &Arc<Held>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|held| held.upgrade().is_some_and(|held| held.holds()));
        held.push(Arc::downgrade(message));
    }

    pub(super) fn delay(&self, channel: Channel, task: AbortHandle) {
        let mut delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        delayed.retain(|(_, task)| !task.is_finished());
        delayed.push((channel, task));
    }

    pub(super) fn leased(&self, channel: Channel) -> usize {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.iter().filter_map(Weak::upgrade);
        held.filter(|held| held.channel() == channel && held.holds())
            .count()
    }

    pub(super) fn delayed(&self, channel: Channel) -> usize {
        let delayed = self.delayed.lock().unwrap_or_else(PoisonError::into_inner);
        let delayed = delayed.iter();
        delayed
            .filter(|(of, task)| *of == channel && !task.is_finished())
            .count()
    }
}
