//! Looks into the channels, and waits for news in between.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::Message;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Held;
use crate::state::after;
use crate::{Delivery, QueueError};

/// How often to look though no news came: what a dead holder had comes back without.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// Messages that were taken; put back if nobody receives them.
#[derive(Debug, Default)]
pub(super) struct Found(Vec<(Message, Arc<Held>)>);

impl Found {
    pub(super) fn push(&mut self, message: Message, held: Arc<Held>) {
        self.0.push((message, held));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn deliver(mut self) -> Vec<Delivery> {
        let found = std::mem::take(&mut self.0).into_iter();
        found.map(|(message, held)| held.deliver(message)).collect()
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        for (_, held) in self.0.drain(..) {
            runtime.spawn(async move {
                if let Err(error) = held.put_back().await {
                    tracing::warn!(channel = %held.channel(), %error, "a message could not be put back; it comes again when the broker misses its holder");
                }
            });
        }
    }
}

/// Receives by `look`, again when there is news, until something is found or `wait` is over. Each
/// look runs to its end in a task of its own, so that dropping this future loses nothing.
pub(super) async fn receive<L, F>(
    look: L,
    news: &Notify,
    wait: Duration,
) -> Result<Vec<Delivery>, QueueError>
where
    L: Fn() -> F,
    F: Future<Output = Result<Found, QueueError>> + Send + 'static,
{
    let deadline = after(Instant::now(), wait);
    loop {
        let mut told = std::pin::pin!(news.notified());
        // Registered before the look, so that what comes between look and wait wakes us.
        told.as_mut().enable();
        let found = tokio::spawn(look())
            .await
            .map_err(QueueError::unavailable)??;
        let now = Instant::now();
        if found.len() > 0 || now >= deadline {
            return Ok(found.deliver());
        }
        tokio::select! {
            () = told => {}
            () = tokio::time::sleep_until(deadline.min(now + LOOK_ANYWAY)) => {}
        }
    }
}
