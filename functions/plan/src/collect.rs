//! What nobody needs any more goes from the store.

use std::time::Duration;

use anyhow::bail;
use bunraku_farm::documents::Turn;
use bunraku_farm::messages::CollectTask;
use bunraku_store::Collected;

use crate::Context;

/// The schedule asks once a day, and perhaps twice. One that was killed is begun again by its message, which comes again.
const TURN: Turn = Turn {
    every: Duration::from_secs(12 * 3600),
    patience: Duration::ZERO,
};
/// Of the time that there is, a part is for the queue and the answer.
const SHARE: u32 = 10;

/// Collects garbage, unless that was done half a day ago or later. What does not fit into `time` is left to a message that is
/// sent for it. An error means that the store or the queue failed, or that there is too little time ever to remove
/// anything.
pub async fn collect(context: &Context, time: Option<Duration>) -> anyhow::Result<()> {
    let time = time.map(|time| time - time / SHARE);
    let collected = context.store.collect_garbage_in_turn(TURN, time).await?;
    let Some(collected) = collected else {
        tracing::info!("garbage was collected already");
        return Ok(());
    };
    tracing::info!(?collected, "collected garbage");
    if !collected.cut_short {
        return Ok(());
    }
    if removed(&collected) == 0 {
        bail!(
            "all the time went by before anything could be removed: the function wants a longer timeout, or run \
             `bunraku gc` where there is time"
        );
    }
    context.queue.send(CollectTask {}.into()).await?;
    Ok(())
}

fn removed(collected: &Collected) -> u64 {
    let removed = collected.kinds.values().map(|swept| swept.removed);
    removed.sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bunraku_host::Host;
    use bunraku_queue::MemoryQueue;
    use bunraku_store::{Key, Store};
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    /// A farm some hours from now.
    fn in_hours(store: &Store, hours: i64) -> Context {
        let now = Timestamp::now() + SignedDuration::from_hours(hours);
        let store = store.clone().on(Host::default().with_clock(Arc::new(now)));
        Context::new(store, Arc::new(MemoryQueue::default()), Arc::default())
    }

    #[tokio::test]
    async fn what_nobody_names_goes_by_a_message_and_a_second_one_finds_it_done() {
        let store = Store::memory();
        let (blob, _) = store.put_blob("of no release").await.unwrap();
        collect(&in_hours(&store, 1), None).await.unwrap();
        assert!(store.blob(blob).await.is_ok());
        // Half a day is not over: whoever sends a second message does not have all read again.
        collect(&in_hours(&store, 2), None).await.unwrap();
        collect(&in_hours(&store, 26), None).await.unwrap();
        assert!(store.blob(blob).await.unwrap_err().is_not_found());
        let (late, _) = store.put_blob("of no release either").await.unwrap();
        collect(&in_hours(&store, 27), None).await.unwrap();
        assert!(store.blob(late).await.is_ok());
        assert!(store.exists(&Key::Collection).await.unwrap());
    }

    #[tokio::test]
    async fn a_collection_without_time_is_an_error_and_its_message_begins_anew() {
        let store = Store::memory();
        let (blob, _) = store.put_blob("of no release").await.unwrap();
        let context = in_hours(&store, 26);
        let refused = collect(&context, Some(Duration::ZERO)).await.unwrap_err();
        assert!(refused.to_string().contains("longer timeout"), "{refused}");
        collect(&context, Some(Duration::from_secs(60)))
            .await
            .unwrap();
        assert!(store.blob(blob).await.unwrap_err().is_not_found());
    }
}
