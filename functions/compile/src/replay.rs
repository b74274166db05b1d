//! A node's catalog compiled again from what is stored, for comparison.

use std::sync::Arc;

use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Store, StoreError};

use crate::engine::{Compiled, Engine, EngineError, Site};
use crate::native::{self, Native};
use crate::pool::Pools;
use crate::releases::Releases;

/// A catalog compiled again from what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Digest of the node's catalog in the store.
    pub stored: Digest,
    /// Digest of what the same inputs give now.
    pub compiled: Digest,
}

/// The part of a catalog that says what it was compiled from.
#[derive(serde::Deserialize)]
struct CompiledFrom {
    code_id: Digest,
}

/// Compiles a node's catalog again, from the release that it was compiled from, its stored facts and what
/// other nodes export now, without writing anything.
///
/// # Errors
/// When the node has no catalog, its inputs are not in the store, or the compile fails now.
pub async fn replay(
    store: &Store,
    environment: &EnvironmentName,
    certname: &Certname,
) -> Result<Replayed, ReplayError> {
    let (pointer, facts) =
        tokio::try_join!(store.pointer(environment, certname), store.facts(certname))?;
    let (Some(pointer), Some(facts)) = (pointer, facts) else {
        return Err(ReplayError::NoCatalog);
    };
    let Some(catalog) = pointer.catalog else {
        return Err(ReplayError::NoCatalog);
    };
    if !native::made_by_us(&pointer.compiler) {
        return Err(ReplayError::OtherCompiler(pointer.compiler));
    }
    // The pointer's release may be a later one, for which the catalog was found to hold.
    let stored: CompiledFrom = serde_json::from_slice(&store.catalog_json(catalog.digest).await?)
        .map_err(|error| ReplayError::Failed(error.to_string()))?;
    let release = stored.code_id;
    let engine = Native::new(Releases::new(store.clone()));
    let site = Site {
        environment,
        release,
        pool: &Arc::new(Pools::new(store.clone()).view()),
    };
    let compiled = engine.compile(site, &facts).await;
    match compiled {
        Ok(Compiled::Catalog { rich, .. }) => Ok(Replayed {
            stored: catalog.digest,
            compiled: Digest::of(&rich),
        }),
        Ok(Compiled::Error { message, .. } | Compiled::Unwritable(message)) => {
            Err(ReplayError::Failed(message))
        }
        Err(EngineError::Store(error)) => Err(error.into()),
        Err(error) => Err(ReplayError::Failed(error.to_string())),
    }
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The node has no catalog, or its facts are not in the store.
    #[error("there is no catalog of this node with its facts in the store")]
    NoCatalog,
    /// The catalog is of a compiler of the site's own.
    #[error(
        "the catalog was made by another compiler ({0}): only our own compiles can be repeated"
    )]
    OtherCompiler(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The compile failed.
    #[error("{0}")]
    Failed(String),
}
