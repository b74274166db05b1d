//! The documents of `/bunraku/v1`, for the edge and its clients.

use std::collections::BTreeMap;

use bunraku_farm::documents::Pointer;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Store, StoreError};
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Body of `POST blobs/missing`: which of these does the store lack?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedBlobs {
    /// Where the push goes.
    pub environment: EnvironmentName,
    /// Digests of contents.
    pub digests: Vec<Digest>,
}

/// Reply of `POST blobs/missing`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingBlobs {
    /// Digests of contents.
    pub digests: Vec<Digest>,
}

/// Reply of `POST uploads/ENV/ID.tar.zst`: the request that puts the upload in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadPlace {
    /// Where to PUT the archive.
    pub url: String,
    /// Headers to send with it.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// A node in an environment, as `GET nodes` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// The node.
    pub certname: Certname,
    /// Whether the catalog holds for the release that the node is to have.
    pub current: bool,
    /// The release that the catalog holds for.
    pub release: Option<Digest>,
    /// The environment's sequence up to which the node was brought.
    pub sequence: u64,
    /// The catalog.
    pub catalog: Option<Digest>,
    /// When it was compiled.
    pub compiled_at: Option<Timestamp>,
    /// How long that took.
    pub duration_ms: u64,
    /// By which compiler.
    pub compiler: String,
    /// The last compile's error, when it failed.
    pub error: Option<String>,
}

impl NodeStatus {
    pub(crate) fn of(pointer: Pointer, release: Digest) -> Self {
        Self {
            current: pointer.holds_for(release),
            certname: pointer.certname,
            release: pointer.release,
            sequence: pointer.sequence,
            catalog: pointer.catalog.map(|catalog| catalog.digest),
            compiled_at: pointer.compiled_at,
            duration_ms: pointer.duration_ms,
            compiler: pointer.compiler,
            error: pointer.failure.map(|failure| failure.error),
        }
    }
}

/// Body of `POST nodes/brought`: which of these nodes were brought to a sequence of their environment?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The environment.
    pub environment: EnvironmentName,
    /// Its sequence.
    pub sequence: u64,
    /// The nodes, at most [`Expected::MOST`]: those first that should be there first.
    pub nodes: Vec<Certname>,
}

/// Reply of `POST nodes/brought`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtNodes {
    /// The nodes that were brought there.
    pub nodes: Vec<Brought>,
}

/// A node that was brought to a sequence of its environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// The node.
    pub certname: Certname,
    /// When its catalog was compiled.
    pub compiled_at: Option<Timestamp>,
    /// The compile's error, when it failed.
    pub error: Option<String>,
}

impl Expected {
    /// How many nodes may be asked for at once.
    pub const MOST: usize = 256;
    /// How many nodes that are not there are met before the look ends: nodes are brought roughly in order, and
    /// reading the pointers of a whole fleet over and over would slow its compiles down.
    const MOST_OPEN: usize = 16;
    /// How many pointers are read at once.
    const AT_ONCE: usize = 16;

    /// Looks into the store. Nodes that the look did not get to are left out as if they were not there.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn look(&self, store: &Store) -> Result<BroughtNodes, StoreError> {
        let environment = &self.environment;
        let mut pointers = stream::iter(self.nodes.clone())
            .map(|certname| async move { store.pointer(environment, &certname).await })
            .buffered(Self::AT_ONCE);
        let (mut nodes, mut open) = (Vec::new(), 0);
        while let Some(pointer) = pointers.next().await {
            match pointer? {
                Some(pointer) if pointer.sequence >= self.sequence => nodes.push(Brought {
                    certname: pointer.certname,
                    compiled_at: pointer.compiled_at,
                    error: pointer.failure.map(|failure| failure.error),
                }),
                _ => open += 1,
            }
            if open >= Self::MOST_OPEN {
                break;
            }
        }
        Ok(BroughtNodes { nodes })
    }
}
