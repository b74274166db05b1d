//! What nodes export, and all of it together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ecow::EcoString;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::digest::AnswerDigest;
use crate::export_query::ExportQuery;

/// A resource that a node exports, as PuppetDB keeps it: values are plain JSON, secrets are left
/// out. What PuppetDB's resources endpoint prints can be read, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportedResource {
    /// The node that exports it.
    pub certname: EcoString,
    /// Capitalized in each segment.
    #[serde(rename = "type")]
    pub type_name: EcoString,
    /// The title.
    pub title: EcoString,
    /// Tags, those of its containers too. Queries ask for them; they are not passed on.
    #[serde(default)]
    pub tags: BTreeSet<EcoString>,
    /// Name to value.
    #[serde(default)]
    pub parameters: BTreeMap<EcoString, Json>,
    /// Display path of the manifest. Not passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<EcoString>,
    /// 1-based line of the declaration. Not passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Digest of the answer to a query: all that a collector sees of it.
#[must_use]
pub fn exported_digest(answer: &[Arc<ExportedResource>]) -> AnswerDigest {
    let seen: Vec<Json> = answer
        .iter()
        .map(|found| json!([found.certname, found.title, found.parameters]))
        .collect();
    AnswerDigest::of_json(&Json::Array(seen))
}

/// The exported resources of all nodes.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// By type; each list sorted by certname, then title.
    by_type: BTreeMap<EcoString, Vec<Arc<ExportedResource>>>,
}

impl Exports {
    /// All that a node other than `certname` exports and `query` asks for, sorted by certname, then
    /// title. (PuppetDB answers in no certain order.)
    #[must_use]
    pub fn answer(&self, query: &ExportQuery, certname: &str) -> Vec<Arc<ExportedResource>> {
        let of_type = self.by_type.get(&query.type_name);
        of_type
            .into_iter()
            .flatten()
            .filter(|found| found.certname != certname && query.matches(found))
            .cloned()
            .collect()
    }
}

impl FromIterator<Arc<ExportedResource>> for Exports {
    fn from_iter<I: IntoIterator<Item = Arc<ExportedResource>>>(resources: I) -> Self {
        let mut by_type: BTreeMap<EcoString, Vec<Arc<ExportedResource>>> = BTreeMap::new();
        for resource in resources {
            by_type
                .entry(resource.type_name.clone())
                .or_default()
                .push(resource);
        }
        for list in by_type.values_mut() {
            list.sort_by(|a, b| (&a.certname, &a.title).cmp(&(&b.certname, &b.title)));
        }
        Self { by_type }
    }
}

impl FromIterator<ExportedResource> for Exports {
    fn from_iter<I: IntoIterator<Item = ExportedResource>>(resources: I) -> Self {
        resources.into_iter().map(Arc::new).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(certname: &str, title: &str, line: u32) -> Arc<ExportedResource> {
        Arc::new(ExportedResource {
            certname: certname.into(),
            type_name: "Notify".into(),
            title: title.into(),
            tags: BTreeSet::new(),
            parameters: BTreeMap::new(),
            file: None,
            line: Some(line),
        })
    }

    fn titles(answer: &[Arc<ExportedResource>]) -> Vec<&str> {
        answer.iter().map(|found| found.title.as_str()).collect()
    }

    #[test]
    fn an_answer_is_sorted_and_without_the_asking_node() {
        let exports: Exports = [
            resource("b", "1", 1),
            resource("a", "2", 1),
            resource("a", "0", 1),
            resource("c", "3", 1),
        ]
        .into_iter()
        .collect();
        let all: ExportQuery = r#"["Notify"]"#.parse().unwrap();
        assert_eq!(titles(&exports.answer(&all, "c")), ["0", "2", "1"]);
        let other: ExportQuery = r#"["File"]"#.parse().unwrap();
        assert!(exports.answer(&other, "c").is_empty());
    }

    #[test]
    fn a_digest_knows_what_a_collector_sees_and_nothing_else() {
        let digest = |resource| exported_digest(&[resource]);
        assert_eq!(digest(resource("a", "x", 1)), digest(resource("a", "x", 2)));
        assert_ne!(digest(resource("a", "x", 1)), digest(resource("b", "x", 1)));
        assert_ne!(digest(resource("a", "x", 1)), exported_digest(&[]));
    }
}
