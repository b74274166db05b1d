//! Exported resources: what a compile leaves behind of them, and who must be compiled anew.
//!
//! A compile writes what its node exports and collects into the node's [`ExchangeDoc`]
//! ([`following`]). From all of these the *pool* is gathered ([`gather`]), and the nodes that collected
//! something else than what the pool would answer now are [`outdated`]. A node that collects registers
//! first and looks at the pool's generation again afterwards; whoever gathers writes the pool first and
//! looks at the registered nodes afterwards: one of them sees the other.

mod gather;
mod pace;

pub use gather::{Gathered, Listed, Outdated, changes, gather, outdated};
pub use pace::{pause, postponed, streak};

use std::collections::BTreeMap;

use bunraku_catalog::{AnswerDigest, ExportedResource};
use ecow::EcoString;
use jiff::Timestamp;

use crate::Certname;
use crate::documents::ExchangeDoc;

/// What an attempt to compile a node's catalog exports and collects.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The node.
    pub certname: Certname,
    /// The environment's sequence that it was for.
    pub sequence: u64,
    /// The generation of the facts that it was for.
    pub facts_generation: u64,
    /// The generation of the pool that it collected from; 0 if it collected nothing.
    pub pool_generation: u64,
    /// What the catalog exports; `None` when there is no new catalog, and the last one's exports stay.
    pub exports: Option<Vec<ExportedResource>>,
    /// What was asked of other nodes.
    pub collects: BTreeMap<EcoString, AnswerDigest>,
}

/// The document to write after an attempt; `None` when another worker brought the node further, or the
/// document says the same already.
pub fn following(
    current: Option<&ExchangeDoc>,
    attempt: &Attempt,
    at: Timestamp,
) -> Option<ExchangeDoc> {
    let reached = |doc: &ExchangeDoc| (doc.sequence, doc.facts_generation, doc.pool_generation);
    let position = (
        attempt.sequence,
        attempt.facts_generation,
        attempt.pool_generation,
    );
    if current.is_some_and(|current| reached(current) > position) {
        return None;
    }
    let exports = match (&attempt.exports, current) {
        (Some(exports), _) => without_places(exports),
        (None, Some(current)) => current.exports.clone(),
        (None, None) => Vec::new(),
    };
    // The same release and facts again: only other nodes' exports can have made the difference.
    let rounds = current.map_or(0, |current| {
        let same = (current.sequence, current.facts_generation) == (position.0, position.1);
        let another = current.pool_generation < attempt.pool_generation;
        match (same, another) {
            (false, _) => 0,
            (true, true) => current.rounds.saturating_add(1),
            (true, false) => current.rounds,
        }
    });
    let next = ExchangeDoc {
        version: crate::documents::VERSION,
        certname: attempt.certname.clone(),
        sequence: attempt.sequence,
        facts_generation: attempt.facts_generation,
        pool_generation: attempt.pool_generation,
        exports,
        collects: attempt.collects.clone(),
        rounds,
        at,
    };
    let same = current.is_some_and(|current| {
        (&current.exports, &current.collects) == (&next.exports, &next.collects)
            && reached(current) == position
    });
    (!same).then_some(next)
}

/// Exported resources as they are stored: in one order, and without files and lines.
pub fn without_places(exports: &[ExportedResource]) -> Vec<ExportedResource> {
    let mut exports: Vec<ExportedResource> = exports
        .iter()
        .cloned()
        .map(|resource| ExportedResource {
            file: None,
            line: None,
            ..resource
        })
        .collect();
    exports.sort_by(|a, b| (&a.type_name, &a.title).cmp(&(&b.type_name, &b.title)));
    exports
}

#[cfg(test)]
mod tests;
