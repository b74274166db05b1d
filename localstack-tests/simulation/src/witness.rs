//! Sees every step, and says when one breaks what the farm promises.

mod budget;
mod lanes;
mod references;

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, Pointer};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::Key;
use bytes::Bytes;
use flate2::read::GzDecoder;
use serde::Deserialize;
use tokio::time::Instant;

use crate::objects::Objects;
use lanes::Lanes;
pub(crate) use lanes::Waits;

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{invariant}: {detail}")]
pub struct Violation {
    /// The invariant's name.
    pub invariant: &'static str,
    /// What broke it.
    pub detail: String,
}

/// What was seen so far.
#[derive(Debug)]
pub(crate) struct Witness {
    environments: BTreeMap<EnvironmentName, BTreeMap<u64, Digest>>,
    pointers: HashMap<(EnvironmentName, Certname), Seen>,
    catalogs: HashMap<Digest, Certname>,
    /// How many pointers name each release.
    reached: HashMap<(EnvironmentName, Digest), usize>,
    lanes: Lanes,
    began: Instant,
    violation: Option<Violation>,
}

/// A pointer as it was last seen.
#[derive(Clone, Debug)]
struct Seen {
    position: (u64, u64),
    catalog: Option<CatalogRef>,
    release: Option<Digest>,
}

/// Whose catalog it is.
#[derive(Deserialize)]
struct Named {
    name: Certname,
}

impl Witness {
    /// One that looks at the order of lanes, too, if `lanes`: that takes a look at the whole queue each
    /// time that something is taken from it.
    pub(crate) fn new(lanes: bool) -> Self {
        Self {
            environments: BTreeMap::new(),
            pointers: HashMap::new(),
            catalogs: HashMap::new(),
            reached: HashMap::new(),
            lanes: Lanes::new(lanes),
            began: Instant::now(),
            violation: None,
        }
    }

    pub(crate) fn violate(&mut self, invariant: &'static str, detail: impl Into<String>) {
        self.violation.get_or_insert_with(|| Violation {
            invariant,
            detail: detail.into(),
        });
    }

    pub(crate) fn take_violation(&mut self) -> Option<Violation> {
        self.violation.take()
    }

    /// An object was written.
    pub(crate) fn wrote(&mut self, objects: &Objects, key: &str, bytes: &Bytes) {
        match key.parse() {
            Ok(Key::Environment(name)) => match serde_json::from_slice(bytes) {
                Ok(document) => self.environment(objects, name, &document),
                Err(error) => self.violate("documents can be read", format!("{key}: {error}")),
            },
            Ok(Key::Pointer {
                environment,
                certname,
            }) => match serde_json::from_slice(bytes) {
                Ok(pointer) => self.pointer(objects, environment, certname, &pointer),
                Err(error) => self.violate("documents can be read", format!("{key}: {error}")),
            },
            Ok(Key::Catalog(digest)) => self.catalog(key, digest, bytes),
            _ => {}
        }
    }

    fn catalog(&mut self, key: &str, digest: Digest, gzip: &Bytes) {
        let mut json = Vec::new();
        let read = GzDecoder::new(gzip.as_ref()).read_to_end(&mut json);
        match serde_json::from_slice::<Named>(&json) {
            Ok(named) if read.is_ok() && Digest::of(&json) == digest => {
                self.catalogs.insert(digest, named.name);
            }
            _ => self.violate("a catalog is what its digest says", key),
        }
    }

    fn environment(&mut self, objects: &Objects, name: EnvironmentName, next: &EnvironmentDoc) {
        let releases = self.environments.entry(name.clone()).or_default();
        let (last, release) = releases
            .last_key_value()
            .map_or((0, None), |(sequence, release)| (*sequence, Some(*release)));
        let stays = next.sequence == last && release == Some(next.release);
        let grows = next.sequence == last + 1;
        if !stays && !grows {
            let detail = format!("{name}: from {last} to {}", next.sequence);
            self.violate(
                "an environment's sequence grows by one with its release",
                detail,
            );
            return;
        }
        releases.insert(next.sequence, next.release);
        if let Some(lacking) = references::lacking(objects, &name, next.release) {
            let detail = format!("{name}: {} without {lacking}", next.release.short());
            self.violate("who sees an environment finds its release", detail);
        }
    }

    fn pointer(
        &mut self,
        objects: &Objects,
        environment: EnvironmentName,
        certname: Certname,
        next: &Pointer,
    ) {
        let at = format!("{certname} in {environment}");
        let position = (next.sequence, next.facts_generation);
        let key = (environment, certname);
        if let Some(before) = self.pointers.get(&key)
            && before.position > position
        {
            let detail = format!("{at}: from {:?} to {position:?}", before.position);
            self.violate("no pointer goes back", detail);
        }
        let known = |sequence| self.environments.get(&key.0)?.get(&sequence).copied();
        let (sequence, release) = match &next.failure {
            Some(failure) => (failure.sequence, Some(failure.release)),
            None => (next.sequence, next.release),
        };
        if known(sequence).is_none() || known(sequence) != release {
            let detail = format!("{at}: {release:?} at sequence {sequence}");
            self.violate("a pointer names the release of its sequence", detail);
        }
        for digest in next.catalog.iter().flat_map(digests) {
            if !objects.contains(&Key::Catalog(digest).to_string()) {
                let detail = format!("{at}: {digest}");
                self.violate("who sees a pointer finds its catalog", detail);
            }
            if self.catalogs.get(&digest) != Some(&key.1) {
                let detail = format!("{at}: {digest}");
                self.violate("a pointer names a catalog of its node", detail);
            }
        }
        let seen = Seen {
            position,
            catalog: next.catalog,
            release: next.release,
        };
        let before = self.pointers.insert(key.clone(), seen);
        let before = before.and_then(|before| before.release);
        if before != next.release {
            if let Some(release) = before {
                let count = self.reached.entry((key.0.clone(), release)).or_default();
                *count = count.saturating_sub(1);
            }
            if let Some(release) = next.release {
                *self.reached.entry((key.0, release)).or_default() += 1;
            }
        }
    }

    /// How many nodes are at a release.
    pub(crate) fn nodes_at(&self, environment: &EnvironmentName, release: Digest) -> usize {
        let key = (environment.clone(), release);
        self.reached.get(&key).copied().unwrap_or(0)
    }
}

/// Both forms of a catalog.
fn digests(catalog: &CatalogRef) -> impl Iterator<Item = Digest> {
    [Some(catalog.digest), catalog.plain_digest]
        .into_iter()
        .flatten()
}
