//! A node's pointer in memory, and whether its catalog holds for what an agent says of itself.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bunraku_catalog::Trace;
use bunraku_farm::Digest;
use bunraku_farm::documents::{CatalogRef, Failure, Pointer};
use bunraku_farm::rollout::Aim;
use jiff::Timestamp;
use serde_json::Value;

/// A pointer with its trace read.
#[derive(Debug)]
pub struct NodePointer {
    /// The pointer, without its trace.
    pub pointer: Pointer,
    /// `None` for one of a form that this version can't read: it doesn't hold.
    trace: Option<Trace>,
    /// That of the pointer aside, of another release.
    trace_aside: Option<Trace>,
    weight: u32,
    /// Digest of the request's facts, byte for byte, for which a trace was last found to hold (and which were
    /// dealt with otherwise), and the catalog. Agents whose facts don't change, and benchmarks, need no more than this.
    verified: Mutex<Option<(Digest, CatalogRef)>>,
}

/// What an agent says of itself, and what its certificate says of it.
#[derive(Clone, Copy, Debug)]
pub struct Claims<'a> {
    /// The facts' values.
    pub facts: &'a Value,
    /// Their stable digest.
    pub digest: Digest,
    /// What `$trusted` is.
    pub trusted: &'a Value,
}

/// What is to be done about a catalog request.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// This catalog holds.
    Serve(CatalogRef),
    /// The compile for this release and these facts failed.
    Failed(Failure),
    /// A compile is needed.
    Compile,
}

impl NodePointer {
    /// A pointer, and its traces as far as this version can read them.
    pub fn new(mut pointer: Pointer) -> Self {
        // A parsed trace takes a few times the room of its text, which is dropped.
        let (trace, size) = take_trace(&mut pointer);
        let aside = pointer.aside.as_deref_mut().map(take_trace);
        let (trace_aside, size_aside) = aside.unwrap_or_default();
        let size = size.saturating_add(size_aside).saturating_mul(4);
        Self {
            pointer,
            trace,
            trace_aside,
            weight: u32::try_from(size.saturating_add(1024)).unwrap_or(u32::MAX),
            verified: Mutex::new(None),
        }
    }

    /// Bytes in memory, roughly.
    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    /// The catalog, if these very facts were found to hold before and the node is to have the same release still.
    pub(crate) fn known(&self, aim: &Aim, facts: Digest) -> Option<CatalogRef> {
        let verified = *self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let pointer = self.pointer.of_release(aim.release);
        let catalog = pointer.catalog.filter(|_| pointer.holds_for(aim.release))?;
        (verified == Some((facts, catalog))).then_some(catalog)
    }

    /// Remembers that this catalog holds for these facts.
    pub(crate) fn remember(&self, facts: Digest, catalog: CatalogRef) {
        *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some((facts, catalog));
    }

    /// Whether the last compile for the release that the node is to have failed.
    pub fn has_failed(&self, aim: &Aim) -> bool {
        self.pointer.of_release(aim.release).failure.is_some()
    }

    /// Judges the pointer: the catalog must be of the release that the node is to have, and every read of facts and
    /// trusted data in its trace must answer the same.
    pub fn judge(&self, aim: &Aim, claims: Claims<'_>) -> Verdict {
        let pointer = self.pointer.of_release(aim.release);
        let trace = match std::ptr::eq(pointer, &self.pointer) {
            true => &self.trace,
            false => &self.trace_aside,
        };
        if pointer.holds_for(aim.release)
            && let (Some(catalog), Some(trace)) = (pointer.catalog, trace)
        {
            match trace.facts_hold(claims.facts, claims.trusted) {
                Ok(()) => return Verdict::Serve(catalog),
                Err(broken) => {
                    for broken in broken.iter().take(5) {
                        tracing::debug!(node = %self.pointer.certname, read = %broken.read, "a read answers otherwise");
                    }
                }
            }
        }
        match &pointer.failure {
            Some(failure)
                if failure.release == aim.release
                    && failure.facts_digest == Some(claims.digest) =>
            {
                Verdict::Failed(failure.clone())
            }
            _ => Verdict::Compile,
        }
    }
}

/// A pointer's trace, and the size of its text in bytes.
fn take_trace(pointer: &mut Pointer) -> (Option<Trace>, usize) {
    let text = std::mem::take(&mut pointer.trace);
    (text.parse().ok(), text.get().len())
}

/// Whether a failure is too old to be answered without another try.
pub(crate) fn is_stale(failure: &Failure, now: Timestamp, ttl: Duration) -> bool {
    let age = now.duration_since(failure.at);
    jiff::SignedDuration::try_from(ttl).is_ok_and(|ttl| age > ttl)
}
