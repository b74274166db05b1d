//! One watcher: what it has, and what it is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bunraku_farm::documents::Pointer;
use bunraku_farm::messages::Lane;
use bunraku_farm::{Certname, Digest, EnvironmentName, Publication, Standing};
use bunraku_pki::Identity;

use super::events::Outbox;
use super::message;
use super::sweep::Extent;

/// Who comes in.
pub(super) struct Visitor {
    pub(super) certname: Certname,
    pub(super) identity: Arc<Identity>,
    pub(super) environment: EnvironmentName,
    /// Whether the client itself named the environment.
    pub(super) named: bool,
    /// The catalog that it says it has.
    pub(super) has: Option<Digest>,
    /// How soon it gets a turn.
    pub(super) lane: Lane,
}

/// A watcher.
pub(super) struct Seat {
    visitor: Visitor,
    /// Tells it from an earlier connection of the same node.
    visit: u64,
    outbox: Arc<Outbox>,
    /// Where the node stood at the last look.
    before: Option<Standing>,
    /// When something was last sent.
    sent: Instant,
}

impl Seat {
    pub(super) fn new(visitor: Visitor, visit: u64, outbox: Arc<Outbox>) -> Self {
        let mut seat = Self {
            visitor,
            visit,
            outbox,
            before: None,
            sent: Instant::now(),
        };
        seat.send(message::greeting());
        seat
    }

    pub(super) fn visit(&self) -> u64 {
        self.visit
    }

    pub(super) fn environment(&self) -> &EnvironmentName {
        &self.visitor.environment
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.visitor.identity
    }

    pub(super) fn lane(&self) -> Lane {
        self.visitor.lane
    }

    /// How soon it gets its next turn.
    pub(super) fn rank(&mut self, lane: Lane) {
        self.visitor.lane = lane;
    }

    /// Whether a sweep is to look at it.
    pub(super) fn is_due(&self, extent: Extent) -> bool {
        match extent {
            Extent::All => true,
            Extent::Lagging(sequence) => self.before.is_none_or(|at| at.sequence < sequence),
        }
    }

    /// Tells what was seen; says whether that was a new catalog. `has` is, from then on, what the client was told of.
    pub(super) fn looked(&mut self, pointer: Option<&Pointer>) -> bool {
        let Visitor {
            certname,
            environment,
            has,
            ..
        } = &mut self.visitor;
        let news =
            pointer.and_then(|pointer| Publication::of(environment, pointer, *has, self.before));
        let first = self.before.is_none();
        self.before = Some(pointer.map(Standing::of).unwrap_or_default());
        let message = match &news {
            Some(publication) => {
                *has = Some(publication.catalog);
                Some(message::catalog(publication))
            }
            None => first.then(|| message::current(certname, environment, *has)),
        };
        if let Some(message) = message {
            self.send(message);
        }
        news.is_some()
    }

    /// Nothing could be seen: it lags behind until the next look.
    pub(super) fn not_looked(&mut self) {
        self.before = None;
    }

    /// The node's agent was given a catalog. If it turns out to have moved to another environment, the client is to
    /// come again, and is told of that one's catalogs.
    pub(super) fn served(&mut self, environment: &EnvironmentName, catalog: Digest) {
        if self.visitor.environment == *environment {
            self.visitor.has = Some(catalog);
            let message = message::served(&self.visitor.certname, environment, catalog);
            self.send(message);
        } else if !self.visitor.named {
            self.end();
        }
    }

    /// Shows that the edge is there to a client that has heard nothing for so long.
    pub(super) fn beat(&mut self, now: Instant, heartbeat: Duration) {
        if now.duration_since(self.sent) >= heartbeat {
            self.sent = now;
            self.outbox.beat();
        }
    }

    /// Ends the stream, and says within which time to come again.
    pub(super) fn see_off(&mut self, within: Duration) {
        self.send(message::come_again(within));
        self.end();
    }

    /// Ends the stream.
    pub(super) fn end(&self) {
        self.outbox.end();
    }

    fn send(&mut self, message: bytes::Bytes) {
        self.sent = Instant::now();
        self.outbox.send(message);
    }
}
