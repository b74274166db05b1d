//! Has exported resources gathered now and then, whatever happened.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::GatherTask;
use bunraku_queue::Queue;
use bunraku_store::Store;
use tokio_util::sync::CancellationToken;

/// How often: for nodes that a command removed while this process has the queue's file.
const EVERY: Duration = Duration::from_secs(20);
/// How often in a bucket, where each look is paid for.
const EVERY_IN_BUCKET: Duration = Duration::from_secs(300);

/// Sends the message that nodes which change their exports send, at once and then now and then.
pub(crate) async fn remind(store: Store, queue: Arc<dyn Queue>, stop: CancellationToken) {
    let every = store.root().map_or(EVERY_IN_BUCKET, |_| EVERY);
    loop {
        if let Err(error) = queue.send(GatherTask {}.into()).await {
            tracing::error!(%error, "exported resources can't be gathered");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}
