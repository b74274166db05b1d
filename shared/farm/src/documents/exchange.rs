//! What a node exports, and what it collects of others.

use std::collections::BTreeMap;

use bunraku_catalog::{AnswerDigest, ExportedResource};
use ecow::EcoString;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Certname;

/// `exports/<env>/<certname>.json`, of nodes that export or collect something. Written with compare
/// and swap, by the rules of [`crate::exchange`], before the pointer: what a served catalog exports can be
/// collected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExchangeDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The node.
    pub certname: Certname,
    /// The environment's sequence that the node was brought to.
    pub sequence: u64,
    /// The generation of its facts.
    pub facts_generation: u64,
    /// The generation of the pool that it collected from; 0 if it collects nothing.
    #[serde(default)]
    pub pool_generation: u64,
    /// What the node's catalog exports, sorted by type, then title; without files and lines, which nobody sees.
    #[serde(default)]
    pub exports: Vec<ExportedResource>,
    /// What the last attempt to compile asked of other nodes: each query with the digest of its answer.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, AnswerDigest>")]
    pub collects: BTreeMap<EcoString, AnswerDigest>,
    /// How often in a row the node was compiled for other nodes' exports alone.
    #[serde(default)]
    pub rounds: u32,
    /// When that was, or anything else was written here.
    pub at: Timestamp,
}
