//! `index.json` of an export: what is there, and what of it is new.

use std::collections::{BTreeMap, BTreeSet};

use bunraku_farm::{Certname, Digest, EnvironmentName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the index is.
pub(super) const PATH: &str = "index.json";
/// The form that is written.
const VERSION: u32 = 1;

/// What an export holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    /// Of this form: 1. Keys may be added; what is there keeps its meaning.
    pub(super) version: u32,
    /// The environment.
    pub(super) environment: EnvironmentName,
    /// Its release.
    pub(super) release: Digest,
    /// Where nodes have this export, if that was said: catalogs name the sources of files there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    /// When anything of this last changed.
    pub(super) updated_at: Timestamp,
    /// The nodes with a catalog.
    pub(super) nodes: BTreeMap<Certname, Node>,
    /// Nodes whose last compile failed, with the error; they may have an older catalog.
    pub(super) failed: BTreeMap<Certname, String>,
    /// The code that catalogs refer to, by release, if it was asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) code: BTreeMap<Digest, Code>,
}

/// A node's catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Node {
    /// Its file.
    pub(super) file: String,
    /// SHA-256 of the file, hexadecimal.
    pub(super) sha256: Digest,
    /// Its size.
    pub(super) bytes: u64,
    /// The digest of the farm's catalog; the file is the same, unless `at` moves its sources.
    pub(super) catalog: Digest,
    /// The release that it holds for.
    pub(super) release: Digest,
    /// When it was compiled.
    pub(super) compiled_at: Option<Timestamp>,
}

/// The files of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Code {
    /// What to give Puppet as `--environmentpath`, below this export: the files are in its directory of the
    /// environment's name.
    pub(super) environmentpath: String,
    /// Every file, below that directory.
    pub(super) files: BTreeSet<String>,
}

impl Index {
    /// Of an environment, with nothing in it yet.
    pub(super) fn new(environment: EnvironmentName, release: Digest, now: Timestamp) -> Self {
        Self {
            version: VERSION,
            environment,
            release,
            at: None,
            updated_at: now,
            nodes: BTreeMap::new(),
            failed: BTreeMap::new(),
            code: BTreeMap::new(),
        }
    }

    /// The releases that its catalogs hold for.
    pub(super) fn releases(&self) -> BTreeSet<Digest> {
        self.nodes.values().map(|node| node.release).collect()
    }

    /// Files of a former export that are none of this one.
    pub(super) fn stale(&self, former: &Self) -> Vec<String> {
        let now: BTreeSet<String> = self.paths().collect();
        former.paths().filter(|path| !now.contains(path)).collect()
    }

    /// Every file but the index itself.
    fn paths(&self) -> impl Iterator<Item = String> + '_ {
        let catalogs = self.nodes.values().map(|node| node.file.clone());
        let code = self.code.values().flat_map(|code| {
            let files = code.files.iter();
            files.map(|file| format!("{}/{}/{file}", code.environmentpath, self.environment))
        });
        catalogs.chain(code)
    }

    /// Whether both say the same, whenever that was.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let now = Self {
            updated_at: other.updated_at,
            ..self.clone()
        };
        now == *other
    }
}
