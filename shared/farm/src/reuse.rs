//! What a compile task finds, and whether its outcome may be written.
//!
//! A node stands at a *position*: the environment's sequence, then the generation of its facts, then,
//! if it collects exported resources, the generation of their pool. Positions only grow. [`decide`] says what must be done to reach the current one; [`swing`] gives
//! the pointer to write, or none when another worker was faster. Both are total: any task, however
//! late or often it comes, has a right answer.
//!
//! While a rollout goes on, a node has two pointers, one of them aside ([`Pointer::aside`]). A task of a stage that is to
//! open changes the one aside alone. Once the stage is open the two change places, and again when it is taken back:
//! whatever is done for a release begins with the pointer that knows it ([`basis`]).

use jiff::Timestamp;

use crate::documents::{CatalogRef, EnvironmentDoc, FactsDoc, Failure, Pointer, TraceDocument};
use crate::messages::{Cause, CompileTask};
use crate::rollout::{Aim, Place, Rollout};
use crate::{Certname, Digest};

/// All that a decision rests on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The task.
    pub task: &'a CompileTask,
    /// The environment now.
    pub environment: Option<&'a EnvironmentDoc>,
    /// The node's pointer now.
    pub pointer: Option<&'a Pointer>,
    /// The node's facts now.
    pub facts: Option<&'a FactsDoc>,
    /// The generation of the pool of exported resources now; looked at of a node that collects, as its pointer says.
    pub pool: Option<u64>,
    /// The compiler at hand, as [`Pointer::compiler`] names it.
    pub compiler: &'a str,
}

/// What to do with a compile task, as far as that can be said without the node's facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ByCode {
    /// Nothing: the pointer is where it should be.
    UpToDate,
    /// Verify what the trace read of the code; only if that broke, read the facts and compile.
    Verify(Target),
    /// Read the facts, and [`decide`].
    ReadFacts,
}

/// What to do with a compile task. The release to bring the node to is always the one that the environment
/// has for it now ([`EnvironmentDoc::aim`]), whatever the task says: a late task does the work of the one behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Skip(SkipReason),
    /// The catalog may still hold: verify its trace against this target, compile if it broke.
    Verify(Target),
    /// Compile.
    Compile(Target, CompileReason),
}

/// The position to bring a node to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The node.
    pub certname: Certname,
    /// The release.
    pub release: Digest,
    /// Its sequence.
    pub sequence: u64,
    /// Stable digest of the facts to compile with; absent when only the code is verified.
    pub facts_digest: Option<Digest>,
    /// Their generation.
    pub facts_generation: u64,
    /// The generation of the pool that exported resources were read from; absent when none were asked for.
    pub pool_generation: Option<u64>,
    /// For the pointer aside: the node's place in the rollout whose stage is to open.
    pub place: Option<Place>,
    /// Whether the catalog of the release that the node leaves is kept aside.
    pub keeps_former: bool,
}

impl Target {
    /// The same with these facts to compile with.
    #[must_use]
    pub fn with_facts(self, facts: &FactsDoc) -> Self {
        Self {
            facts_digest: Some(facts.digest),
            facts_generation: facts.generation,
            ..self
        }
    }
}

/// Why nothing has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// The environment is not there (any more).
    NoEnvironment,
    /// No facts of the node are known: it compiles on its first request.
    NoFacts,
    /// The pointer is where it should be, or further.
    UpToDate,
    /// The compile failed with the same release and facts, and would again.
    FailedAlready,
    /// The rollout that it was for does not go on any more.
    NoRollout,
}

/// Why a trace need not even be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileReason {
    /// The node has no catalog yet.
    NoCatalog,
    /// Its catalog was made by another compiler, or another version of it.
    OtherCompiler,
    /// The catalog that was made for its stage exports something else than the one it has: what it exports is told
    /// when it is served, and is not known any more.
    OtherExports,
}

/// Where a task's node is to be brought to, and its place if that is aside; `None` when the stage that the task is for
/// does not open any more.
fn aim(
    task: &CompileTask,
    environment: &EnvironmentDoc,
    pointer: Option<&Pointer>,
) -> Option<(Aim, Option<Place>)> {
    match task.cause {
        Cause::Stage { stage } => {
            let aim = environment.staging(task.sequence)?;
            let sequence = aim.sequence;
            Some((aim, Some(Place { sequence, stage })))
        }
        _ => Some((environment.aim(&task.certname, pointer), None)),
    }
}

/// Whether a newer document may have more to say of a task than this one: the task, or the node's pointer, knows of a
/// release that this one does not have for the node at its position.
pub fn may_be_old(
    task: &CompileTask,
    environment: &EnvironmentDoc,
    pointer: Option<&Pointer>,
) -> bool {
    let insists = task.cause == Cause::Manual;
    let Some((aim, _)) = aim(task, environment, pointer) else {
        return true;
    };
    let is_other = aim.sequence == task.sequence && aim.release != task.release;
    // A pin, and its end, leave the node at its position.
    let was_turned = pointer
        .is_some_and(|pointer| pointer.sequence == aim.sequence && !pointer.has_reached(&aim));
    insists || is_other || was_turned || aim.sequence < task.sequence
}

/// Whether somebody brought a node to another release than the target's, at its very position, since the pointer was read as
/// `before`: the node may have been pinned meanwhile, or unpinned. Then the task is to be decided anew.
pub fn was_turned(before: Option<&Pointer>, current: Option<&Pointer>, target: &Target) -> bool {
    let stand =
        |pointer: Option<&Pointer>| pointer.map(|pointer| (pointer.sequence, pointer.tried()));
    let is_elsewhere = current.is_some_and(|current| {
        current.sequence == target.sequence && current.tried() != Some(target.release)
    });
    target.place.is_none() && is_elsewhere && stand(before) != stand(current)
}

/// The pointer that work for a target begins with: the node's own, or the one aside if that knows the release.
pub fn basis<'p>(pointer: &'p Pointer, target: &Target) -> &'p Pointer {
    match (&pointer.aside, target.place) {
        (Some(aside), Some(place)) if aside.sequence == place.sequence => aside,
        (_, Some(_)) => pointer,
        (_, None) => pointer.of_release(target.release),
    }
}

/// Decides on a compile task.
pub fn decide(situation: &Situation<'_>) -> Decision {
    let Situation {
        task,
        environment,
        pointer,
        facts,
        pool,
        compiler,
    } = *situation;
    let Some(environment) = environment else {
        return Decision::Skip(SkipReason::NoEnvironment);
    };
    let Some(facts) = facts else {
        return Decision::Skip(SkipReason::NoFacts);
    };
    let Some((aim, place)) = aim(task, environment, pointer) else {
        return Decision::Skip(SkipReason::NoRollout);
    };
    let target = Target {
        certname: task.certname.clone(),
        release: aim.release,
        sequence: aim.sequence,
        facts_digest: Some(facts.digest),
        facts_generation: facts.generation,
        pool_generation: None,
        place,
        keeps_former: aim.keeps_former,
    };
    let Some(pointer) = pointer else {
        return Decision::Compile(target, CompileReason::NoCatalog);
    };
    if place.is_some() && pointer.sequence >= target.sequence {
        return Decision::Skip(SkipReason::UpToDate);
    }
    let basis = basis(pointer, &target);
    let changes_places = place.is_none() && !std::ptr::eq(basis, pointer);
    let reached = basis.has_reached(&aim)
        && (basis.sequence, basis.facts_generation) >= (target.sequence, target.facts_generation)
        && !behind(basis, pool)
        && !changes_places;
    // A person or a waiting agent wants an answer now: what failed is tried again for them.
    let insists = matches!(task.cause, Cause::Request | Cause::Manual);
    match (&basis.failure, reached) {
        (Some(_), true) if !insists => return Decision::Skip(SkipReason::FailedAlready),
        (None, true) if basis.catalog.is_some() && task.cause != Cause::Manual => {
            return Decision::Skip(SkipReason::UpToDate);
        }
        _ => {}
    }
    if basis.catalog.is_none() {
        return Decision::Compile(target, CompileReason::NoCatalog);
    }
    if basis.compiler != compiler {
        return Decision::Compile(target, CompileReason::OtherCompiler);
    }
    if changes_places && basis.exports != pointer.exports {
        return Decision::Compile(target, CompileReason::OtherExports);
    }
    Decision::Verify(target)
}

/// Whether a node collected from an older pool than the one that is there now.
fn behind(pointer: &Pointer, pool: Option<u64>) -> bool {
    pointer.pool_generation < pointer.pool_generation.and(pool)
}

/// Decides on a compile task without a look at the node's facts, if that can be done: a push or a rollout says
/// nothing of facts, and a catalog without a failure beside it holds for those that its pointer
/// names. Whoever brings new facts sends a task of its own.
pub fn decide_by_code(
    task: &CompileTask,
    environment: &EnvironmentDoc,
    pointer: Option<&Pointer>,
    pool: Option<u64>,
    compiler: &str,
) -> ByCode {
    let Some((aim, place)) = aim(task, environment, pointer) else {
        return ByCode::ReadFacts;
    };
    let Some(pointer) = pointer else {
        return ByCode::ReadFacts;
    };
    let mut target = Target {
        certname: task.certname.clone(),
        release: aim.release,
        sequence: aim.sequence,
        facts_digest: None,
        facts_generation: 0,
        pool_generation: None,
        place,
        keeps_former: aim.keeps_former,
    };
    if place.is_some() && pointer.sequence >= target.sequence {
        return ByCode::UpToDate;
    }
    let basis = basis(pointer, &target);
    let changes_places = place.is_none() && !std::ptr::eq(basis, pointer);
    let by_release = matches!(
        task.cause,
        Cause::Push { .. } | Cause::Rollout { .. } | Cause::Stage { .. }
    );
    let suffices = by_release
        && basis.catalog.is_some()
        && basis.failure.is_none()
        && basis.compiler == compiler
        && basis.facts_generation >= pointer.facts_generation
        && !(changes_places && basis.exports != pointer.exports);
    if !suffices {
        return ByCode::ReadFacts;
    }
    if basis.has_reached(&aim) && !behind(basis, pool) && !changes_places {
        return ByCode::UpToDate;
    }
    target.facts_generation = basis.facts_generation;
    ByCode::Verify(target)
}

/// What came of bringing a node to a [`Target`].
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A new catalog.
    Compiled {
        /// The catalog in the store.
        catalog: CatalogRef,
        /// Its classes, in the order of their evaluation.
        classes: Vec<String>,
        /// What the compile read.
        trace: TraceDocument,
        /// Digest of what the catalog exports; absent when that is nothing.
        exports: Option<Digest>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
        /// Who compiled.
        compiler: String,
    },
    /// The trace of this catalog (its digest) holds for the target.
    Verified(Digest),
    /// The code has an error, in Puppet's words.
    Failed(String),
}

/// The pointer to write after `outcome`, given the one `current` in the store; `None` when there is
/// nothing to write: another worker brought the node further, the pointer says the same already, or
/// the verified catalog is no longer the node's (then the task is to be decided anew).
pub fn swing(
    current: Option<&Pointer>,
    target: &Target,
    outcome: &Outcome,
    at: Timestamp,
) -> Option<Pointer> {
    match target.place {
        Some(place) => put_aside(current, place, target, outcome, at),
        None => bring(current, target, outcome, at),
    }
}

/// The pointer with another catalog.
fn bring(
    current: Option<&Pointer>,
    target: &Target,
    outcome: &Outcome,
    at: Timestamp,
) -> Option<Pointer> {
    let Some(current) = current else {
        return next_pointer(None, target, outcome, at);
    };
    let unread = target.facts_digest.is_none();
    if is_ahead(current, target) || (unread && current.facts_generation > target.facts_generation) {
        return None;
    }
    let basis = basis(current, target);
    let mut next = next_pointer(Some(basis), target, outcome, at)?;
    next.place = current.place;
    let leaves = current.catalog.is_some() && current.release != next.release;
    // Made for a stage that is to open, perhaps of a rollout that whoever decided did not know of yet.
    let coming = current.aside.as_ref();
    let coming = coming.filter(|aside| aside.sequence > next.sequence);
    next.aside = match (coming, target.keeps_former, leaves) {
        (Some(coming), ..) => Some(coming.clone()),
        (None, false, _) => None,
        (None, true, false) => current.aside.clone(),
        (None, true, true) => Some(Box::new(alone(current))),
    };
    (!says_the_same(current, &next)).then_some(next)
}

/// The pointer with another one aside.
fn put_aside(
    current: Option<&Pointer>,
    place: Place,
    target: &Target,
    outcome: &Outcome,
    at: Timestamp,
) -> Option<Pointer> {
    let mut next = current
        .cloned()
        .unwrap_or_else(|| blank(target.certname.clone()));
    if next.sequence >= target.sequence {
        return None;
    }
    let basis = current.map(|current| basis(current, target));
    if basis.is_some_and(|basis| is_ahead(basis, target)) {
        return None;
    }
    let aside = alone(&next_pointer(basis, target, outcome, at)?);
    let stands = current.is_some_and(|current| {
        let former = current.aside.as_deref();
        current.place == Some(place) && former.is_some_and(|former| says_the_same(former, &aside))
    });
    if stands {
        return None;
    }
    next.place = Some(place);
    next.aside = Some(Box::new(aside));
    Some(next)
}

/// A pointer without its place, and the one aside.
fn alone(pointer: &Pointer) -> Pointer {
    Pointer {
        place: None,
        aside: None,
        ..pointer.clone()
    }
}

/// The task that brings the catalog of a stage that is to open to the facts that `done` brought the node to.
pub fn outdated_stage(
    done: &CompileTask,
    pointer: &Pointer,
    rollout: &Rollout,
) -> Option<CompileTask> {
    let place = pointer.place?;
    let aside = pointer.aside.as_deref()?;
    let waits = place.sequence == rollout.sequence && pointer.sequence < rollout.sequence;
    (waits && aside.facts_generation < pointer.facts_generation).then(|| CompileTask {
        release: rollout.release,
        sequence: rollout.sequence,
        cause: Cause::Stage { stage: place.stage },
        ..done.clone()
    })
}

/// Whether a pointer was brought to a target, or further.
pub fn has_arrived(pointer: &Pointer, target: &Target) -> bool {
    let there = |pointer: &Pointer| {
        pointer.sequence >= target.sequence && pointer.facts_generation >= target.facts_generation
    };
    match (target.place, &pointer.aside) {
        (Some(_), Some(aside)) => pointer.sequence >= target.sequence || there(aside),
        (Some(_), None) => pointer.sequence >= target.sequence,
        (None, _) => there(pointer),
    }
}

/// Whether a pointer is further than a target. What did not ask for exported resources holds for any pool.
pub fn is_ahead(pointer: &Pointer, target: &Target) -> bool {
    let at = (pointer.sequence, pointer.facts_generation);
    let goal = (target.sequence, target.facts_generation);
    let newer_pool = target
        .pool_generation
        .is_some_and(|pool| pointer.pool_generation > Some(pool));
    at > goal || (at == goal && newer_pool)
}

fn next_pointer(
    current: Option<&Pointer>,
    target: &Target,
    outcome: &Outcome,
    at: Timestamp,
) -> Option<Pointer> {
    // Facts that came meanwhile, or that a compile failed with, were not looked at.
    let unread = target.facts_digest.is_none();
    if unread
        && current.is_none_or(|pointer| {
            pointer.failure.is_some() || pointer.facts_generation != target.facts_generation
        })
    {
        return None;
    }
    let mut next = current
        .cloned()
        .unwrap_or_else(|| blank(target.certname.clone()));
    next.sequence = target.sequence;
    next.facts_generation = target.facts_generation;
    next.pool_generation = target.pool_generation;
    match outcome {
        Outcome::Compiled {
            catalog,
            classes,
            trace,
            exports,
            duration_ms,
            compiler,
        } => {
            next.catalog = Some(*catalog);
            next.classes.clone_from(classes);
            next.release = Some(target.release);
            next.facts_digest = target.facts_digest;
            next.trace = trace.clone();
            next.exports = *exports;
            next.compiled_at = Some(at);
            next.verified_at = None;
            next.duration_ms = *duration_ms;
            next.compiler.clone_from(compiler);
            next.failure = None;
        }
        Outcome::Verified(digest) => {
            if next.catalog.map(|catalog| catalog.digest) != Some(*digest) {
                return None;
            }
            next.release = Some(target.release);
            next.verified_at = Some(at);
            next.failure = None;
        }
        Outcome::Failed(error) => {
            next.failure = Some(Failure {
                release: target.release,
                sequence: target.sequence,
                error: error.clone(),
                at,
                facts_digest: target.facts_digest,
            });
        }
    }
    Some(next)
}

fn blank(certname: Certname) -> Pointer {
    Pointer {
        version: crate::documents::VERSION,
        certname,
        sequence: 0,
        catalog: None,
        release: None,
        facts_digest: None,
        facts_generation: 0,
        pool_generation: None,
        exports: None,
        trace: TraceDocument::default(),
        classes: Vec::new(),
        compiled_at: None,
        verified_at: None,
        duration_ms: 0,
        compiler: String::new(),
        failure: None,
        place: None,
        aside: None,
    }
}

/// Whether two pointers differ in times only: a duplicate task then writes nothing.
fn says_the_same(current: &Pointer, next: &Pointer) -> bool {
    let error = |pointer: &Pointer| {
        pointer
            .failure
            .as_ref()
            .map(|f| (f.release, f.sequence, f.error.clone(), f.facts_digest))
    };
    (current.sequence, current.facts_generation) == (next.sequence, next.facts_generation)
        && (current.pool_generation, current.exports) == (next.pool_generation, next.exports)
        && (current.catalog, current.release) == (next.catalog, next.release)
        && current.trace == next.trace
        && current.aside.is_some() == next.aside.is_some()
        && current.compiler == next.compiler
        && error(current) == error(next)
}

#[cfg(test)]
mod tests;
