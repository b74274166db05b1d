//! What nodes export, and all of it together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ecow::EcoString;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::digest::AnswerDigest;
use crate::export_query::ExportQuery;

/// A resource that a node exports, as PuppetDB keeps it: values are plain JSON, secrets are left
/// out. What PuppetDB's resources endpoint prints can be read, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExportedResource {
    /// The node that exports it.
    #[schemars(with = "String")]
    pub certname: EcoString,
    /// Capitalized in each segment.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub type_name: EcoString,
    /// The title.
    #[schemars(with = "String")]
    pub title: EcoString,
    /// Tags, those of its containers too. Queries ask for them; they are not passed on.
    #[serde(default)]
    #[schemars(with = "BTreeSet<String>")]
    pub tags: BTreeSet<EcoString>,
    /// Name to value.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Json>")]
    pub parameters: BTreeMap<EcoString, Json>,
    /// Display path of the manifest. Not passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub file: Option<EcoString>,
    /// 1-based line of the declaration. Not passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// Digest of the answer to a query (sorted by certname, then title): all that a collector sees of it.
#[must_use]
pub fn exported_digest(answer: &[Arc<ExportedResource>]) -> AnswerDigest {
    AnswerDigests::of(answer).without("")
}

/// Digests of the answers to one query, for every node that may ask it. Each node sees all but its
/// own resources: these are taken out by node, so that a thousand collectors cost no thousand
/// readings of what they collect.
#[derive(Clone, Debug)]
pub struct AnswerDigests {
    /// By exporting node.
    parts: Vec<(EcoString, AnswerDigest)>,
}

impl AnswerDigests {
    fn of(answer: &[Arc<ExportedResource>]) -> Self {
        let by_node = answer.chunk_by(|a, b| a.certname == b.certname);
        let parts = by_node.filter_map(|found| {
            let certname = &found.first()?.certname;
            let seen: Vec<Json> = found
                .iter()
                .map(|found| json!([found.title, found.parameters]))
                .collect();
            let part = AnswerDigest::of_json(&json!([certname, seen]));
            Some((certname.clone(), part))
        });
        Self {
            parts: parts.collect(),
        }
    }

    /// The digest of the answer that `certname` gets: [`exported_digest`] of [`Exports::answer`].
    #[must_use]
    pub fn without(&self, certname: &str) -> AnswerDigest {
        let others = self.parts.iter().filter(|(from, _)| from != certname);
        let bytes: Vec<u8> = others.flat_map(|(_, part)| *part.as_bytes()).collect();
        AnswerDigest::of_bytes(&bytes)
    }
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

impl Exports {
    /// The digests of all answers to a query.
    #[must_use]
    pub fn digests(&self, query: &ExportQuery) -> AnswerDigests {
        AnswerDigests::of(&self.answer(query, ""))
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
    fn the_digests_of_all_askers_are_those_of_their_answers() {
        let exports: Exports = [("a", "0"), ("a", "1"), ("b", "2"), ("c", "3")]
            .into_iter()
            .map(|(certname, title)| resource(certname, title, 1))
            .collect();
        for query in [r#"["Notify"]"#, r#"["File"]"#] {
            let query: ExportQuery = query.parse().unwrap();
            let digests = exports.digests(&query);
            for asker in ["a", "b", "c", "d"] {
                let answer = exports.answer(&query, asker);
                assert_eq!(digests.without(asker), exported_digest(&answer), "{asker}");
            }
        }
    }

    #[test]
    fn a_digest_knows_what_a_collector_sees_and_nothing_else() {
        let digest = |resource| exported_digest(&[resource]);
        assert_eq!(digest(resource("a", "x", 1)), digest(resource("a", "x", 2)));
        assert_ne!(digest(resource("a", "x", 1)), digest(resource("b", "x", 1)));
        assert_ne!(digest(resource("a", "x", 1)), exported_digest(&[]));
    }
}
