//! What all nodes export, read when a compile asks for it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bunraku_catalog::{ExportQuery, ExportedResource, Exports};
use bunraku_compiler::inputs::InputError;
use bunraku_compiler::release::ExportPool;
use bunraku_farm::Digest;
use bunraku_farm::documents::PoolDoc;
use bunraku_host::Waiter;
use bunraku_store::{Store, StoreError};
use moka::sync::Cache;

/// So many parts of pools are kept: each holds the resources of one type.
const PARTS: u64 = 64;

/// Opens views of the pool; parts that one has read are there for the next.
#[derive(Clone)]
pub(crate) struct Pools {
    store: Store,
    parts: Cache<Digest, Arc<Exports>>,
}

impl Pools {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            parts: Cache::new(PARTS),
        }
    }

    /// The generation of the pool now.
    pub(crate) async fn generation(&self) -> Result<u64, StoreError> {
        Ok(self
            .store
            .pool()
            .await?
            .map_or(0, |pool| pool.value.generation))
    }

    /// A view for one task. Nothing is read before it is asked.
    pub(crate) fn view(&self) -> PoolView {
        PoolView {
            pools: self.clone(),
            waiter: self.store.host().waiter(),
            document: OnceLock::new(),
            failure: Mutex::new(None),
        }
    }
}

/// One generation of the pool: the one that was there at the first look.
pub struct PoolView {
    pools: Pools,
    waiter: Waiter,
    document: OnceLock<PoolDoc>,
    failure: Mutex<Option<StoreError>>,
}

impl PoolView {
    /// Looks at the pool, unless that was done; its generation.
    pub(crate) async fn look(&self) -> Result<u64, StoreError> {
        if let Some(document) = self.document.get() {
            return Ok(document.generation);
        }
        let document = self.pools.store.pool().await?;
        let document = document.map(|read| read.value).unwrap_or_default();
        Ok(self.document.get_or_init(|| document).generation)
    }

    /// The generation, if anyone looked.
    pub(crate) fn generation(&self) -> Option<u64> {
        self.document.get().map(|document| document.generation)
    }

    /// Why something could not be read: what was made of it is worth nothing.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    async fn part(&self, type_name: &str) -> Result<Option<Arc<Exports>>, StoreError> {
        self.look().await?;
        let named = self
            .document
            .get()
            .and_then(|pool| pool.types.get(type_name));
        let Some(digest) = named else { return Ok(None) };
        if let Some(part) = self.pools.parts.get(digest) {
            return Ok(Some(part));
        }
        let part: Vec<ExportedResource> = self.pools.store.pool_part(*digest).await?;
        let part: Arc<Exports> = Arc::new(part.into_iter().collect());
        self.pools.parts.insert(*digest, Arc::clone(&part));
        Ok(Some(part))
    }
}

/// Waits for what it reads: to be asked within [`compute`](bunraku_host::Host::compute).
impl ExportPool for PoolView {
    fn answer(
        &self,
        query: &ExportQuery,
        certname: &str,
    ) -> Result<Vec<Arc<ExportedResource>>, InputError> {
        match self.waiter.wait(self.part(&query.type_name)) {
            Ok(part) => Ok(part.map_or_else(Vec::new, |part| part.answer(query, certname))),
            Err(error) => {
                let refused = InputError::Refused(format!("Exported resources: {error}"));
                let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(error);
                Err(refused)
            }
        }
    }
}
