//! Releases that this process has opened, with everything that was parsed of them.

mod disk;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use bunraku_compiler::release::Release;
use bunraku_farm::{Digest, EnvironmentName};
use bunraku_hiera::Strict;
use bunraku_host::Host;
use bunraku_store::{Bundle, DamagedBundle, Key, Store, StoreError};
use moka::future::Cache;
use moka::policy::EvictionPolicy;

use crate::bundle_files::BundleFiles;
use disk::Disk;

/// Files of this many bytes are kept in memory.
const MEMORY: u64 = 256 * 1024 * 1024;

/// A release as compiles use it.
pub(crate) type OpenRelease = Arc<Sealed>;

/// A release and its name.
pub(crate) struct Sealed {
    /// Its digest.
    pub(crate) digest: Digest,
    /// Its code and data.
    pub(crate) code: Release<BundleFiles>,
    /// What its bundled files weigh, in bytes.
    size: u64,
}

/// Opens releases from the store, each once and with one request; the least used are closed again.
#[derive(Clone)]
pub struct Releases {
    store: Store,
    open: Cache<(EnvironmentName, Digest), OpenRelease>,
    disk: Option<Arc<Disk>>,
}

impl Releases {
    /// Keeps 256 MiB of unpacked bundles open, or one release if it is bigger. None is open at
    /// first.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            open: cache(MEMORY),
            disk: None,
        }
    }

    /// Besides, keeps bundles as files in `directory` (which is made when it is missing), of at most
    /// `max_bytes` together: a release that is opened again needs no request. What can't be kept
    /// there is logged, and read from the store.
    #[must_use]
    pub fn with_disk(store: Store, directory: impl Into<PathBuf>, max_bytes: u64) -> Self {
        Self {
            disk: Some(Arc::new(Disk::new(directory.into(), max_bytes))),
            ..Self::new(store)
        }
    }

    /// The host that they are opened on.
    pub(crate) fn host(&self) -> &Host {
        self.store.host()
    }

    /// A release, opened if need be; workers that ask at the same time wait for one read.
    pub(crate) async fn open(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<OpenRelease, StoreError> {
        let key = (environment.clone(), release);
        let opened = self.open.try_get_with(key, async {
            let bundle = self.bundle(environment, release).await?;
            let size = bundle.size();
            let files = BundleFiles::new(environment, bundle, self.store.clone());
            Ok(Arc::new(Sealed {
                digest: release,
                code: Release::new(files, Strict::Error),
                size,
            }))
        });
        opened
            .await
            .map_err(|error: Arc<StoreError>| error.as_ref().clone())
    }

    async fn bundle(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Bundle, StoreError> {
        let Some(disk) = &self.disk else {
            return self.store.release_bundle(environment, release).await;
        };
        let reader = Arc::clone(disk);
        // A read that was cut off is a file that is not there.
        let host = self.store.host();
        let kept = host.compute(move || reader.read(release)).await;
        if let Ok(Some(bundle)) = kept {
            return Ok(bundle);
        }
        let bytes = self
            .store
            .release_bundle_bytes(environment, release)
            .await?;
        let writer = Arc::clone(disk);
        let decoded = host.compute(move || {
            let bundle = Bundle::decode(&bytes, release)?;
            writer.keep(release, &bytes);
            Ok::<_, DamagedBundle>(bundle)
        });
        let key = || Key::bundle(environment, release).to_string();
        match decoded.await {
            Ok(Ok(bundle)) => Ok(bundle),
            Ok(Err(DamagedBundle { reason })) => Err(StoreError::Corrupt { key: key(), reason }),
            Err(error) => Err(StoreError::Unavailable {
                key: key(),
                reason: error.to_string(),
            }),
        }
    }
}

/// A cache bounded by the bytes of bundles. Weighed in KiB; what is bigger than the bound weighs
/// just that, so that it has its place and is alone there.
fn cache(max_bytes: u64) -> Cache<(EnvironmentName, Digest), OpenRelease> {
    let bound = u32::try_from(max_bytes / 1024).unwrap_or(u32::MAX).max(1);
    Cache::builder()
        .max_capacity(u64::from(bound))
        .weigher(move |_, release: &OpenRelease| {
            let weight = u32::try_from(release.size / 1024).unwrap_or(u32::MAX);
            weight.clamp(1, bound)
        })
        // The other policy may turn away what is new, and it would be opened again and again.
        .eviction_policy(EvictionPolicy::lru())
        .build()
}
