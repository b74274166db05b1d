//! From the nodes' documents to the pool, and to the nodes that must be compiled anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bunraku_catalog::{AnswerDigests, ExportQuery, ExportedResource, Exports};
use ecow::EcoString;
use jiff::Timestamp;

use crate::documents::{ExchangeDoc, PoolNode, PoolNodes};
use crate::{Certname, EnvironmentName};

/// The documents of nodes that are where the document is, each with the writing that the listing tells.
pub type Listed = BTreeMap<EnvironmentName, BTreeMap<Certname, String>>;

/// The documents to read: those whose writing is not the one that was read last, and those of nodes that left
/// another environment.
pub fn changes(known: &PoolNodes, listed: &Listed) -> Vec<(EnvironmentName, Certname)> {
    let mut changed = Vec::new();
    let left = left(known, listed);
    for (environment, nodes) in listed {
        let known = known.0.get(environment);
        for (certname, stamp) in nodes {
            let read = known.and_then(|known| known.get(certname));
            if read.is_none_or(|read| read.stamp != *stamp) || left.contains(certname) {
                changed.push((environment.clone(), certname.clone()));
            }
        }
    }
    changed
}

/// The nodes that are not any more where they were known: all that is in the pool of them goes, so that what
/// they export elsewhere is read again. On its way from one environment to another a node is in both.
fn left<'k>(known: &'k PoolNodes, listed: &Listed) -> BTreeSet<&'k Certname> {
    let mut left = BTreeSet::new();
    for (environment, nodes) in &known.0 {
        let listed = listed.get(environment);
        let gone =
            |certname: &&Certname| listed.is_none_or(|listed| !listed.contains_key(*certname));
        left.extend(nodes.keys().filter(gone));
    }
    left
}

/// What follows from a listing and the documents that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// The nodes as they are known now.
    pub nodes: PoolNodes,
    /// Nodes whose resources are replaced by `exports`, or gone.
    touched: BTreeSet<EcoString>,
    /// The types of which resources may have come or gone.
    pub types: BTreeSet<EcoString>,
    /// What the touched nodes export now.
    exports: Vec<ExportedResource>,
}

/// Takes in the documents that changed. `documents` are those that [`changes`] named, as far as
/// they are still there.
pub fn gather(
    mut known: PoolNodes,
    listed: &Listed,
    documents: impl IntoIterator<Item = (EnvironmentName, ExchangeDoc)>,
) -> Gathered {
    let (mut touched, mut types, mut exports) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (environment, nodes) in &mut known.0 {
        let listed = listed.get(environment);
        nodes.retain(|certname, node| {
            let stays = listed.is_some_and(|listed| listed.contains_key(certname));
            if !stays && !node.types.is_empty() {
                touched.insert(EcoString::from(certname.as_str()));
                types.append(&mut node.types);
            }
            stays
        });
    }
    for (environment, document) in documents {
        let stamp = listed
            .get(&environment)
            .and_then(|nodes| nodes.get(&document.certname));
        let Some(stamp) = stamp else { continue };
        let exported: BTreeSet<EcoString> = document
            .exports
            .iter()
            .map(|resource| resource.type_name.clone())
            .collect();
        let node = PoolNode {
            stamp: stamp.clone(),
            types: exported.clone(),
            collects: document.collects,
            rounds: document.rounds,
            at: document.at,
        };
        let nodes = known.0.entry(environment).or_default();
        let before = nodes.insert(document.certname.clone(), node);
        let exported_before = before.map(|before| before.types).unwrap_or_default();
        if !(exported.is_empty() && exported_before.is_empty()) {
            touched.insert(EcoString::from(document.certname.as_str()));
            types.extend(exported);
            types.extend(exported_before);
            exports.extend(document.exports);
        }
    }
    known.0.retain(|_, nodes| !nodes.is_empty());
    Gathered {
        nodes: known,
        touched,
        types,
        exports,
    }
}

impl Gathered {
    /// The resources of a type as they are now, given those that were there.
    pub fn part(
        &self,
        type_name: &str,
        before: impl IntoIterator<Item = Arc<ExportedResource>>,
    ) -> Vec<Arc<ExportedResource>> {
        let stays = before
            .into_iter()
            .filter(|resource| !self.touched.contains(&resource.certname));
        let comes = self
            .exports
            .iter()
            .filter(|resource| resource.type_name == type_name)
            .cloned()
            .map(Arc::new);
        let mut part: Vec<_> = stays.chain(comes).collect();
        part.sort_by(|a, b| (&a.certname, &a.title).cmp(&(&b.certname, &b.title)));
        part
    }
}

/// A node that collected something else than what the pool would answer now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    /// The environment that it is in.
    pub environment: EnvironmentName,
    /// The node.
    pub certname: Certname,
    /// How often in a row it was compiled for other nodes' exports alone.
    pub rounds: u32,
    /// When it last was.
    pub at: Timestamp,
}

/// The nodes that must be compiled anew: exactly those of whose queries one is answered otherwise by
/// `pool` than what they collected.
pub fn outdated(nodes: &PoolNodes, pool: &Exports) -> Vec<Outdated> {
    let mut answers: BTreeMap<&EcoString, Option<AnswerDigests>> = BTreeMap::new();
    let mut outdated = Vec::new();
    for (environment, nodes) in &nodes.0 {
        for (certname, node) in nodes {
            let holds = node.collects.iter().all(|(query, was)| {
                let answer = answers.entry(query).or_insert_with(|| {
                    let query: ExportQuery = query.parse().ok()?;
                    Some(pool.digests(&query))
                });
                // A query that this version can't read is asked by the compile.
                let now = answer
                    .as_ref()
                    .map(|answer| answer.without(certname.as_str()));
                now == Some(*was)
            });
            if !holds {
                outdated.push(Outdated {
                    environment: environment.clone(),
                    certname: certname.clone(),
                    rounds: node.rounds,
                    at: node.at,
                });
            }
        }
    }
    outdated
}
