//! A node's pointer in memory, and whether its catalog holds for what an agent says of itself.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bunraku_catalog::Trace;
use bunraku_farm::Digest;
use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, Failure, Pointer};
use jiff::Timestamp;
use serde_json::Value;

/// A pointer with its trace read.
#[derive(Debug)]
pub struct NodePointer {
    /// The pointer, without its trace.
    pub pointer: Pointer,
    trace: Option<Trace>,
    weight: u32,
    /// Digest of the request's facts, byte for byte, for which the trace was last found to hold (and which were
    /// dealt with otherwise). Agents whose facts don't change, and benchmarks, need no more than this.
    verified: Mutex<Option<Digest>>,
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
    /// A pointer, and its trace as far as this version can read it.
    pub fn new(mut pointer: Pointer) -> Self {
        // One of a form that this version can't read is one that doesn't hold.
        let trace = pointer.trace.parse::<Trace>().ok();
        // The parsed trace takes a few times the room of its text, which is dropped.
        let size = pointer
            .trace
            .get()
            .len()
            .saturating_mul(4)
            .saturating_add(1024);
        pointer.trace = bunraku_farm::documents::TraceDocument::default();
        Self {
            pointer,
            trace,
            weight: u32::try_from(size).unwrap_or(u32::MAX),
            verified: Mutex::new(None),
        }
    }

    /// Bytes in memory, roughly.
    pub(crate) fn weight(&self) -> u32 {
        self.weight
    }

    /// The catalog, if these very facts were found to hold before and the environment has not moved.
    pub(crate) fn known(&self, environment: &EnvironmentDoc, facts: Digest) -> Option<CatalogRef> {
        let verified = *self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        (verified == Some(facts) && self.pointer.holds_for(environment.release))
            .then_some(self.pointer.catalog)
            .flatten()
    }

    /// Remembers that these facts hold.
    pub(crate) fn remember(&self, facts: Digest) {
        *self.verified.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts);
    }

    /// Judges the pointer: the catalog must be of the environment's release, and every read of facts and trusted
    /// data in its trace must answer the same.
    pub fn judge(&self, environment: &EnvironmentDoc, claims: Claims<'_>) -> Verdict {
        if self.pointer.holds_for(environment.release)
            && let (Some(catalog), Some(trace)) = (self.pointer.catalog, &self.trace)
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
        match &self.pointer.failure {
            Some(failure)
                if failure.release == environment.release
                    && failure.facts_digest == Some(claims.digest) =>
            {
                Verdict::Failed(failure.clone())
            }
            _ => Verdict::Compile,
        }
    }
}

/// Whether a failure is too old to be answered without another try.
pub(crate) fn is_stale(failure: &Failure, now: Timestamp, ttl: Duration) -> bool {
    let age = now.duration_since(failure.at);
    jiff::SignedDuration::try_from(ttl).is_ok_and(|ttl| age > ttl)
}
