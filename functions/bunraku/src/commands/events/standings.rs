//! Where every node stood when others were last told: what a restart neither misses nor repeats.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bunraku_farm::documents::Pointer;
use bunraku_farm::{Certname, EnvironmentName, Publication, Standing};
use serde::{Deserialize, Serialize};

use crate::document;
use crate::failure::Result;

type Nodes = BTreeMap<EnvironmentName, BTreeMap<Certname, Standing>>;

/// The state file.
#[derive(Debug, Deserialize, Serialize)]
struct Document {
    version: u32,
    environments: Nodes,
}

/// The nodes that are known.
#[derive(Debug, Default)]
pub(super) struct Standings {
    path: Option<PathBuf>,
    nodes: Nodes,
    changed: bool,
}

impl Standings {
    /// Reads what is remembered; `None` when nothing is: then what is there already is no news.
    pub(super) fn open(path: Option<PathBuf>) -> Result<(Self, bool)> {
        let document: Option<Document> = match &path {
            Some(path) => document::read(path)?,
            None => None,
        };
        let is_new = document.is_none();
        let nodes = document.map_or_else(Nodes::new, |document| document.environments);
        let standings = Self {
            path,
            nodes,
            changed: is_new,
        };
        Ok((standings, is_new))
    }

    /// What to tell of a pointer.
    pub(super) fn news(
        &self,
        environment: &EnvironmentName,
        pointer: &Pointer,
    ) -> Option<Publication> {
        let nodes = self.nodes.get(environment);
        let before = nodes.and_then(|nodes| nodes.get(&pointer.certname));
        let before = before.copied().unwrap_or_default();
        Publication::of(environment, pointer, before.catalog, Some(before))
    }

    /// Others know of this pointer now.
    pub(super) fn told(&mut self, environment: &EnvironmentName, pointer: &Pointer) {
        let nodes = self.nodes.entry(environment.clone()).or_default();
        let standing = Standing::of(pointer);
        let former = nodes.insert(pointer.certname.clone(), standing);
        self.changed |= former != Some(standing);
    }

    /// Forgets a node whose pointer is gone.
    pub(super) fn forget(&mut self, environment: &EnvironmentName, certname: &Certname) {
        if let Some(nodes) = self.nodes.get_mut(environment) {
            self.changed |= nodes.remove(certname).is_some();
        }
    }

    /// Writes down what changed since the last time.
    pub(super) fn save(&mut self) -> Result<()> {
        let Some(path) = self.path.as_ref().filter(|_| self.changed) else {
            return Ok(());
        };
        let document = Document {
            version: 1,
            environments: std::mem::take(&mut self.nodes),
        };
        let saved = document::write(path, &document);
        self.nodes = document.environments;
        self.changed = saved.is_err();
        saved
    }
}
