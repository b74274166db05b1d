//! What refers to what: nothing that is still referred to may go.

use std::collections::BTreeSet;

use bunraku_farm::documents::{EnvironmentDoc, PoolDoc, ReleaseManifest};
use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::Key;
use jiff::{SignedDuration, Timestamp};

use super::{Witness, digests};
use crate::objects::Objects;
use crate::process::GRACE;
use crate::world::time_since;

/// How long a removed environment's releases have to be there, in seconds.
const REMOVED: i64 = GRACE as i64 - 400;

/// A part of a release that is not in the store.
pub(super) fn lacking(
    objects: &Objects,
    environment: &EnvironmentName,
    release: Digest,
) -> Option<Key> {
    let key = Key::release(environment, release);
    let Some(manifest) = objects.document::<ReleaseManifest>(&key) else {
        return Some(key);
    };
    let bundle = Key::bundle(environment, release);
    let blobs = manifest.files.values().map(|file| Key::Blob(file.digest));
    std::iter::once(bundle)
        .chain(blobs)
        .find(|key| !objects.contains(&key.to_string()))
}

/// The releases that an environment's document names, for agents, for workers and for an undo.
fn named(objects: &Objects, environment: &EnvironmentName, now: Timestamp) -> Vec<Digest> {
    let Some(document) = document(objects, environment) else {
        return Vec::new();
    };
    // Of one that was removed, for the grace; clocks differ.
    if document
        .removed_at
        .is_some_and(|removed| now.duration_since(removed) > SignedDuration::from_secs(REMOVED))
    {
        return Vec::new();
    }
    let history = document.history.iter().map(|change| change.release);
    let now = [Some(document.release), document.previous];
    // What comes, and what an undo brings back.
    let active = document.rollouts.iter().filter(|rollout| {
        !rollout.state.is_over() || !rollout.settled || rollout.sequence == document.sequence
    });
    let of_rollouts = active.flat_map(|rollout| {
        let former = rollout.former.as_ref().map(|former| former.release);
        [Some(rollout.release), former].into_iter().flatten()
    });
    let pinned = document.pins.values().map(|pin| pin.release);
    now.into_iter()
        .flatten()
        .chain(history)
        .chain(of_rollouts)
        .chain(pinned)
        .collect()
}

fn document(objects: &Objects, environment: &EnvironmentName) -> Option<EnvironmentDoc> {
    objects.document(&Key::Environment(environment.clone()))
}

impl Witness {
    /// An object was removed.
    pub(crate) fn deleted(&mut self, objects: &Objects, key: &str) {
        if let Ok(Key::Pointer {
            environment,
            certname,
        }) = key.parse()
        {
            self.pointers.remove(&(environment, certname));
            return;
        }
        if let Ok(Key::Member {
            environment,
            certname,
        }) = key.parse()
        {
            self.environment_mut(&environment).moved.insert(certname);
            return;
        }
        if let Some(by) = self.referrer(objects, key) {
            let detail = format!("{key} was removed, which {by} names");
            self.violate("nothing that is referred to is collected", detail);
        }
    }

    /// The releases of an environment that are kept: for it, and for nodes that are behind.
    fn releases(&self, objects: &Objects, environment: &EnvironmentName) -> BTreeSet<Digest> {
        let served = self
            .pointers
            .iter()
            .filter(|(key, _)| key.0 == *environment);
        served
            .flat_map(|(_, seen)| seen.both())
            .filter_map(|one| one.release)
            .chain(named(objects, environment, time_since(self.began)))
            .collect()
    }

    /// Who names an object that is not there any more.
    fn referrer(&self, objects: &Objects, key: &str) -> Option<String> {
        match key.parse().ok()? {
            Key::Catalog(digest) => self
                .pointers
                .iter()
                .find(|(_, seen)| {
                    let mut both = seen.both().flat_map(|one| &one.catalog);
                    both.any(|catalog| digests(catalog).any(|it| it == digest))
                })
                .map(|((environment, certname), _)| format!("{certname} in {environment}")),
            Key::Pool => Some("the pool".to_owned()),
            Key::PoolPart(digest) => {
                let pool: PoolDoc = objects.document(&Key::Pool)?;
                let named = pool.parts().contains(&digest) || pool.former.contains(&digest);
                named.then(|| "the pool".to_owned())
            }
            Key::Release {
                environment,
                release,
            }
            | Key::Bundle {
                environment,
                release,
            } => self
                .releases(objects, &environment)
                .contains(&release)
                .then(|| environment.to_string()),
            Key::Blob(digest) => {
                let names = |name: &EnvironmentName| {
                    self.releases(objects, name).into_iter().any(|release| {
                        let key = Key::release(name, release);
                        let manifest: Option<ReleaseManifest> = objects.document(&key);
                        manifest.is_some_and(|manifest| {
                            manifest.files.values().any(|file| file.digest == digest)
                        })
                    })
                };
                let mut environments = self.environments.keys();
                environments
                    .find(|name| names(name))
                    .map(ToString::to_string)
            }
            Key::Rollout {
                environment,
                sequence,
            } => document(objects, &environment)?
                .rollouts
                .iter()
                .any(|rollout| rollout.sequence == sequence)
                .then(|| environment.to_string()),
            _ => None,
        }
    }

    /// An object that is there though nobody refers to it, and is to be collected.
    pub(crate) fn unreferenced(&self, objects: &Objects) -> Option<String> {
        let collected = ["blobs/", "catalogs/", "pool/", "releases/", "rollouts/"];
        let mut keys = objects
            .keys()
            .filter(|key| collected.iter().any(|kind| key.starts_with(kind)));
        keys.find(|key| self.referrer(objects, key).is_none())
            .map(str::to_owned)
    }
}
