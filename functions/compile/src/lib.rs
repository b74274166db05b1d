//! Verifies a node's trace, compiles if it broke, swings the pointer.
//!
//! [`Compile::handle`] takes one [`CompileTask`] and brings its node to the environment's current
//! release: nothing to do, a catalog that still holds, or a new one. It may be killed at any
//! instant and called again; a late or doubled task finds the pointer ahead of it.

mod bundle_files;
mod native;
mod releases;

use std::sync::Arc;

use bunraku_catalog::Trace;
use bunraku_farm::documents::{FactsDoc, Pointer, TraceDocument};
use bunraku_farm::messages::CompileTask;
use bunraku_farm::reuse::{self, Decision, Outcome, Situation, SkipReason, Target};
use bunraku_farm::{Certname, Counters, Digest, EnvironmentName};
use bunraku_store::{Store, StoreError};
use jiff::Timestamp;

pub use native::COMPILER;
pub use releases::Releases;

/// How often a task is decided anew because another worker moved the pointer meanwhile.
const MAX_ROUNDS: usize = 8;

/// The handler of compile tasks.
#[derive(Clone)]
pub struct Compile {
    store: Store,
    releases: Releases,
    counters: Arc<Counters>,
}

/// What came of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handled {
    /// There was nothing to do.
    Skipped(SkipReason),
    /// The catalog still holds for the current release.
    Verified,
    /// A new catalog is in place.
    Compiled,
    /// The code has an error, which the pointer now tells; the last good catalog stays.
    Failed,
}

/// Why a task could not be dealt with; it is to be tried again.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The store could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A catalog could not be written as JSON.
    #[error("the catalog of {node} can't be written as JSON: {reason}")]
    Unwritable {
        /// The node.
        node: String,
        /// What is wrong.
        reason: String,
    },
    /// The compile's thread ended without an answer.
    #[error("the compile of {node} was cut off")]
    CutOff {
        /// The node.
        node: String,
    },
    /// Other workers moved the node's pointer again and again.
    #[error("the pointer of {node} was moved by others {MAX_ROUNDS} times")]
    Contended {
        /// The node.
        node: String,
    },
}

impl Compile {
    /// A handler that keeps the last few releases it opened.
    #[must_use]
    pub fn new(store: Store, counters: Arc<Counters>) -> Self {
        Self {
            releases: Releases::new(store.clone()),
            store,
            counters,
        }
    }

    /// Brings the task's node to the current release of its environment.
    ///
    /// # Errors
    /// When the store fails or the compile was cut off: the task is to be tried again. An error of
    /// the code is no error of the task: it is the answer, and stands in the pointer.
    pub async fn handle(&self, task: &CompileTask) -> Result<Handled, CompileError> {
        for _ in 0..MAX_ROUNDS {
            if let Some(handled) = self.round(task).await? {
                return Ok(handled);
            }
        }
        Err(CompileError::Contended {
            node: task.certname.to_string(),
        })
    }

    /// One decision and what follows from it; `None` when the pointer moved meanwhile in a way that
    /// asks for a new decision.
    async fn round(&self, task: &CompileTask) -> Result<Option<Handled>, CompileError> {
        let (environment, pointer, facts) = tokio::try_join!(
            self.store.environment(&task.environment),
            self.store.pointer(&task.environment, &task.certname),
            self.store.facts(&task.certname),
        )?;
        let decision = reuse::decide(&Situation {
            task,
            environment: environment.as_ref(),
            pointer: pointer.as_ref(),
            facts: facts.as_ref(),
            compiler: COMPILER,
        });
        let (target, verify) = match decision {
            Decision::Skip(reason) => {
                self.counters.compiles_skipped.increment();
                return Ok(Some(Handled::Skipped(reason)));
            }
            Decision::Verify(target) => (target, true),
            Decision::Compile(target, _) => (target, false),
        };
        // `decide` skips when there are no facts.
        let Some(facts) = facts else {
            return Ok(Some(Handled::Skipped(SkipReason::NoFacts)));
        };
        let outcome = match (verify, &pointer) {
            (true, Some(pointer)) => match self.verified(task, &target, &facts, pointer).await? {
                Some(outcome) => outcome,
                None => self.compiled(task, &target, &facts).await?,
            },
            _ => self.compiled(task, &target, &facts).await?,
        };
        self.swing(task, &target, outcome).await
    }

    /// The outcome when the pointer's trace holds for the target.
    async fn verified(
        &self,
        task: &CompileTask,
        target: &Target,
        facts: &FactsDoc,
        pointer: &Pointer,
    ) -> Result<Option<Outcome>, CompileError> {
        let (Some(catalog), Ok(trace)) = (pointer.catalog, pointer.trace.parse::<Trace>()) else {
            return Ok(None);
        };
        let release = self
            .releases
            .open(&task.environment, target.release)
            .await?;
        let (environment, facts) = (task.environment.clone(), facts.clone());
        let verified = tokio::task::spawn_blocking(move || {
            native::verify(&release, &environment, &facts, &trace)
        })
        .await;
        match verified {
            Ok(Ok(())) => Ok(Some(Outcome::Verified(catalog.digest))),
            Ok(Err(broken)) => {
                let reads: Vec<String> = broken
                    .iter()
                    .take(5)
                    .map(|broken| broken.read.to_string())
                    .collect();
                tracing::debug!(node = %task.certname, reads = ?reads, "the trace broke");
                Ok(None)
            }
            Err(_) => Err(CompileError::CutOff {
                node: task.certname.to_string(),
            }),
        }
    }

    /// Compiles, and stores the catalog.
    async fn compiled(
        &self,
        task: &CompileTask,
        target: &Target,
        facts: &FactsDoc,
    ) -> Result<Outcome, CompileError> {
        let release = self
            .releases
            .open(&task.environment, target.release)
            .await?;
        let environment = task.environment.clone();
        let facts = facts.clone();
        let compiled =
            tokio::task::spawn_blocking(move || native::compile(&release, &environment, &facts))
                .await;
        let Ok(compiled) = compiled else {
            return Err(CompileError::CutOff {
                node: task.certname.to_string(),
            });
        };
        self.counters.compiles.increment();
        match compiled {
            native::Compiled::Catalog {
                rich,
                plain,
                trace,
                duration_ms,
            } => {
                let size = rich.len() as u64;
                let digest = self.store.put_catalog(rich).await?;
                let plain_digest = match plain {
                    Some(plain) => Some(self.store.put_catalog(plain).await?),
                    None => None,
                };
                let trace =
                    TraceDocument::new(&trace).map_err(|error| CompileError::Unwritable {
                        node: task.certname.to_string(),
                        reason: error.to_string(),
                    })?;
                let catalog = bunraku_farm::documents::CatalogRef {
                    digest,
                    plain_digest,
                    size,
                };
                Ok(Outcome::Compiled {
                    catalog,
                    trace,
                    duration_ms,
                    compiler: COMPILER.to_owned(),
                })
            }
            native::Compiled::Error(message) => {
                self.counters.compiles_failed.increment();
                Ok(Outcome::Failed(message))
            }
            native::Compiled::Unwritable(reason) => Err(CompileError::Unwritable {
                node: task.certname.to_string(),
                reason,
            }),
        }
    }

    /// Writes the pointer by the rules of [`reuse::swing`].
    async fn swing(
        &self,
        task: &CompileTask,
        target: &Target,
        outcome: Outcome,
    ) -> Result<Option<Handled>, CompileError> {
        let at = Timestamp::now();
        let updated = self
            .store
            .update_pointer(&task.environment, &task.certname, |current| {
                reuse::swing(current, target, &outcome, at)
            })
            .await?;
        let reached = updated.value.as_ref().is_some_and(|pointer| {
            (pointer.sequence, pointer.facts_generation)
                >= (target.sequence, target.facts_generation)
        });
        if !updated.written && !reached {
            return Ok(None);
        }
        Ok(Some(match outcome {
            Outcome::Verified(_) => {
                self.counters.catalogs_verified.increment();
                Handled::Verified
            }
            Outcome::Compiled { .. } => Handled::Compiled,
            Outcome::Failed(_) => Handled::Failed,
        }))
    }
}

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

/// Compiles a node's catalog again, from the release that it was compiled from and its stored facts,
/// without writing anything.
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
    // The pointer's release may be a later one, for which the catalog was found to hold.
    let stored: CompiledFrom = serde_json::from_slice(&store.catalog_json(catalog.digest).await?)
        .map_err(|error| ReplayError::Failed(error.to_string()))?;
    let release = stored.code_id;
    let release = Releases::new(store.clone())
        .open(environment, release)
        .await?;
    let environment = environment.clone();
    let compiled =
        tokio::task::spawn_blocking(move || native::compile(&release, &environment, &facts)).await;
    match compiled {
        Ok(native::Compiled::Catalog { rich, .. }) => Ok(Replayed {
            stored: catalog.digest,
            compiled: Digest::of(&rich),
        }),
        Ok(native::Compiled::Error(message) | native::Compiled::Unwritable(message)) => {
            Err(ReplayError::Failed(message))
        }
        Err(_) => Err(ReplayError::Failed("the compile was cut off".to_owned())),
    }
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The node has no catalog, or its facts are not in the store.
    #[error("there is no catalog of this node with its facts in the store")]
    NoCatalog,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The compile failed.
    #[error("{0}")]
    Failed(String),
}

#[cfg(test)]
mod tests;
