//! Sees every step, and says when one breaks what the farm promises.

mod budget;
mod environments;
mod lanes;
mod pointers;
mod references;
mod serving;

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::sync::Arc;

use bunraku_farm::documents::CatalogRef;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::Key;
use bytes::Bytes;
use flate2::read::GzDecoder;
use serde::Deserialize;
use tokio::time::Instant;

use crate::code::Code;
use crate::objects::Objects;
use environments::Environment;
use lanes::Lanes;
pub(crate) use lanes::Waits;
use pointers::Seen;
pub(crate) use serving::Serving;

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
    environments: BTreeMap<EnvironmentName, Environment>,
    pointers: HashMap<(EnvironmentName, Certname), Seen>,
    catalogs: HashMap<Digest, Certname>,
    codes: HashMap<Digest, Arc<Code>>,
    /// From which position each node was served, and when.
    served: HashMap<(EnvironmentName, Certname), Vec<(Instant, u64)>>,
    /// How many pointers name each release.
    reached: HashMap<(EnvironmentName, Digest), usize>,
    lanes: Lanes,
    began: Instant,
    violation: Option<Violation>,
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
            codes: HashMap::new(),
            served: HashMap::new(),
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
                Ok(document) => self.environment(objects, name, document),
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

    fn environment_mut(&mut self, name: &EnvironmentName) -> &mut Environment {
        self.environments.entry(name.clone()).or_default()
    }

    /// What a release says, as far as it is there.
    fn code(
        &mut self,
        objects: &Objects,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Option<Arc<Code>> {
        if let Some(code) = self.codes.get(&release) {
            return Some(Arc::clone(code));
        }
        let code = Arc::new(Code::read(objects, environment, release)?);
        self.codes.insert(release, Arc::clone(&code));
        Some(code)
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
