//! Removing what is not named.

use bunraku_farm::EnvironmentName;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::super::Store;
use super::mark::Marked;
use super::{Collected, Kind, Swept};
use crate::backend::Listed;
use crate::{Key, StoreError};

/// How many objects are looked at at once.
const AT_ONCE: usize = 32;

/// One collection's sweep.
struct Sweep<'a> {
    store: &'a Store,
    marked: &'a Marked,
    until: Instant,
    dry_run: bool,
}

/// What became of one object.
enum Fate {
    Young,
    Removed(u64),
    /// Another one did something to it, or there is no time left.
    Left,
}

impl Store {
    pub(super) async fn sweep(
        &self,
        marked: &Marked,
        until: Instant,
        dry_run: bool,
    ) -> Result<Collected, StoreError> {
        let sweep = Sweep {
            store: self,
            marked,
            until,
            dry_run,
        };
        let mut collected = Collected::default();
        // Manifests go before the files that they name: one that is there is whole.
        for environment in self.directories("releases").await? {
            let directory = format!("releases/{environment}");
            sweep
                .directory(&mut collected, Kind::Releases, &directory)
                .await?;
        }
        for environment in self.directories("rollouts").await? {
            let directory = format!("rollouts/{environment}");
            sweep
                .directory(&mut collected, Kind::Documents, &directory)
                .await?;
        }
        for (kind, directory) in [
            (Kind::Blobs, "blobs"),
            (Kind::Catalogs, "catalogs"),
            (Kind::PoolParts, "pool"),
        ] {
            sweep.directory(&mut collected, kind, directory).await?;
        }
        for environment in &marked.gone {
            sweep.documents(&mut collected, environment).await?;
        }
        collected.cut_short = sweep.is_over();
        Ok(collected)
    }
}

impl Sweep<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Sweeps the objects right under a directory.
    async fn directory(
        &self,
        collected: &mut Collected,
        kind: Kind,
        directory: &str,
    ) -> Result<(), StoreError> {
        let swept = collected.kinds.entry(kind).or_default();
        let listed = self.store.backend.list(directory).await?;
        let mut unnamed: Vec<(Key, Listed)> = Vec::new();
        for entry in listed {
            let key = format!("{directory}/{}", entry.name).parse::<Key>();
            match key {
                Ok(key) if !entry.directory && !self.marked.names(&key) => {
                    unnamed.push((key, entry));
                }
                Ok(_) if !entry.directory => swept.named += 1,
                _ => {}
            }
        }
        let mut fates = stream::iter(unnamed)
            .map(|(key, entry)| self.object(key, entry))
            .buffer_unordered(AT_ONCE);
        while let Some(fate) = fates.try_next().await? {
            count(swept, &fate);
        }
        Ok(())
    }

    /// Removes an object, unless it is young: it is looked at once more, and only what was seen goes.
    async fn object(&self, key: Key, entry: Listed) -> Result<Fate, StoreError> {
        let (grace, now) = (self.store.grace, self.store.host.now());
        let key = key.to_string();
        if entry
            .modified
            .is_none_or(|written| !grace.is_over(written, now))
        {
            return Ok(Fate::Young);
        }
        if self.dry_run {
            return Ok(Fate::Removed(entry.size));
        }
        let Some(head) = self.store.backend.head(&key).await? else {
            return Ok(Fate::Left);
        };
        if !grace.is_over(head.modified, now) {
            return Ok(Fate::Young);
        }
        if self.is_over() {
            return Ok(Fate::Left);
        }
        Ok(match self.store.backend.remove(&key, &head.stamp).await? {
            true => Fate::Removed(head.size),
            false => Fate::Left,
        })
    }

    /// Removes pointers and exports of an environment that was removed. Its members stay: their facts say
    /// that they are there, and a push that brings it back has to find them.
    async fn documents(
        &self,
        collected: &mut Collected,
        environment: &EnvironmentName,
    ) -> Result<(), StoreError> {
        let swept = collected.kinds.entry(Kind::Documents).or_default();
        // The pointers first: a node without one writes again what it exports.
        for directory in ["pointers", "exports", "outcomes", "rollouts"] {
            let directory = format!("{directory}/{environment}");
            for (key, size) in self.store.keys(&directory).await? {
                let head = self.store.backend.head(&key.to_string()).await?;
                let back = self.store.environment(environment).await?.is_some();
                let Some(head) = head else { continue };
                if back || self.is_over() {
                    return Ok(());
                }
                if self.dry_run || self.document(&key, &head.stamp).await? {
                    count(swept, &Fate::Removed(size));
                }
            }
        }
        Ok(())
    }

    /// Removes a document. If a push has just brought its environment back, a pointer that is lost costs a
    /// compile when its node asks; what a node exports would not come again, and so only that goes which
    /// was seen.
    async fn document(&self, key: &Key, stamp: &str) -> Result<bool, StoreError> {
        match key {
            Key::Pointer { .. } => self.store.delete(key).await,
            _ => self.store.backend.remove(&key.to_string(), stamp).await,
        }
    }
}

fn count(swept: &mut Swept, fate: &Fate) {
    match fate {
        Fate::Young => swept.young += 1,
        Fate::Removed(bytes) => {
            swept.removed += 1;
            swept.removed_bytes += bytes;
        }
        Fate::Left => {}
    }
}
