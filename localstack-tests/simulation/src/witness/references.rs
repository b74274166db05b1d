//! What refers to what: nothing that is still referred to may go.

use bunraku_farm::documents::{EnvironmentDoc, ReleaseManifest};
use bunraku_farm::{Digest, EnvironmentName};
use bunraku_store::Key;

use super::{Witness, digests};
use crate::objects::Objects;

/// A part of a release that is not in the store.
pub(super) fn lacking(
    objects: &Objects,
    environment: &EnvironmentName,
    release: Digest,
) -> Option<Key> {
    let key = Key::release(environment, release);
    let Some(manifest) = manifest(objects, &key) else {
        return Some(key);
    };
    let bundle = Key::bundle(environment, release);
    let blobs = manifest.files.values().map(|file| Key::Blob(file.digest));
    std::iter::once(bundle)
        .chain(blobs)
        .find(|key| !objects.contains(&key.to_string()))
}

fn manifest(objects: &Objects, key: &Key) -> Option<ReleaseManifest> {
    serde_json::from_slice(objects.bytes(&key.to_string())?).ok()
}

/// The releases that an environment's document names, for agents, for workers and for an undo.
fn named(objects: &Objects, environment: &EnvironmentName) -> Vec<Digest> {
    let key = Key::Environment(environment.clone()).to_string();
    let bytes = objects.bytes(&key);
    let document = bytes.and_then(|bytes| serde_json::from_slice::<EnvironmentDoc>(bytes).ok());
    let Some(document) = document else {
        return Vec::new();
    };
    let history = document.history.iter().map(|change| change.release);
    let now = [Some(document.release), document.previous];
    now.into_iter().flatten().chain(history).collect()
}

impl Witness {
    /// An object was removed.
    pub(crate) fn deleted(&mut self, objects: &Objects, key: &str) {
        if let Some(by) = self.referrer(objects, key) {
            let detail = format!("{key} was removed, which {by} names");
            self.violate("nothing that is referred to is collected", detail);
        }
    }

    /// Who names an object that is not there any more.
    fn referrer(&self, objects: &Objects, key: &str) -> Option<String> {
        match key.parse().ok()? {
            Key::Catalog(digest) => self
                .pointers
                .iter()
                .find(|(_, seen)| seen.catalog.iter().flat_map(digests).any(|it| it == digest))
                .map(|((environment, certname), _)| format!("{certname} in {environment}")),
            Key::Release {
                environment,
                release,
            }
            | Key::Bundle {
                environment,
                release,
            } => {
                let served = self
                    .pointers
                    .iter()
                    .any(|(key, seen)| key.0 == environment && seen.release == Some(release));
                (served || named(objects, &environment).contains(&release))
                    .then(|| environment.to_string())
            }
            Key::Blob(digest) => {
                let names = |name: &EnvironmentName| {
                    named(objects, name).into_iter().any(|release| {
                        manifest(objects, &Key::release(name, release)).is_some_and(|manifest| {
                            manifest.files.values().any(|file| file.digest == digest)
                        })
                    })
                };
                let mut environments = self.environments.keys();
                environments
                    .find(|name| names(name))
                    .map(ToString::to_string)
            }
            _ => None,
        }
    }
}
