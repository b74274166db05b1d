//! Sealed releases.

use bunraku_farm::documents::ReleaseManifest;
use bunraku_farm::{Digest, EnvironmentName};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{Store, Written, to_json};
use crate::{Bundle, Held, Key, StoreError};

/// How many blobs are read at once.
const CONCURRENCY: usize = 16;

impl Store {
    /// Seals a release whose blobs are all in the store: writes its bundle, then its manifest, so
    /// that whoever sees the manifest finds the rest.
    ///
    /// [`StoreError::NotFound`] names a blob that the store lacks; [`StoreError::Invalid`] when the
    /// manifest's release is not the digest of its files.
    pub async fn seal_release(
        &self,
        environment: &EnvironmentName,
        manifest: &ReleaseManifest,
    ) -> Result<Written, StoreError> {
        self.seal_release_with(environment, manifest, &Held::default())
            .await
    }

    /// [`Store::seal_release`] without a question for the blobs that are `held`; nor for any of a young release, whose
    /// blobs the caller has seen to.
    pub async fn seal_release_with(
        &self,
        environment: &EnvironmentName,
        manifest: &ReleaseManifest,
        held: &Held,
    ) -> Result<Written, StoreError> {
        if !manifest.is_consistent() {
            return Err(StoreError::invalid(
                "the release is not the digest of its files",
            ));
        }
        // Parts of one that is no longer young may be gone.
        let key = Key::release(environment, manifest.release);
        let bundle = Key::bundle(environment, manifest.release);
        if self.is_young(&key).await? && self.is_young(&bundle).await? {
            return Ok(Written::Same);
        }
        self.write_release(environment, manifest, held).await
    }

    /// The manifest of a release that is about to be named: it stays for half the grace, with its bundle and its blobs, whatever
    /// is collected. `None` when the store does not have it, or not all of it any more.
    pub async fn keep_release(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Option<ReleaseManifest>, StoreError> {
        let kept = async {
            let manifest = self.release_manifest(environment, release).await?;
            let held = Held::default();
            self.write_release(environment, &manifest, &held).await?;
            Ok(Some(manifest))
        };
        match kept.await {
            Err(error @ StoreError::NotFound { .. }) => {
                tracing::debug!(%error, %environment, release = release.short(), "no such release");
                Ok(None)
            }
            kept => kept,
        }
    }

    /// Writes what is not there of a release, and renews what is old.
    async fn write_release(
        &self,
        environment: &EnvironmentName,
        manifest: &ReleaseManifest,
        held: &Held,
    ) -> Result<Written, StoreError> {
        let digests = manifest.files.values().map(|entry| entry.digest);
        let digests = digests.filter(|digest| held.size(*digest).is_none());
        if let Some(missing) = self.missing_blobs(digests).await?.first() {
            return Err(StoreError::NotFound {
                key: Key::Blob(*missing).to_string(),
            });
        }
        // A bundle of the same release packed by another version is as good as this one.
        let bundle_key = Key::bundle(environment, manifest.release);
        if self.keep(&bundle_key.to_string()).await?.is_none() {
            let bundle = self.gather(manifest, held).await?;
            let bytes = self.blocking("bundle", move || bundle.encode()).await?;
            self.create_kept(&bundle_key, bytes.into()).await?;
        }
        let key = Key::release(environment, manifest.release);
        self.create_same_kept(&key, to_json(manifest)?).await
    }

    async fn gather(&self, manifest: &ReleaseManifest, held: &Held) -> Result<Bundle, StoreError> {
        let selected: Vec<_> = Bundle::selection(manifest)
            .map(|(path, entry)| (path.clone(), entry.digest))
            .collect();
        let files = stream::iter(selected)
            .map(|(path, digest)| async move {
                let content = match held.content(digest) {
                    Some(content) => content.clone(),
                    None => self.blob(digest).await?,
                };
                Ok::<_, StoreError>((path, content))
            })
            .buffer_unordered(CONCURRENCY)
            .try_collect()
            .await?;
        Ok(Bundle {
            manifest: manifest.clone(),
            files,
        })
    }

    /// A release's manifest. [`StoreError::Corrupt`] when it is not what its digest says.
    pub async fn release_manifest(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<ReleaseManifest, StoreError> {
        let key = Key::release(environment, release);
        let manifest: ReleaseManifest =
            self.read(&key).await?.ok_or_else(|| StoreError::NotFound {
                key: key.to_string(),
            })?;
        if manifest.release != release || !manifest.is_consistent() {
            return Err(StoreError::corrupt(key, "its content has another digest"));
        }
        Ok(manifest)
    }

    /// A release's bundle: its manifest and the files that compiles usually read, in one request.
    /// What it leaves out has a blob. [`StoreError::Corrupt`] when it is not what it should be.
    pub async fn release_bundle(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Bundle, StoreError> {
        let bytes = self.release_bundle_bytes(environment, release).await?;
        self.blocking("bundle", move || Ok(Bundle::decode(&bytes, release)))
            .await?
            .map_err(|reason| StoreError::corrupt(Key::bundle(environment, release), reason))
    }

    /// A release's bundle as it is stored, unchecked; to be kept, and read by [`Bundle::decode`].
    pub async fn release_bundle_bytes(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<Bytes, StoreError> {
        self.bytes(&Key::bundle(environment, release)).await
    }

    /// The releases of an environment, in the order of their digests.
    pub async fn releases(&self, environment: &EnvironmentName) -> Result<Vec<Digest>, StoreError> {
        let keys = self
            .keys(&format!("releases/{environment}"))
            .await?
            .into_iter();
        Ok(keys
            .filter_map(|(key, _)| match key {
                Key::Release { release, .. } => Some(release),
                _ => None,
            })
            .collect())
    }
}
