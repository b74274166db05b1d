//! Announcements: a plain subject, `PREFIX.published.key`, that NATS keeps nothing of.

use async_nats::{Event, Subscriber};
use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::broadcast;

use super::connection::Connection;
use crate::{Announcements, QueueError};

/// How many are taken at once.
const MOST: usize = 1000;

/// Where keys are announced: not among the channels' subjects, which receivers listen to.
pub(super) fn subject(prefix: &str) -> String {
    format!("{prefix}.published.key")
}

/// A subscription.
#[derive(Debug)]
pub(super) struct Listening {
    keys: Subscriber,
    gaps: broadcast::Receiver<()>,
}

/// Whether announcements may have been missed when this happened. A subscription goes on when its
/// connection is made again, and says nothing of what it did not hear.
pub(super) const fn is_gap(event: &Event) -> bool {
    matches!(event, Event::Disconnected | Event::SlowConsumer(_))
}

impl Listening {
    /// Listens from now on.
    pub(super) async fn on(connection: &Connection, subject: String) -> Result<Self, QueueError> {
        let gaps = connection.gaps();
        connection.reachable().await?;
        let keys = connection.client().subscribe(subject).await;
        let keys = keys.map_err(QueueError::unavailable)?;
        connection.caught_up().await?;
        Ok(Self { keys, gaps })
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<Vec<String>, QueueError> {
        let first = tokio::select! {
            biased;
            _ = self.gaps.recv() => None,
            first = self.keys.next() => first,
        };
        let Some(first) = first else {
            return Err(QueueError::unavailable(
                "the connection to NATS was lost, or did not keep up",
            ));
        };
        let mut came = vec![first];
        while came.len() < MOST
            && let Some(Some(more)) = self.keys.next().now_or_never()
        {
            came.push(more);
        }
        let text = |message: async_nats::Message| String::from_utf8(message.payload.into()).ok();
        Ok(came.into_iter().filter_map(text).collect())
    }

    async fn close(mut self: Box<Self>) -> Result<(), QueueError> {
        let ended = self.keys.unsubscribe().await;
        ended.map_err(QueueError::unavailable)
    }
}
