//! The pool: what all nodes export, in a form that a collector reads with few requests.

use std::collections::{BTreeMap, BTreeSet};

use bunraku_catalog::AnswerDigest;
use ecow::EcoString;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Certname, Digest, EnvironmentName};

/// `pool.json`: which resources are in the pool now. As in PuppetDB there is one pool for all
/// environments, and a node counts with the environment that it is in. Written with compare and
/// swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// Grows by one each time that the resources change.
    pub generation: u64,
    /// For each type the part that holds its resources, `pool/<sha256>.json.gz`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Digest>")]
    pub types: BTreeMap<EcoString, Digest>,
    /// The part that holds the [`PoolNodes`]; absent in a pool that was never gathered.
    #[serde(default)]
    pub nodes: Option<Digest>,
    /// Parts that the pool before named and this one does not: removed after the next change, so
    /// that who has read the one before can still read them.
    #[serde(default)]
    pub former: BTreeSet<Digest>,
    /// When the resources were last gathered.
    pub gathered_at: Timestamp,
    /// How many gatherings in a row came shortly one after the other.
    #[serde(default)]
    pub streak: u32,
    /// Whether the tasks that follow from this generation are in the queue.
    #[serde(default)]
    pub told: bool,
}

impl Default for PoolDoc {
    /// The pool of a farm in which no node ever exported anything.
    fn default() -> Self {
        Self {
            version: super::VERSION,
            generation: 0,
            types: BTreeMap::new(),
            nodes: None,
            former: BTreeSet::new(),
            gathered_at: Timestamp::UNIX_EPOCH,
            streak: 0,
            told: true,
        }
    }
}

impl PoolDoc {
    /// All parts that it names.
    pub fn parts(&self) -> BTreeSet<Digest> {
        self.types.values().copied().chain(self.nodes).collect()
    }
}

/// What a gathering knows of the nodes whose documents it read, so that the next one reads only what
/// is new.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PoolNodes(pub BTreeMap<EnvironmentName, BTreeMap<Certname, PoolNode>>);

/// A node whose [`super::ExchangeDoc`] was read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PoolNode {
    /// The writing of the document, as the store's listing tells it.
    pub stamp: String,
    /// The types that the node exports.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "BTreeSet<String>")]
    pub types: BTreeSet<EcoString>,
    /// What it collects: each query with the digest of its answer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, AnswerDigest>")]
    pub collects: BTreeMap<EcoString, AnswerDigest>,
    /// How often in a row it was compiled for other nodes' exports alone.
    #[serde(default)]
    pub rounds: u32,
    /// When it last was.
    pub at: Timestamp,
}
