//! How a node's pointer may change.

use std::collections::BTreeSet;

use bunraku_farm::documents::{CatalogRef, Pointer};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::Key;

use super::{Witness, digests};
use crate::objects::Objects;

/// A pointer as it was last seen, with the one aside.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    own: One,
    aside: Option<One>,
    /// The first position that the node ever had, of the environment or of a rollout.
    first: Option<u64>,
    /// All positions that it had.
    positions: BTreeSet<(u64, u64)>,
}

/// A pointer without the one aside.
#[derive(Clone, Debug)]
pub(super) struct One {
    position: (u64, u64),
    pub(super) catalog: Option<CatalogRef>,
    pub(super) release: Option<Digest>,
    exports: Option<Digest>,
    collects: bool,
    failed: bool,
}

impl One {
    fn of(pointer: &Pointer) -> Self {
        Self {
            position: (pointer.sequence, pointer.facts_generation),
            catalog: pointer.catalog,
            release: pointer.release,
            exports: pointer.exports,
            collects: pointer.pool_generation.is_some(),
            failed: pointer.failure.is_some(),
        }
    }
}

impl Seen {
    pub(super) fn both(&self) -> impl Iterator<Item = &One> {
        std::iter::once(&self.own).chain(&self.aside)
    }

    /// Whether the pointer was at a position.
    pub(super) fn was_at(&self, position: (u64, u64)) -> bool {
        self.positions.contains(&position)
    }

    /// Whether there is something for a position.
    pub(super) fn has_reached(&self, sequence: u64) -> bool {
        self.both().any(|one| one.position.0 >= sequence)
    }

    /// Whether something was compiled for the node before a position.
    pub(super) fn was_compiled_before(&self, sequence: u64) -> bool {
        self.first.is_some_and(|first| first < sequence)
    }

    /// Whether two pointers that change places, one aside before and the node's own now, must name the same
    /// catalog: that of the same facts, which neither collects nor exports anything else than the one that goes.
    fn must_stay(&self, next: &One) -> Option<CatalogRef> {
        let aside = self.aside.as_ref()?;
        let changes = self.own.release != next.release && aside.release == next.release;
        let stays = !aside.failed
            && !next.failed
            && !aside.collects
            && aside.exports == self.own.exports
            && aside.position.1 == next.position.1;
        aside.catalog.filter(|_| changes && stays)
    }
}

impl Witness {
    /// Whether a node's pointer was at a position, of sequence and facts.
    pub(crate) fn was_at(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
        position: (u64, u64),
    ) -> bool {
        let key = (environment.clone(), certname.clone());
        let seen = self.pointers.get(&key);
        seen.is_some_and(|seen| seen.was_at(position))
    }

    pub(super) fn pointer(
        &mut self,
        objects: &Objects,
        environment: EnvironmentName,
        certname: Certname,
        next: &Pointer,
    ) {
        let at = format!("{certname} in {environment}");
        let key = (environment, certname);
        let before = self.pointers.get(&key).cloned();
        let first = before.as_ref().and_then(|before| before.first);
        let positions = before.as_ref().map(|before| before.positions.clone());
        let mut positions = positions.unwrap_or_default();
        positions.insert((next.sequence, next.facts_generation));
        let seen = Seen {
            positions,
            own: One::of(next),
            aside: next.aside.as_deref().map(One::of),
            first: first.or(Some(next.sequence).filter(|sequence| *sequence > 0)),
        };
        if let Some(before) = &before {
            let (from, to) = (before.own.position, seen.own.position);
            if from > to {
                self.violate(
                    "no pointer goes back",
                    format!("{at}: from {from:?} to {to:?}"),
                );
            }
            if let Some(catalog) = before.must_stay(&seen.own)
                && seen.own.catalog != Some(catalog)
            {
                self.violate(
                    "opening a stage and taking it back compile nothing",
                    at.clone(),
                );
            }
        }
        for one in std::iter::once(next).chain(next.aside.as_deref()) {
            self.names_its_release(&key, one);
            for digest in one.catalog.iter().flat_map(digests) {
                let detail = format!("{at}: {digest}");
                if !objects.contains(&Key::Catalog(digest).to_string()) {
                    self.violate("who sees a pointer finds its catalog", detail.clone());
                }
                if self.catalogs.get(&digest) != Some(&key.1) {
                    self.violate("a pointer names a catalog of its node", detail);
                }
            }
        }
        let former = before.and_then(|before| before.own.release);
        self.pointers.insert(key.clone(), seen);
        if former != next.release {
            if let Some(release) = former {
                let count = self.reached.entry((key.0.clone(), release)).or_default();
                *count = count.saturating_sub(1);
            }
            if let Some(release) = next.release {
                *self.reached.entry((key.0, release)).or_default() += 1;
            }
        }
    }

    /// A pointer names the release of its position, or one that a person pinned its node to.
    fn names_its_release(&mut self, key: &(EnvironmentName, Certname), one: &Pointer) {
        let (sequence, release) = match &one.failure {
            Some(failure) => (failure.sequence, Some(failure.release)),
            None => (one.sequence, one.release),
        };
        if sequence == 0 && one.catalog.is_none() && one.failure.is_none() {
            // Of a node that has nothing yet but what is aside.
            return;
        }
        let environment = self.environment_mut(&key.0);
        let known = environment.releases.get(&sequence).copied();
        let pinned = environment.pinned.get(&key.1);
        let is_pinned = |release| pinned.is_some_and(|pinned| pinned.contains(&release));
        if known.is_none() || (known != release && !release.is_some_and(is_pinned)) {
            let detail = format!("{} in {}: {release:?} at sequence {sequence}", key.1, key.0);
            self.violate("a pointer names the release of its sequence", detail);
        }
    }
}
