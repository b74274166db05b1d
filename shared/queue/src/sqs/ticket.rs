//! What is known of a message that was received, until it is settled.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bunraku_farm::messages::Channel;
use tokio::time::Instant;

use super::queues::Queues;
use super::settle::hide;
use crate::QueueError;

/// How long SQS lets a message be hidden, counted from when it was received.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// A message of SQS under a lease.
///
/// When the lease ends is kept here too, and decides whether the receipt is void: SQS itself lets
/// some old receipt handles delete what someone else is working on.
#[derive(Debug)]
pub(crate) struct SqsTicket {
    pub(super) queues: Arc<Queues>,
    /// The channel that it came from.
    pub(super) channel: Channel,
    pub(super) url: Arc<str>,
    pub(super) handle: String,
    /// As it came, for the dead letters.
    pub(super) body: String,
    pub(super) attempt: u32,
    pub(super) received: Instant,
    pub(super) lease_end: Mutex<Instant>,
    /// Whether someone answers for it, or nobody has to any more.
    pub(super) answered_for: AtomicBool,
}

impl SqsTicket {
    /// Whether the lease still runs.
    pub(super) fn holds(&self) -> bool {
        Instant::now()
            < *self
                .lease_end
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
    }

    /// The lease ends `lease` from now; at once when nothing more is to be done.
    pub(super) fn lease_for(&self, lease: Duration) {
        let end = Instant::now() + lease;
        *self
            .lease_end
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = end;
    }

    /// Whoever received the message has it now, or it is settled: dropping the ticket changes
    /// nothing.
    pub(super) fn is_answered_for(&self) {
        self.answered_for.store(true, Ordering::Relaxed);
    }

    /// Hides the message for `duration`, as far as SQS allows; says for how long it is. Whole
    /// seconds, rounded up. [`QueueError::LeaseLost`] when it is no longer ours to hide.
    pub(super) async fn hide(&self, duration: Duration) -> Result<Duration, QueueError> {
        let left = LONGEST.saturating_sub(self.received.elapsed()).as_secs();
        let duration = match duration.is_zero() {
            true => duration,
            false if left == 0 => return Err(QueueError::LeaseLost),
            false => duration.min(Duration::from_secs(left)),
        };
        hide(
            &self.queues,
            self.channel,
            &self.url,
            &self.handle,
            duration,
        )
        .await
    }
}

/// The receiver went away before it had the message (a future was dropped): the message is put
/// back, or it would be hidden until its lease runs out.
impl Drop for SqsTicket {
    fn drop(&mut self) {
        if *self.answered_for.get_mut() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (queues, channel) = (Arc::clone(&self.queues), self.channel);
        let (url, handle) = (Arc::clone(&self.url), std::mem::take(&mut self.handle));
        runtime.spawn(async move {
            if let Err(error) = hide(&queues, channel, &url, &handle, Duration::ZERO).await {
                tracing::warn!(%channel, %error, "a message could not be put back; it comes again when its lease runs out");
            }
        });
    }
}

impl PartialEq for SqsTicket {
    fn eq(&self, other: &Self) -> bool {
        (&self.url, &self.handle) == (&other.url, &other.handle)
    }
}

impl Eq for SqsTicket {}

impl Hash for SqsTicket {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.handle.hash(state);
    }
}
