//! What a compile exports and collects, written down before its catalog is served.

use std::collections::BTreeMap;

use bunraku_catalog::{AnswerDigest, ExportedResource, Read, Trace};
use bunraku_farm::Digest;
use bunraku_farm::documents::{FactsDoc, Pointer};
use bunraku_farm::exchange::{self, Attempt};
use bunraku_farm::messages::{CompileTask, GatherTask};
use bunraku_farm::reuse::{self, Outcome, Target};
use bunraku_queue::Queue;
use bunraku_store::{Key, Store, StoreError};
use ecow::EcoString;

use crate::handler::CompileError;

/// What an attempt asked of other nodes, each query with the digest of its answer.
pub type Collects = BTreeMap<EcoString, AnswerDigest>;

/// What a trace says of that.
pub(crate) fn collects(trace: &Trace) -> Collects {
    trace
        .iter()
        .filter_map(|(read, answer)| match read {
            Read::Exported(query) => Some((query.clone(), answer)),
            _ => None,
        })
        .collect()
}

/// What a node gives to others and takes from them, by one attempt to compile it.
#[derive(Debug, Default)]
pub struct Exchanged {
    /// What the new catalog exports; `None` when there is no new catalog.
    pub exports: Option<Vec<ExportedResource>>,
    /// What was asked of other nodes.
    pub collects: Collects,
}

impl Exchanged {
    /// Digest of what the new catalog exports; absent when that is nothing.
    pub(crate) fn digest(&self) -> Option<Digest> {
        let exports = exchange::without_places(self.exports.as_deref().unwrap_or_default());
        let json = serde_json::to_vec(&exports).unwrap_or_default();
        (!exports.is_empty()).then(|| Digest::of(&json))
    }
}

/// What an attempt leaves behind for other nodes.
pub(crate) struct Exchange<'a> {
    pub(crate) task: &'a CompileTask,
    /// The pointer before the attempt.
    pub(crate) pointer: Option<&'a Pointer>,
    pub(crate) target: &'a Target,
    /// The facts, if they were looked at.
    pub(crate) facts: Option<&'a FactsDoc>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) exchanged: &'a Exchanged,
}

impl Exchange<'_> {
    /// Writes the node's document when it exports or collects something, or did before, and has the
    /// exports gathered when other nodes may have to know. To be called before the pointer is written:
    /// whoever is killed in between does all of it again.
    pub(crate) async fn write(&self, store: &Store, queue: &dyn Queue) -> Result<(), CompileError> {
        let exports_differ = self.exports_differ();
        if exports_differ || (self.collects() && !self.stands()) {
            self.write_document(store).await?;
        }
        if exports_differ || self.moved() || self.asks_anew() {
            queue.send(GatherTask {}.into()).await?;
        }
        Ok(())
    }

    async fn write_document(&self, store: &Store) -> Result<(), StoreError> {
        let attempt = Attempt {
            certname: self.task.certname.clone(),
            sequence: self.target.sequence,
            facts_generation: self.target.facts_generation,
            pool_generation: self.target.pool_generation.unwrap_or(0),
            exports: self.exchanged.exports.clone(),
            collects: self.exchanged.collects.clone(),
        };
        let at = store.host().now();
        let key = Key::exchange(&self.task.environment, &self.task.certname);
        store
            .update(&key, |current| exchange::following(current, &attempt, at))
            .await?;
        Ok(())
    }

    fn exports_differ(&self) -> bool {
        let former = self.pointer.and_then(|pointer| pointer.exports);
        matches!(self.outcome, Outcome::Compiled { exports, .. } if *exports != former)
    }

    /// Whether the node collects, or did.
    fn collects(&self) -> bool {
        let did = self
            .pointer
            .is_some_and(|pointer| pointer.pool_generation.is_some());
        did || !self.exchanged.collects.is_empty()
    }

    /// Whether the document says all of it already: that of a catalog that holds, and that no failure
    /// stood beside.
    fn stands(&self) -> bool {
        matches!(self.outcome, Outcome::Verified(_))
            && self
                .pointer
                .filter(|pointer| std::ptr::eq(reuse::basis(pointer, self.target), *pointer))
                .is_some_and(|pointer| pointer.failure.is_none())
    }

    /// Whether the node came to the environment since its last attempt: what it exports counts where
    /// it is.
    fn moved(&self) -> bool {
        let before = self.pointer.map_or(0, |pointer| pointer.facts_generation);
        self.facts
            .is_some_and(|facts| facts.arrived > 1 && before < facts.arrived)
    }

    /// Whether something is asked that the last catalog did not ask: whoever gathered meanwhile did not
    /// know of it.
    fn asks_anew(&self) -> bool {
        if self.exchanged.collects.is_empty() || self.stands() {
            return false;
        }
        let before = self
            .pointer
            .and_then(|pointer| pointer.trace.parse::<Trace>().ok())
            .map(|trace| collects(&trace))
            .unwrap_or_default();
        self.exchanged
            .collects
            .keys()
            .any(|query| !before.contains_key(query))
    }
}
