//! The object-created event where nobody else sends it: new objects under `uploads/` become messages.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::messages::{Message, UploadCreated};
use bunraku_queue::Queue;
use bunraku_store::Store;
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often to look though no event came: events of other machines' writes (NFS) are never told.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);
/// How often to look into a bucket, where each look is paid for.
const LOOK_AT_BUCKET: Duration = Duration::from_secs(15);

/// Sends a message for each upload in the store, those already there at first: what was uploaded
/// while no farm ran, or was cut off, is taken up. Sending twice does no harm, since a waiting
/// message is replaced and an upload dealt with is gone.
pub(crate) async fn announce(store: Store, queue: Arc<dyn Queue>, stop: CancellationToken) {
    let news = Arc::new(Notify::new());
    let _watcher = store
        .root()
        .and_then(|root| watch(&root.join("uploads"), Arc::clone(&news)));
    let every = store.root().map_or(LOOK_AT_BUCKET, |_| LOOK_ANYWAY);
    let mut announced = BTreeSet::new();
    loop {
        match store.waiting_uploads().await {
            Ok(present) => {
                announced.retain(|key| present.contains(key));
                for key in present {
                    if announced.contains(&key) {
                        continue;
                    }
                    match queue
                        .send(Message::UploadCreated(UploadCreated { key: key.clone() }))
                        .await
                    {
                        Ok(()) => {
                            announced.insert(key);
                        }
                        Err(error) => tracing::error!(%error, "an upload could not be announced"),
                    }
                }
            }
            Err(error) => tracing::error!(%error, "uploads can't be listed"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = news.notified() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// A watcher that tells `news` of changes below `directory`; `None` when the system can't watch it,
/// which only makes the farm notice uploads later.
fn watch(directory: &Path, news: Arc<Notify>) -> Option<notify::RecommendedWatcher> {
    std::fs::create_dir_all(directory).ok()?;
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Our own listing of the directory is told, too: it must not make us list again.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            news.notify_one();
        }
    })
    .ok()?;
    watcher.watch(directory, RecursiveMode::Recursive).ok()?;
    Some(watcher)
}

#[cfg(test)]
mod tests {
    use bunraku_farm::EnvironmentName;
    use bunraku_farm::documents::{ArchiveFormat, UploadKey};
    use bunraku_farm::messages::Channel;
    use bunraku_queue::MemoryQueue;
    use bytes::Bytes;

    use super::*;

    async fn upload(store: &Store, id: &str) -> UploadKey {
        let environment = EnvironmentName::parse("production").unwrap();
        let key = UploadKey::new(environment, id, ArchiveFormat::TarZstd).unwrap();
        let archive = Bytes::from_static(b"an archive");
        store.create_upload(&key, archive).await.unwrap();
        key
    }

    /// The next upload told; acknowledged, and gone from the store as after its ingest.
    async fn next(queue: &Arc<dyn Queue>, store: &Store) -> Option<UploadKey> {
        let wait = LOOK_ANYWAY * 2;
        let got = queue.receive(&[Channel::Uploads], 1, wait).await.unwrap();
        let delivery = got.into_iter().next()?;
        queue.ack(&delivery.receipt).await.unwrap();
        let Message::UploadCreated(UploadCreated { key }) = delivery.message else {
            panic!("an upload")
        };
        let arrival = store.arrival(&key).await.unwrap().unwrap();
        store.discard_upload(&key, &arrival).await.unwrap();
        Some(key)
    }

    #[tokio::test]
    async fn uploads_are_told_once_whether_before_or_while_the_farm_runs() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open_directory(directory.path()).await.unwrap();
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        let stop = CancellationToken::new();
        let before = upload(&store, "before").await;
        let announcer = tokio::spawn(announce(store.clone(), Arc::clone(&queue), stop.clone()));
        assert_eq!(next(&queue, &store).await, Some(before));
        // Another process writes through a store of its own.
        let other = Store::open_directory(directory.path()).await.unwrap();
        let meanwhile = upload(&other, "meanwhile").await;
        assert_eq!(next(&queue, &store).await, Some(meanwhile));
        assert_eq!(next(&queue, &store).await, None);
        stop.cancel();
        announcer.await.unwrap();
    }
}
