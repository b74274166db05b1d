//! The documents of `/bunraku/v1`, for the edge and its clients.

use std::collections::BTreeMap;

use bunraku_farm::documents::Pointer;
use bunraku_farm::rollout::Plan;
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

/// Body of `POST orders/ENV`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedOrder {
    /// The person who asks, `user@host`; the log has it beside the certificate's name.
    pub by: String,
    /// What is asked.
    #[serde(flatten)]
    pub order: Order,
}

/// What an administrator asks of an environment.
///
/// The reply is what the command line prints of it with `--json`. Where a release is named, the first characters of its
/// digest do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order")]
pub enum Order {
    /// How rollouts go.
    Status,
    /// The published catalogs.
    Published,
    /// The digest of a stored release.
    Release {
        /// Its first characters.
        named: String,
    },
    /// Roll a stored release out.
    Start(Box<StartOrder>),
    /// Stop the rollout that goes on.
    Pause {
        /// What to tell others.
        why: String,
    },
    /// Let it go on.
    Resume,
    /// End a rollout that is not done.
    Abort {
        /// Which; the one that goes on if none is named.
        #[serde(default)]
        name: Option<String>,
    },
    /// Take the newest rollout back.
    Undo,
    /// Let nodes stay at a release, or at what they have.
    Pin {
        /// The nodes.
        nodes: BTreeMap<Certname, Option<String>>,
    },
    /// Let nodes go with the others again.
    Unpin {
        /// The nodes.
        nodes: Vec<Certname>,
    },
}

/// A stored release that is to be rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartOrder {
    /// The release.
    pub release: String,
    /// What to call the rollout.
    #[serde(default)]
    pub name: Option<String>,
    /// How it goes.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// Nodes to pin.
    #[serde(default)]
    pub pins: BTreeMap<Certname, Option<String>>,
}

impl Order {
    /// Whether something is another way afterwards.
    #[must_use]
    pub const fn changes(&self) -> bool {
        !matches!(self, Self::Status | Self::Published | Self::Release { .. })
    }
}
