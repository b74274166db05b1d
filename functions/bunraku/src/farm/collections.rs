//! Has garbage collected once a day.

use std::time::Duration;

use bunraku_farm::documents::Turn;
use bunraku_store::Store;
use tokio_util::sync::CancellationToken;

/// How often. None lasts longer than six hours.
const TURN: Turn = Turn {
    every: Duration::from_secs(24 * 3600),
    patience: Duration::from_secs(6 * 3600),
};
/// How often to look whether it is time: of all who work on the store, the first does it.
const LOOK: Duration = Duration::from_secs(3600);

/// Collects what no document of the store names, whenever nobody did for a day. What is begun when a stop
/// is asked for is left; the next collection goes on, after some hours.
pub(crate) async fn collect(store: Store, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            collected = store.collect_garbage_in_turn(TURN, None) => match collected {
                Ok(Some(collected)) => tracing::info!(?collected, "collected garbage"),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "garbage can't be collected"),
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
