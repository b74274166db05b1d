//! Pre-built catalogs: what a release serves to some nodes in the place of a compiled catalog.
//!
//! They are files of the release, so that they take part in whatever releases do: they are sealed and named by their
//! digests, rolled out in stages, undone, kept and collected with it. A push of code leaves them as they are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Node, Patterns, Selector};
use crate::{Certname, CodePath, Digest, PrebuiltName};

/// `.bunraku/prebuilt.json` of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrebuiltCatalogs {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The catalogs, newest first: the first one that is for a node is the node's.
    pub catalogs: Vec<Prebuilt>,
}

/// A catalog for some nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Prebuilt {
    /// What it is called: one that comes under the same name takes its place.
    pub name: PrebuiltName,
    /// SHA-256 of its file, [`Prebuilt::path`].
    pub catalog: Digest,
    /// For nodes that are called like one of these.
    pub certname: Patterns,
    /// For nodes whose facts, by their dotted paths, are each like one of these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fact: BTreeMap<String, Patterns>,
    /// Whether `%{certname}` in it stands for the name of the node.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub template: bool,
    /// Who published it, as they say.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What an upload changes of them; it changes nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrebuiltChange {
    /// A catalog comes in; its file is that of the upload.
    Publish(Prebuilt),
    /// It is taken back.
    Unpublish(PrebuiltName),
}

impl Prebuilt {
    /// Its file in the release.
    pub fn path(name: &PrebuiltName) -> Result<CodePath, crate::NameError> {
        CodePath::parse(format!("{}{name}.json", PrebuiltCatalogs::CATALOGS))
    }

    /// The name of the one whose file this is.
    pub fn named_by(path: &str) -> Option<&str> {
        path.strip_prefix(PrebuiltCatalogs::CATALOGS)?
            .strip_suffix(".json")
    }

    /// The nodes it is for, as far as their facts say.
    pub fn selector(&self) -> Selector {
        Selector {
            certname: Some(self.certname.clone()),
            fact: self.fact.clone(),
            class: None,
        }
    }
}

impl PrebuiltCatalogs {
    /// Where files lie that belong to the farm, and not to the code.
    pub const OWN: &str = ".bunraku/";
    /// Where the document is.
    pub const PATH: &str = ".bunraku/prebuilt.json";
    /// Where the catalogs are.
    pub const CATALOGS: &str = ".bunraku/prebuilt/";

    /// Those that may be a node's, by its name alone; the first whose facts hold is.
    pub fn candidates(&self, certname: &Certname) -> Vec<&Prebuilt> {
        let node = Node::named(certname.clone());
        let called = |prebuilt: &&Prebuilt| {
            let by_name = Selector {
                certname: Some(prebuilt.certname.clone()),
                ..Selector::default()
            };
            by_name.holds_for(&node) == Ok(true)
        };
        self.catalogs.iter().filter(called).collect()
    }

    /// The same after a change; `None` when there is nothing of the name to take back.
    pub fn changed(&self, change: &PrebuiltChange) -> Option<Self> {
        let (name, newcomer) = match change {
            PrebuiltChange::Publish(prebuilt) => (&prebuilt.name, Some(prebuilt)),
            PrebuiltChange::Unpublish(name) => (name, None),
        };
        let others = self.catalogs.iter().filter(|other| other.name != *name);
        let catalogs: Vec<_> = newcomer.into_iter().chain(others).cloned().collect();
        (newcomer.is_some() || catalogs.len() < self.catalogs.len()).then_some(Self {
            version: super::VERSION,
            catalogs,
        })
    }
}

impl Default for PrebuiltCatalogs {
    fn default() -> Self {
        Self {
            version: super::VERSION,
            catalogs: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn prebuilt(name: &str, certname: &str) -> Prebuilt {
        serde_json::from_value(json!({
            "name": name, "catalog": Digest::of(name), "certname": certname, "by": "me", "at": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn names(all: &PrebuiltCatalogs, node: &str) -> Vec<String> {
        let candidates = all.candidates(&Certname::parse(node).unwrap());
        candidates.iter().map(|it| it.name.to_string()).collect()
    }

    #[test]
    fn the_newest_comes_first_and_takes_the_place_of_its_name() {
        let publish = |former: PrebuiltCatalogs, name: &str, certname: &str| {
            let change = PrebuiltChange::Publish(prebuilt(name, certname));
            former.changed(&change).unwrap()
        };
        let one = publish(PrebuiltCatalogs::default(), "web", "web*");
        let two = publish(one, "all", "*");
        assert_eq!(names(&two, "web1"), ["all", "web"]);
        assert_eq!(names(&two, "db1"), ["all"]);
        let again = publish(two, "web", "www*");
        assert_eq!(names(&again, "web1"), ["all"]);
        assert_eq!(names(&again, "www1"), ["web", "all"]);
        let take_back = |name: &str| {
            let name = PrebuiltName::parse(name).unwrap();
            again.changed(&PrebuiltChange::Unpublish(name))
        };
        assert_eq!(names(&take_back("all").unwrap(), "web1"), [""; 0]);
        assert_eq!(take_back("other"), None);
    }
}
