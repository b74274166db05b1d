//! How those who wait hear of what other processes write: an edge of catalogs for its agents and watchers, `bunraku
//! events` of what to tell.

mod announcements;
mod directory;
mod topic;

use std::sync::Arc;

use bunraku_queue::Queue;
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::{Key, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::failure::{Failure, Result};
use announcements::{Source, follow};
use topic::Topic;

/// Who is told.
pub(in crate::commands) trait Listener: Send + Sync {
    /// An object was written.
    fn written(&self, key: Key);

    /// Any may have been.
    fn any(&self);

    /// Whether every new pointer is told from now on; those before may have been missed.
    fn live(&self, live: bool);
}

/// From where it may come.
pub(in crate::commands) struct Places<'a> {
    /// The farm's store: in a directory, the system tells of files.
    pub(in crate::commands) store: &'a Store,
    /// The farm's queue and its URL: workers announce on brokers.
    pub(in crate::commands) queue: Option<(&'a str, Arc<dyn Queue>)>,
    /// The topic of a farm on AWS, by its ARN.
    pub(in crate::commands) topic: Option<&'a str>,
}

/// Hears, until it is ended.
pub(in crate::commands) struct Hearing {
    follower: Option<JoinHandle<()>>,
    watcher: Option<notify::RecommendedWatcher>,
}

impl Hearing {
    /// Whether the files of this machine's directory are told of.
    pub(in crate::commands) const fn sees_files(&self) -> bool {
        self.watcher.is_some()
    }

    /// Ends it, and leaves nothing behind; the token that it was begun with was cancelled.
    pub(in crate::commands) async fn end(self) {
        if let Some(follower) = self.follower {
            // Its subscription is ended before the process is.
            let _ = follower.await;
        }
    }
}

/// Begins to tell a listener, until `stop`.
pub(in crate::commands) async fn hear<L: Listener + 'static>(
    places: Places<'_>,
    listener: &Arc<L>,
    stop: &CancellationToken,
) -> Result<Hearing> {
    let source: Option<Box<dyn Source>> = match (places.topic, places.queue) {
        (Some(arn), Some((url, _))) if url.starts_with("sqs://") => Some(Box::new(Topic {
            arn: arn.to_owned(),
            queue: SqsQueue::connect(url).await?,
        })),
        (Some(_), _) => {
            return Err(Failure::input(
                "--events needs a queue on SQS: --queue sqs://PREFIX",
            ));
        }
        (None, Some((_, queue))) => Some(Box::new(queue)),
        (None, None) => None,
    };
    let follower = source.map(|source| {
        let (listener, stop) = (Arc::clone(listener), stop.clone());
        tokio::spawn(async move {
            follow(listener.as_ref(), source.as_ref(), stop.cancelled()).await;
        })
    });
    let watcher = match places.store.root() {
        Some(root) => Some(directory::watch(root, Arc::clone(listener))?),
        None => None,
    };
    Ok(Hearing { follower, watcher })
}

#[cfg(test)]
mod tests;
