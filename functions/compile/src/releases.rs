//! Releases that this process has opened, with everything that was parsed of them.

use std::sync::Arc;

use bunraku_compiler::release::Release;
use bunraku_farm::{Digest, EnvironmentName};
use bunraku_hiera::Strict;
use bunraku_store::{Store, StoreError};
use moka::future::Cache;
use tokio::runtime::Handle;

use crate::bundle_files::BundleFiles;

/// How many releases stay open: the current ones of a few environments.
const OPEN_RELEASES: u64 = 8;

/// A release as compiles use it.
pub(crate) type OpenRelease = Arc<Sealed>;

/// A release and its name.
pub(crate) struct Sealed {
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its code and data.
    pub(crate) code: Release<BundleFiles>,
}

/// Opens releases from the store, each once; the least used are closed again.
#[derive(Clone)]
pub struct Releases {
    store: Store,
    open: Cache<(EnvironmentName, Digest), OpenRelease>,
}

impl Releases {
    /// None is open at first.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            open: Cache::new(OPEN_RELEASES),
        }
    }

    /// A release, opened if need be; workers that ask at the same time wait for one read.
    pub(crate) async fn open(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<OpenRelease, StoreError> {
        let key = (environment.clone(), release);
        let opened = self.open.try_get_with(key, async {
            let (manifest, bundle) = tokio::try_join!(
                self.store.release_manifest(environment, release),
                self.store.release_bundle(environment, release),
            )?;
            let files = BundleFiles::new(
                environment,
                manifest,
                bundle,
                self.store.clone(),
                Handle::current(),
            );
            Ok(Arc::new(Sealed {
                digest: release,
                code: Release::new(files, Strict::Error),
            }))
        });
        opened
            .await
            .map_err(|error: Arc<StoreError>| error.as_ref().clone())
    }
}
