//! A node's pointer: which catalog it gets, and what that catalog rests on.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::rollout::{Aim, Place};
use crate::{Certname, Digest};

/// A catalog in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CatalogRef {
    /// Digest of the rich JSON before compression; the catalog lies gzipped under it.
    pub digest: Digest,
    /// The same of the plain JSON rendering, only when that differs from the rich one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_digest: Option<Digest>,
    /// Size of the rich JSON in bytes, before compression.
    pub size: u64,
}

/// The last compile's failure; the last good catalog stays in place beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Failure {
    /// The release whose compile failed.
    pub release: Digest,
    /// Its sequence in the environment.
    #[serde(default)]
    pub sequence: u64,
    /// The error in Puppet's words.
    pub error: String,
    /// When.
    pub at: Timestamp,
    /// The facts it failed with, so that other facts are tried anew.
    #[serde(default)]
    pub facts_digest: Option<Digest>,
}

/// `pointers/<env>/<certname>.json`. Written with compare and swap, by the rules of [`crate::reuse`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pointer {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The node.
    pub certname: Certname,
    /// The environment's sequence up to which this node was brought, by a compile, a verification
    /// or a failure. Never goes down.
    pub sequence: u64,
    /// The node's catalog; absent as long as none was ever compiled without an error.
    #[serde(default)]
    pub catalog: Option<CatalogRef>,
    /// The release that the catalog holds for: compiled from it, or verified against it.
    #[serde(default)]
    pub release: Option<Digest>,
    /// Stable digest of the facts that the catalog was compiled with.
    #[serde(default)]
    pub facts_digest: Option<Digest>,
    /// Generation of the facts document up to which this node was brought, by a compile, a
    /// verification or a failure; see [`super::FactsDoc::generation`].
    #[serde(default)]
    pub facts_generation: u64,
    /// Generation of the pool of exported resources up to which this node was brought; absent when it
    /// collects nothing. Grows while sequence and facts stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool_generation: Option<u64>,
    /// Digest of what the catalog exports; absent when that is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exports: Option<Digest>,
    /// What the compile read, each read with its answer's digest.
    #[serde(default)]
    pub trace: TraceDocument,
    /// The classes of the catalog, in the order of their evaluation: rules of the site name them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// When the catalog was compiled; absent without a catalog.
    #[serde(default)]
    pub compiled_at: Option<Timestamp>,
    /// When the trace was last found to hold for a newer release, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Timestamp>,
    /// How long the compile took, in milliseconds.
    #[serde(default)]
    pub duration_ms: u64,
    /// Which compiler made it, such as `native 0.1.0`.
    #[serde(default)]
    pub compiler: String,
    /// The compile's failure, when the last one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The node's place in a rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What this pointer is for another release, while a rollout goes on: until its stage opens the one that comes,
    /// then the one that the node had, which is at hand when the rollout is taken back. It has none itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aside: Option<Box<Pointer>>,
}

impl Pointer {
    /// Whether the node has a catalog that holds for `release`.
    pub fn holds_for(&self, release: Digest) -> bool {
        self.catalog.is_some() && self.release == Some(release)
    }

    /// What is to be looked at of this pointer when the node is to have `release`: the pointer itself, or the one
    /// aside if that is of the release and this is not.
    pub fn of_release(&self, release: Digest) -> &Self {
        let failed_with = |pointer: &Self| {
            let failure = pointer.failure.as_ref();
            failure.is_some_and(|failure| failure.release == release)
        };
        match &self.aside {
            Some(aside) if !self.holds_for(release) && aside.holds_for(release) => aside,
            Some(aside) if !self.holds_for(release) && !failed_with(self) && failed_with(aside) => {
                aside
            }
            _ => self,
        }
    }

    /// Whether the node was brought to where it is to be.
    pub fn has_reached(&self, aim: &Aim) -> bool {
        let is_of_release = self.tried() == Some(aim.release);
        self.sequence > aim.sequence || (self.sequence == aim.sequence && is_of_release)
    }

    /// The release that the node was last brought to, or that its compile failed with.
    pub fn tried(&self) -> Option<Digest> {
        let failed = self.failure.as_ref().map(|failure| failure.release);
        failed.or(self.release)
    }
}

/// A trace as JSON: `catalog::trace::Trace`, which this crate carries without looking inside.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceDocument(Box<RawValue>);

impl TraceDocument {
    /// A trace as its JSON.
    pub fn new<T: Serialize>(trace: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(trace).map(Self)
    }

    /// Reads the trace.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.0.get())
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl Default for TraceDocument {
    /// The empty object.
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl PartialEq for TraceDocument {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl std::fmt::Debug for TraceDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TraceDocument({} bytes)", self.get().len())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_trace_comes_back_as_it_was() {
        let trace = BTreeMap::from([("fact os.family".to_owned(), "ab".to_owned())]);
        let document = TraceDocument::new(&trace).unwrap();
        let json = serde_json::to_string(&document).unwrap();
        assert_eq!(json, r#"{"fact os.family":"ab"}"#);
        let back: TraceDocument = serde_json::from_str(&json).unwrap();
        assert_eq!(back.parse::<BTreeMap<String, String>>().unwrap(), trace);
        assert_eq!(TraceDocument::default().get(), "{}");
    }

    #[test]
    fn the_least_pointer_is_readable() {
        let pointer: Pointer = serde_json::from_str(r#"{"certname": "a", "sequence": 3}"#).unwrap();
        assert_eq!((pointer.catalog, pointer.trace.get()), (None, "{}"));
        assert!(!pointer.holds_for(Digest::of("")));
    }
}
