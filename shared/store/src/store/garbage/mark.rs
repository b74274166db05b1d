//! What documents name.

use std::collections::{BTreeSet, HashSet};

use bunraku_farm::documents::{EnvironmentDoc, Pointer};
use bunraku_farm::garbage::{of_environment, of_pointer};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use futures::{StreamExt, TryStreamExt, stream};

use super::super::Store;
use crate::{Key, StoreError};

/// How many documents are read at once.
const AT_ONCE: usize = 64;

/// Everything that is named.
#[derive(Debug, Default)]
pub(super) struct Marked {
    pub(super) releases: HashSet<(EnvironmentName, Digest)>,
    pub(super) blobs: HashSet<Digest>,
    pub(super) catalogs: HashSet<Digest>,
    pub(super) parts: HashSet<Digest>,
    /// Rollouts by their environment and sequence: who is in which stage.
    pub(super) rollouts: HashSet<(EnvironmentName, u64)>,
    /// Environments that were removed, and whose grace is over.
    pub(super) gone: BTreeSet<EnvironmentName>,
}

impl Marked {
    /// Whether an object is named.
    pub(super) fn names(&self, key: &Key) -> bool {
        match key {
            Key::Blob(digest) => self.blobs.contains(digest),
            Key::Catalog(digest) => self.catalogs.contains(digest),
            Key::PoolPart(digest) => self.parts.contains(digest),
            Key::Release {
                environment,
                release,
            }
            | Key::Bundle {
                environment,
                release,
            } => self.releases.contains(&(environment.clone(), *release)),
            Key::Rollout {
                environment,
                sequence,
            } => self.rollouts.contains(&(environment.clone(), *sequence)),
            // Nothing else is collected for not being named.
            _ => true,
        }
    }
}

impl Store {
    /// Reads every document that names something. Whatever else comes to name objects belongs here.
    pub(super) async fn mark(&self) -> Result<Marked, StoreError> {
        let mut marked = Marked::default();
        for name in self.environments().await? {
            self.mark_environment(&mut marked, name).await?;
        }
        for name in self.directories("pointers").await? {
            // Also of an environment that is gone, as long as they are there: a push may bring it back.
            if let Ok(name) = EnvironmentName::parse(name) {
                self.mark_pointers(&mut marked, &name).await?;
            }
        }
        self.mark_files(&mut marked).await?;
        if let Some(pool) = self.pool().await? {
            marked.parts.extend(pool.value.parts());
            marked.parts.extend(pool.value.former);
        }
        Ok(marked)
    }

    async fn mark_environment(
        &self,
        marked: &mut Marked,
        name: EnvironmentName,
    ) -> Result<(), StoreError> {
        let key = Key::Environment(name.clone());
        let Some(document) = self.read::<EnvironmentDoc>(&key).await? else {
            return Ok(());
        };
        let now = self.host.now();
        let kept: Vec<Digest> = of_environment(&document, self.grace, now).collect();
        if kept.is_empty() {
            marked.gone.insert(name);
            return Ok(());
        }
        let rollouts = document.rollouts.iter().map(|rollout| rollout.sequence);
        marked
            .rollouts
            .extend(rollouts.map(|sequence| (name.clone(), sequence)));
        let releases = kept.into_iter().map(|release| (name.clone(), release));
        marked.releases.extend(releases);
        Ok(())
    }

    async fn mark_pointers(
        &self,
        marked: &mut Marked,
        environment: &EnvironmentName,
    ) -> Result<(), StoreError> {
        let nodes: Vec<Certname> = self.pointers(environment).await?;
        let mut read = stream::iter(nodes)
            .map(|certname| async move {
                let key = Key::pointer(environment, &certname);
                let pointer = self.read::<Pointer>(&key).await?;
                Ok::<_, StoreError>(pointer)
            })
            .buffer_unordered(AT_ONCE);
        while let Some(pointer) = read.try_next().await? {
            for named in pointer.iter().flat_map(of_pointer) {
                marked.catalogs.extend(named.catalogs());
                let release = named.release.map(|release| (environment.clone(), release));
                marked.releases.extend(release);
            }
        }
        Ok(())
    }

    /// The files of the releases that are named. One whose manifest is not there has none to lose.
    async fn mark_files(&self, marked: &mut Marked) -> Result<(), StoreError> {
        for (environment, release) in &marked.releases {
            match self.release_manifest(environment, *release).await {
                Ok(manifest) => {
                    let files = manifest.files.into_values();
                    marked.blobs.extend(files.map(|file| file.digest));
                }
                Err(error) if error.is_not_found() => {
                    tracing::warn!(%error, %environment, "a release is named, and not there");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
