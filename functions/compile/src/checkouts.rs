//! Releases as files on this machine's disk, for compilers that are programs.

use std::path::PathBuf;
use std::sync::Arc;

use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::{Mirror, Store, StoreError};
use moka::future::Cache;
use tempfile::TempDir;

/// How many are kept, those used last.
const KEPT: u64 = 4;

/// Checkouts that are there, each in a temporary directory.
#[derive(Clone)]
pub(crate) struct Checkouts {
    store: Store,
    kept: Cache<(EnvironmentName, Digest), Arc<Checkout>>,
}

/// A release's files. They are removed when nobody holds it any more.
pub(crate) struct Checkout {
    directory: TempDir,
    environment: EnvironmentName,
}

impl Checkout {
    /// The environment's directory; Puppet's `environmentpath` is the one above it.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join(self.environment.as_str())
    }
}

impl Checkouts {
    /// None yet.
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            kept: Cache::new(KEPT),
        }
    }

    /// A release's files, written if need be; whoever asks at the same time waits for one writing.
    pub(crate) async fn open(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Arc<Checkout>, StoreError> {
        let key = (environment.clone(), release);
        let opened = self
            .kept
            .try_get_with(key, self.write(environment, release));
        opened
            .await
            .map_err(|error: Arc<StoreError>| error.as_ref().clone())
    }

    async fn write(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Arc<Checkout>, StoreError> {
        let unwritable = |reason: String| StoreError::Unavailable {
            key: format!("files of release {}", release.short()),
            reason,
        };
        let directory = tempfile::Builder::new().prefix("bunraku-code-").tempdir();
        let directory = directory.map_err(|error| unwritable(error.to_string()))?;
        let path = directory.path().to_str();
        let path =
            path.ok_or_else(|| unwritable("the temporary directory's name is no UTF-8".into()))?;
        let mirror = Mirror::open(path).await?;
        mirror
            .write_release(&self.store, environment, release, environment.as_str())
            .await?;
        Ok(Arc::new(Checkout {
            directory,
            environment: environment.clone(),
        }))
    }
}
