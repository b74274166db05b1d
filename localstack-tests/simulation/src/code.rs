//! What a release says of each node: read from its files, and not as the farm reads them.

use std::collections::BTreeMap;

use bunraku_farm::documents::{FileEntry, Node, Prebuilt, PrebuiltCatalogs, ReleaseManifest};
use bunraku_farm::{Certname, CodePath, Digest, EnvironmentName};
use bunraku_store::Key;
use serde_json::{Map, Value};

use crate::objects::Objects;
use crate::site::{self, Said};

/// A release.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    roles: BTreeMap<String, Role>,
    catalogs: PrebuiltCatalogs,
    /// Mottos of the pre-built catalogs, by their names.
    published: BTreeMap<String, String>,
    /// What the release would be without pre-built catalogs.
    pub(crate) code: Digest,
    /// What it would be with nothing else.
    pub(crate) own: Digest,
}

#[derive(Clone, Debug)]
struct Role {
    motto: String,
    broken: bool,
}

/// What a node is to have of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The code's error.
    Broken,
    /// A catalog that says this.
    Says(Said),
}

impl Code {
    /// Reads a release; `None` when some of it is not there.
    pub(crate) fn read(
        objects: &Objects,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Option<Self> {
        let manifest: ReleaseManifest = objects.document(&Key::release(environment, release))?;
        let blob = |file: &FileEntry| objects.bytes(&Key::Blob(file.digest).to_string());
        let (mut roles, mut published) = (BTreeMap::new(), BTreeMap::new());
        for (path, file) in &manifest.files {
            let path = path.as_str();
            if let Some(role) = site::role_of(path) {
                roles.insert(role.to_owned(), Role::read(role, blob(file)?)?);
            } else if let Some(name) = Prebuilt::named_by(path) {
                let catalog: Value = serde_json::from_slice(blob(file)?).ok()?;
                published.insert(name.to_owned(), site::said(&catalog)?.motto);
            }
        }
        let list = manifest.files.get(PrebuiltCatalogs::PATH);
        let catalogs = match list {
            Some(list) => serde_json::from_slice(blob(list)?).ok()?,
            None => PrebuiltCatalogs::default(),
        };
        let part = |own: bool| {
            let files = manifest.files.iter();
            let files = files
                .filter(|(path, _)| path.starts_with(PrebuiltCatalogs::OWN) == own)
                .map(|(path, file)| (path.clone(), *file));
            ReleaseManifest::new(files.collect::<BTreeMap<CodePath, FileEntry>>()).release
        };
        Some(Self {
            roles,
            catalogs,
            published,
            code: part(false),
            own: part(true),
        })
    }

    /// The digest of what is published under a name.
    pub(crate) fn published(&self, name: &str) -> Option<Digest> {
        let mut catalogs = self.catalogs.catalogs.iter();
        catalogs
            .find(|catalog| catalog.name.as_str() == name)
            .map(|catalog| catalog.catalog)
    }

    /// What a node with these facts is to have.
    pub(crate) fn expected(&self, certname: &Certname, facts: &Map<String, Value>) -> Expected {
        let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut node = Node::named(certname.clone());
        node.learn_facts(facts.clone());
        let mut catalogs = self.catalogs.catalogs.iter();
        let chosen = catalogs.find(|catalog| catalog.selector().holds_for(&node) == Ok(true));
        if let Some(chosen) = chosen {
            return Expected::Says(Said {
                motto: self
                    .published
                    .get(chosen.name.as_str())
                    .cloned()
                    .unwrap_or_default(),
                // What stands for the node's name in them.
                mood: certname.to_string(),
            });
        }
        match self.roles.get(text("role")) {
            Some(role) if !role.broken => Expected::Says(Said {
                motto: role.motto.clone(),
                mood: text("mood").to_owned(),
            }),
            _ => Expected::Broken,
        }
    }
}

impl Role {
    fn read(role: &str, text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let value = |name: &str| {
            let prefix = format!("{role}::{name}: ");
            text.lines()
                .find_map(|line| line.strip_prefix(prefix.as_str()))
        };
        Some(Self {
            motto: value("motto")?.to_owned(),
            broken: value("broken")? != "false",
        })
    }
}
