//! One task, from what is stored to the pointer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bunraku_catalog::{Broken, Trace};
use bunraku_farm::documents::{CatalogRef, FactsDoc, Pointer, TraceDocument};
use bunraku_farm::messages::{Cause, CompileTask, GatherTask};
use bunraku_farm::reuse::{
    self, ByCode, CompileReason, Decision, Outcome, Situation, SkipReason, Target,
};
use bunraku_farm::{Counters, Digest};
use bunraku_queue::{Queue, QueueError};
use bunraku_store::{Key, Store, StoreError, Versioned};

use crate::engine::{Compiled, Engine, EngineError, Site};
use crate::environments::Environments;
use crate::exchange::{self, Exchange, Exchanged};
use crate::native::Native;
use crate::pool::{PoolView, Pools};
use crate::releases::Releases;

/// How often a task is decided anew because another worker moved the pointer meanwhile.
const MAX_ROUNDS: usize = 8;

/// The handler of compile tasks.
#[derive(Clone)]
pub struct Compile {
    store: Store,
    queue: Arc<dyn Queue>,
    environments: Environments,
    engine: Arc<dyn Engine>,
    pools: Pools,
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
    /// The queue could not be told of changed exports.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// A catalog could not be written as JSON.
    #[error("the catalog of {node} can't be written as JSON: {reason}")]
    Unwritable {
        /// The node.
        node: String,
        /// What is wrong.
        reason: String,
    },
    /// The program that makes catalogs can't do so now.
    #[error("the catalog of {node} can't be made now: {reason}")]
    Trouble {
        /// The node.
        node: String,
        /// Why.
        reason: String,
    },
    /// The compile's thread ended without an answer.
    #[error("the compile of {node} was cut off")]
    CutOff {
        /// The node.
        node: String,
    },
    /// There is less time left than the node's last compile took.
    #[error("the last compile of {node} took {needed:?}, and only {left:?} are left")]
    NoTime {
        /// The node.
        node: String,
        /// How long its last compile took.
        needed: Duration,
        /// How long there is.
        left: Duration,
    },
    /// Other workers moved the node's pointer again and again.
    #[error("the pointer of {node} was moved by others {MAX_ROUNDS} times")]
    Contended {
        /// The node.
        node: String,
    },
}

/// A decision that leads to work.
enum Work {
    /// The code is to be verified; the facts were not read.
    VerifyCode(Target),
    Verify(Target, FactsDoc),
    Compile(Target, FactsDoc),
}

type Read = Option<Versioned<Pointer>>;

/// What one round works with.
#[derive(Clone, Copy)]
struct Round<'a> {
    task: &'a CompileTask,
    pointer: Option<&'a Pointer>,
    pool: &'a Arc<PoolView>,
    deadline: Option<Instant>,
}

impl<'a> Round<'a> {
    fn site(&self, target: &Target) -> Site<'a> {
        Site {
            environment: &self.task.environment,
            release: target.release,
            pool: self.pool,
        }
    }
}

/// What came of a round's work.
struct Tried {
    outcome: Outcome,
    exchanged: Exchanged,
}

impl Compile {
    /// A handler that keeps the last few releases it opened.
    #[must_use]
    pub fn new(store: Store, queue: Arc<dyn Queue>, counters: Arc<Counters>) -> Self {
        Self::with_releases(Releases::new(store.clone()), store, queue, counters)
    }

    /// A handler that opens releases through `releases`.
    #[must_use]
    pub fn with_releases(
        releases: Releases,
        store: Store,
        queue: Arc<dyn Queue>,
        counters: Arc<Counters>,
    ) -> Self {
        Self::with_engine(Arc::new(Native::new(releases)), store, queue, counters)
    }

    /// A handler whose catalogs `engine` makes.
    #[must_use]
    pub fn with_engine(
        engine: Arc<dyn Engine>,
        store: Store,
        queue: Arc<dyn Queue>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            pools: Pools::new(store.clone()),
            environments: Environments::new(store.clone()),
            engine,
            store,
            queue,
            counters,
        }
    }

    /// Brings the task's node to the release that its environment has for it. A compile that would not
    /// end before `deadline`, going by the node's last one, is not begun.
    ///
    /// # Errors
    /// When the store fails or there is no time: the task is to be tried again. An error of the
    /// code is no error of the task: it is the answer, and stands in the pointer.
    pub async fn handle(
        &self,
        task: &CompileTask,
        deadline: Option<Instant>,
    ) -> Result<Handled, CompileError> {
        let handled = self.rounds(task, deadline).await?;
        if let Some(stage) = self.outdated_stage(task, &handled).await? {
            self.rounds(&stage, deadline).await?;
        }
        Ok(handled)
    }

    /// The task of a stage that is to open, if what came of this one makes its catalog outdated.
    async fn outdated_stage(
        &self,
        task: &CompileTask,
        handled: &Handled,
    ) -> Result<Option<CompileTask>, CompileError> {
        if matches!(task.cause, Cause::Stage { .. }) || matches!(handled, Handled::Skipped(_)) {
            return Ok(None);
        }
        let environment = self.environments.at_least(&task.environment, 0).await?;
        let Some(rollout) = environment.as_ref().and_then(|document| document.rollout()) else {
            return Ok(None);
        };
        let pointer = self
            .store
            .pointer(&task.environment, &task.certname)
            .await?;
        Ok(pointer.and_then(|pointer| reuse::outdated_stage(task, &pointer, rollout)))
    }

    async fn rounds(
        &self,
        task: &CompileTask,
        deadline: Option<Instant>,
    ) -> Result<Handled, CompileError> {
        for _ in 0..MAX_ROUNDS {
            if let Some(handled) = self.round(task, deadline).await? {
                return Ok(handled);
            }
        }
        Err(CompileError::Contended {
            node: task.certname.to_string(),
        })
    }

    /// One decision and what follows from it; `None` when the pointer moved meanwhile in a way that
    /// asks for a new decision.
    async fn round(
        &self,
        task: &CompileTask,
        deadline: Option<Instant>,
    ) -> Result<Option<Handled>, CompileError> {
        let read = self
            .store
            .versioned_pointer(&task.environment, &task.certname)
            .await?;
        let pointer = read.as_ref().map(|read| &read.value);
        let pool = Arc::new(self.pools.view());
        let work = match self.decide(task, pointer, &pool).await? {
            Ok(work) => work,
            Err(reason) => {
                self.counters.compiles_skipped.increment();
                return Ok(Some(Handled::Skipped(reason)));
            }
        };
        let round = Round {
            task,
            pointer,
            pool: &pool,
            deadline,
        };
        let (mut target, facts, tried) = match work {
            Work::VerifyCode(target) => match self.verified(&round, &target, None).await? {
                Some(tried) => (target, None, tried),
                None => {
                    // The release and the sequence stand; only the facts were not known.
                    let Some(facts) = self.store.facts(&task.certname).await? else {
                        return Ok(Some(Handled::Skipped(SkipReason::NoFacts)));
                    };
                    let target = target.with_facts(&facts);
                    let tried = self.compiled(&round, &target, &facts).await?;
                    (target, Some(facts), tried)
                }
            },
            Work::Verify(target, facts) => {
                let tried = match self.verified(&round, &target, Some(&facts)).await? {
                    Some(tried) => tried,
                    None => self.compiled(&round, &target, &facts).await?,
                };
                (target, Some(facts), tried)
            }
            Work::Compile(target, facts) => {
                let tried = self.compiled(&round, &target, &facts).await?;
                (target, Some(facts), tried)
            }
        };
        let Tried { outcome, exchanged } = tried;
        if !exchanged.collects.is_empty() {
            target.pool_generation = pool.generation();
        }
        // Of what is not served yet nobody is told.
        if target.place.is_none() {
            let exchange = Exchange {
                task,
                pointer,
                target: &target,
                facts: facts.as_ref(),
                outcome: &outcome,
                exchanged: &exchanged,
            };
            exchange.write(&self.store, self.queue.as_ref()).await?;
        }
        let handled = self.swing(task, read, &target, outcome).await?;
        // Whoever gathered meanwhile may not have known that this node collects.
        if let Some(collected) = target.pool_generation
            && self.pools.generation().await? > collected
        {
            return Ok(None);
        }
        Ok(handled)
    }

    /// What there is to do, reading the facts only when it depends on them; `Err` says why nothing.
    async fn decide(
        &self,
        task: &CompileTask,
        pointer: Option<&Pointer>,
        pool: &PoolView,
    ) -> Result<Result<Work, SkipReason>, CompileError> {
        // A document that is behind the pointer would send it back.
        let sequence = pointer
            .map_or(0, |pointer| pointer.sequence)
            .max(task.sequence);
        let environment = self
            .environments
            .at_least(&task.environment, sequence)
            .await?;
        let Some(mut environment) = environment else {
            return Ok(Err(SkipReason::NoEnvironment));
        };
        if reuse::may_be_old(task, &environment, pointer)
            && let Some(fresh) = self.environments.fresh(&task.environment).await?
        {
            environment = fresh;
        }
        let asks = |pointer: &Pointer| pointer.pool_generation.is_some();
        let collects = pointer
            .is_some_and(|pointer| asks(pointer) || pointer.aside.as_deref().is_some_and(asks));
        let pool = match collects {
            true => Some(pool.look().await?),
            false => None,
        };
        match reuse::decide_by_code(task, &environment, pointer, pool, self.engine.name()) {
            ByCode::UpToDate => return Ok(Err(SkipReason::UpToDate)),
            ByCode::Verify(target) => return Ok(Ok(Work::VerifyCode(target))),
            ByCode::ReadFacts => {}
        }
        let facts = self.store.facts(&task.certname).await?;
        let decision = reuse::decide(&Situation {
            task,
            environment: Some(&environment),
            pointer,
            facts: facts.as_ref(),
            pool,
            compiler: self.engine.name(),
        });
        Ok(match (decision, facts) {
            (Decision::Skip(reason), _) => Err(reason),
            (_, None) => Err(SkipReason::NoFacts),
            (Decision::Verify(target), Some(facts)) => Ok(Work::Verify(target, facts)),
            (
                Decision::Compile(
                    target,
                    CompileReason::NoCatalog
                    | CompileReason::OtherCompiler
                    | CompileReason::OtherExports,
                ),
                Some(facts),
            ) => Ok(Work::Compile(target, facts)),
        })
    }

    /// The outcome when the pointer's trace holds for the target: all of it, or without facts what
    /// it read of the code.
    async fn verified(
        &self,
        round: &Round<'_>,
        target: &Target,
        facts: Option<&FactsDoc>,
    ) -> Result<Option<Tried>, CompileError> {
        let Round { task, .. } = *round;
        let Some(pointer) = round.pointer.map(|pointer| reuse::basis(pointer, target)) else {
            return Ok(None);
        };
        let (Some(catalog), Ok(trace)) = (pointer.catalog, pointer.trace.parse::<Trace>()) else {
            return Ok(None);
        };
        let exchanged = Exchanged {
            exports: None,
            collects: exchange::collects(&trace),
        };
        let verified = self
            .engine
            .verify(round.site(target), &task.certname, facts, trace)
            .await;
        self.check(round.pool).await?;
        match verified.map_err(|error| refused(task, error))? {
            Ok(()) => Ok(Some(Tried {
                outcome: Outcome::Verified(catalog.digest),
                exchanged,
            })),
            Err(broken) => {
                tell(task, &broken);
                Ok(None)
            }
        }
    }

    /// Compiles, and stores the catalog.
    async fn compiled(
        &self,
        round: &Round<'_>,
        target: &Target,
        facts: &FactsDoc,
    ) -> Result<Tried, CompileError> {
        let Round { task, pointer, .. } = *round;
        let prepared = self.engine.prepare(&task.environment, target.release);
        prepared.await.map_err(|error| refused(task, error))?;
        check_time(task, pointer, round.deadline)?;
        let compiled = self.engine.compile(round.site(target), facts).await;
        self.check(round.pool).await?;
        let compiled = compiled.map_err(|error| refused(task, error))?;
        self.counters.compiles.increment();
        match compiled {
            Compiled::Catalog {
                rich,
                plain,
                classes,
                trace,
                exchanged,
                duration_ms,
            } => {
                let former = pointer.and_then(|pointer| pointer.catalog);
                let catalog = self.stored(rich, plain, former).await?;
                let trace =
                    TraceDocument::new(&trace).map_err(|error| CompileError::Unwritable {
                        node: task.certname.to_string(),
                        reason: error.to_string(),
                    })?;
                let outcome = Outcome::Compiled {
                    catalog,
                    classes,
                    trace,
                    exports: exchanged.digest(),
                    duration_ms,
                    compiler: self.engine.name().to_owned(),
                };
                Ok(Tried { outcome, exchanged })
            }
            Compiled::Error { message, exchanged } => {
                self.counters.compiles_failed.increment();
                Ok(Tried {
                    outcome: Outcome::Failed(message),
                    exchanged,
                })
            }
            Compiled::Unwritable(reason) => Err(CompileError::Unwritable {
                node: task.certname.to_string(),
                reason,
            }),
        }
    }

    /// An answer that came without the pool is none: the task is to be tried again. A part that is
    /// gone was replaced since; if not, it is gathered anew.
    async fn check(&self, pool: &PoolView) -> Result<(), CompileError> {
        let Some(error) = pool.failure() else {
            return Ok(());
        };
        if !error.is_retryable() {
            self.queue.send(GatherTask {}.into()).await?;
        }
        Err(error.into())
    }

    /// Stores a catalog in both forms, unless it is the one that the node has.
    async fn stored(
        &self,
        rich: Vec<u8>,
        plain: Option<Vec<u8>>,
        former: Option<CatalogRef>,
    ) -> Result<CatalogRef, CompileError> {
        if let Some(former) = former.filter(|former| former.digest == Digest::of(&rich)) {
            return Ok(former);
        }
        let size = rich.len() as u64;
        let plain = async {
            match plain {
                Some(plain) => self.store.put_catalog(plain).await.map(Some),
                None => Ok(None),
            }
        };
        let (digest, plain_digest) = tokio::try_join!(self.store.put_catalog(rich), plain)?;
        Ok(CatalogRef {
            digest,
            plain_digest,
            size,
        })
    }

    /// Writes the pointer by the rules of [`reuse::swing`].
    async fn swing(
        &self,
        task: &CompileTask,
        read: Read,
        target: &Target,
        outcome: Outcome,
    ) -> Result<Option<Handled>, CompileError> {
        let at = self.store.host().now();
        let key = Key::pointer(&task.environment, &task.certname);
        let catalog = |pointer: Option<&Pointer>| Some(pointer?.catalog?.digest);
        let before = read.as_ref().map(|read| read.value.clone());
        let former = catalog(before.as_ref());
        let reuses =
            matches!(&outcome, Outcome::Compiled { catalog, .. } if Some(catalog.digest) == former);
        let mut moved = false;
        let updated = self
            .store
            .update_from(&key, read, |current| {
                // A catalog that was not stored, since it is the node's, may be collected when it is no more.
                moved = (reuses && catalog(current) != former)
                    || reuse::was_turned(before.as_ref(), current, target);
                match moved {
                    true => None,
                    false => reuse::swing(current, target, &outcome, at),
                }
            })
            .await?;
        if moved {
            return Ok(None);
        }
        // Another worker may have been further in the code and behind in the facts.
        let reached = updated
            .value
            .as_ref()
            .is_some_and(|pointer| reuse::has_arrived(pointer, target));
        if !updated.written && !reached {
            return Ok(None);
        }
        if updated.written {
            self.queue.announce(&key.to_string()).await;
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

/// Refuses to begin what would be cut off.
fn check_time(
    task: &CompileTask,
    pointer: Option<&Pointer>,
    deadline: Option<Instant>,
) -> Result<(), CompileError> {
    let needed = Duration::from_millis(pointer.map_or(0, |pointer| pointer.duration_ms));
    let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    match left {
        Some(left) if left < needed => Err(CompileError::NoTime {
            node: task.certname.to_string(),
            needed,
            left,
        }),
        _ => Ok(()),
    }
}

fn refused(task: &CompileTask, error: EngineError) -> CompileError {
    match error {
        EngineError::Store(error) => error.into(),
        EngineError::Trouble(reason) => CompileError::Trouble {
            node: task.certname.to_string(),
            reason,
        },
        EngineError::CutOff(_) => CompileError::CutOff {
            node: task.certname.to_string(),
        },
    }
}

fn tell(task: &CompileTask, broken: &[Broken]) {
    let reads: Vec<String> = broken
        .iter()
        .take(5)
        .map(|broken| broken.read.to_string())
        .collect();
    tracing::debug!(node = %task.certname, reads = ?reads, "the trace broke");
}
