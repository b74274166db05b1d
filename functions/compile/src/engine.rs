//! What makes catalogs, and tells whether they still hold.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bunraku_catalog::{Broken, Trace};
use bunraku_farm::documents::FactsDoc;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_host::CutOff;
use bunraku_store::StoreError;

use crate::exchange::Exchanged;
use crate::pool::PoolView;

/// How long a program that makes catalogs may take for one.
pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The code and what other nodes export: what a catalog is made of beside its node's facts.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The environment.
    pub environment: &'a EnvironmentName,
    /// The release.
    pub release: Digest,
    /// What other nodes export.
    pub pool: &'a Arc<PoolView>,
}

/// What makes catalogs. [`Compile`](crate::Compile) asks it, and sees to everything that is stored.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Names it in pointers, with its version: a catalog of another one is compiled anew.
    fn name(&self) -> &str;

    /// Gets a release ready, so that a compile which is begun is not held up by reading it.
    async fn prepare(
        &self,
        environment: &EnvironmentName,
        release: Digest,
    ) -> Result<(), EngineError>;

    /// Whether a catalog with this trace still holds for a site and a node's facts; without `facts`,
    /// whether what it read of all else does.
    async fn verify(
        &self,
        site: Site<'_>,
        certname: &Certname,
        facts: Option<&FactsDoc>,
        trace: Trace,
    ) -> Result<Result<(), Vec<Broken>>, EngineError>;

    /// Compiles a node's catalog.
    async fn compile(&self, site: Site<'_>, facts: &FactsDoc) -> Result<Compiled, EngineError>;
}

/// Why an engine has no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The release could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its thread ended.
    #[error(transparent)]
    CutOff(#[from] CutOff),
    /// The program that makes catalogs can't do so now.
    #[error("{0}")]
    Trouble(String),
}

/// What a compile gave.
#[derive(Debug)]
pub enum Compiled {
    /// A catalog as JSON.
    Catalog {
        /// With rich data.
        rich: Vec<u8>,
        /// Without, when that is another text.
        plain: Option<Vec<u8>>,
        /// Its classes, in the order of their evaluation.
        classes: Vec<String>,
        /// Every read.
        trace: Trace,
        /// What the node gives to others and takes from them.
        exchanged: Exchanged,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// The code has an error.
    Error {
        /// Puppet's message with place and node.
        message: String,
        /// What was asked of other nodes until then.
        exchanged: Exchanged,
    },
    /// The catalog can't be written.
    Unwritable(String),
}
