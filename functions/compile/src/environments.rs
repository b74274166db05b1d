//! Environments' documents, read once for many tasks.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::EnvironmentDoc;
use bunraku_store::{Store, StoreError};
use moka::sync::Cache;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a document is believed, at most, for what its sequence does not tell.
const TTL: Duration = Duration::from_secs(10);

/// Documents that are new enough for the task at hand: a task names the sequence that it saw, and a
/// document that has reached it does, unless a rollout's stages are what the task is about ([`reuse::may_be_old`]). Whatever
/// came later sends tasks of its own.
///
/// [`reuse::may_be_old`]: bunraku_farm::reuse::may_be_old
#[derive(Clone)]
pub(crate) struct Environments {
    store: Store,
    read: Cache<EnvironmentName, (Instant, Arc<EnvironmentDoc>)>,
    /// Held while one reads: the other tasks of a batch want the same document.
    reading: Arc<Mutex<()>>,
}

impl Environments {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            read: Cache::new(1024),
            reading: Arc::default(),
        }
    }

    /// An environment's document that has reached `sequence`, if it ever did.
    pub(crate) async fn at_least(
        &self,
        name: &EnvironmentName,
        sequence: u64,
    ) -> Result<Option<Arc<EnvironmentDoc>>, StoreError> {
        let remembered = || {
            let (read, document) = self.read.get(name)?;
            (document.reached() >= sequence && read.elapsed() < TTL).then_some(document)
        };
        if let Some(document) = remembered() {
            return Ok(Some(document));
        }
        let _reading = self.reading.lock().await;
        if let Some(document) = remembered() {
            return Ok(Some(document));
        }
        self.fresh(name).await
    }

    /// An environment's document as the store has it now.
    pub(crate) async fn fresh(
        &self,
        name: &EnvironmentName,
    ) -> Result<Option<Arc<EnvironmentDoc>>, StoreError> {
        let at = Instant::now();
        let document = self.store.environment(name).await?.map(Arc::new);
        if let Some(document) = &document {
            self.read.insert(name.clone(), (at, Arc::clone(document)));
        }
        Ok(document)
    }
}
