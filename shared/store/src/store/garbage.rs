//! Collecting what no document names. The rule, and why nothing that is named is lost, is told in
//! [`bunraku_farm::garbage`].

mod mark;
mod sweep;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use bunraku_farm::documents::{CollectionDoc, Turn};
use serde::Serialize;
use tokio::time::Instant;

use super::Store;
use crate::{Key, StoreError};

/// What is collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Manifests and bundles of releases.
    Releases,
    /// Contents of files.
    Blobs,
    /// Catalogs.
    Catalogs,
    /// Parts of the pool of exported resources.
    PoolParts,
    /// Pointers and exports of environments that were removed.
    Documents,
}

/// What became of the objects of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Named by a document.
    pub named: u64,
    /// Named by none, and younger than the grace.
    pub young: u64,
    /// Removed; in a dry run, those that would be.
    pub removed: u64,
    /// Their sizes, in bytes.
    pub removed_bytes: u64,
}

/// What came of a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// By kind.
    pub kinds: BTreeMap<Kind, Swept>,
    /// Whether it ended since it had taken too long for what it knew to be true still, or had no more time. The next
    /// one goes on.
    pub cut_short: bool,
}

impl Store {
    /// Removes what no document names and is older than the grace; in a dry run, says what it would
    /// remove.
    ///
    /// Any number of collections may run at the same time, and each may be killed anywhere. One reads every
    /// pointer, and lists all objects: of a million nodes, a million reads and some thousand listings. It
    /// keeps about 50 bytes in memory for each catalog and file that is named, and about 300 for each
    /// object of the largest kind.
    ///
    /// # Errors
    /// When a document can't be read, nothing is removed: it might name anything.
    pub async fn collect_garbage(&self, dry_run: bool) -> Result<Collected, StoreError> {
        self.collect(self.grace.run(), dry_run).await
    }

    async fn collect(&self, time: Duration, dry_run: bool) -> Result<Collected, StoreError> {
        let until = Instant::now() + time;
        let marked = self.mark().await?;
        self.sweep(&marked, until, dry_run).await
    }

    /// [`Store::collect_garbage`], if it is its turn, whoever works on this store did the last one; else `None`. It is
    /// cut short when `time` is over, if there is such a bound; what was removed until then is done.
    ///
    /// # Errors
    /// As there.
    pub async fn collect_garbage_in_turn(
        &self,
        turn: Turn,
        time: Option<Duration>,
    ) -> Result<Option<Collected>, StoreError> {
        let now = self.host.now();
        let claimed = self
            .update(&Key::Collection, |last: Option<&CollectionDoc>| {
                CollectionDoc::following(last, now, turn)
            })
            .await?;
        let Some(begun) = claimed.value.filter(|_| claimed.written) else {
            return Ok(None);
        };
        let longest = self.grace.run();
        let time = time.map_or(longest, |time| time.min(longest));
        let collected = self.collect(time, false).await?;
        if !collected.cut_short {
            let now = self.host.now();
            self.update(&Key::Collection, |last: Option<&CollectionDoc>| {
                // Not of one that another began since.
                (last == Some(&begun)).then(|| begun.ended(now))
            })
            .await?;
        }
        Ok(Some(collected))
    }
}
