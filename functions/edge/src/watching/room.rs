//! Who watches, what each of them was told, and whose turn it is.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bunraku_farm::documents::Pointer;
use bunraku_farm::turns::{Priority, Turns};
use bunraku_farm::{Certname, Digest, EnvironmentName, Publication, Standing};
use bunraku_pki::Identity;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::events::{Events, Outbox};
use super::message;
use super::sweep::Extent;
use crate::config::EdgeConfig;

/// The watchers of an edge.
pub(crate) struct Room {
    seats: Mutex<Seats>,
    places: Arc<Semaphore>,
    most: usize,
    heartbeat: Duration,
    /// Nodes that are told first: names, or `*` and what names end in.
    critical: Vec<String>,
    began: Instant,
    /// Somebody may have a turn to be given.
    pub(super) changed: Notify,
}

struct Seats {
    by_node: HashMap<Certname, Seat>,
    turns: Turns<Certname>,
    visits: u64,
    open: bool,
}

/// One watcher.
struct Seat {
    /// Tells it from an earlier connection of the same node.
    visit: u64,
    identity: Arc<Identity>,
    environment: EnvironmentName,
    /// Whether the client itself named the environment.
    named: bool,
    outbox: Arc<Outbox>,
    /// The catalog that the client is known to have, or was told of.
    has: Option<Digest>,
    /// Where the node stood at the last look.
    before: Option<Standing>,
    /// When something was last sent.
    sent: Instant,
}

/// Who comes in.
pub(super) struct Visitor {
    pub(super) certname: Certname,
    pub(super) identity: Arc<Identity>,
    pub(super) environment: EnvironmentName,
    pub(super) named: bool,
    pub(super) has: Option<Digest>,
}

/// A watcher's stay: over when this is dropped.
pub(super) struct Visit {
    room: Arc<Room>,
    certname: Certname,
    number: u64,
    _place: OwnedSemaphorePermit,
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.room.leave(&self.certname, self.number);
    }
}

/// A watcher to look at.
#[derive(Clone, Debug)]
pub(super) struct Turn {
    pub(super) certname: Certname,
    pub(super) environment: EnvironmentName,
    visit: u64,
}

impl Room {
    pub(crate) fn new(config: &EdgeConfig) -> Self {
        Self {
            seats: Mutex::new(Seats {
                by_node: HashMap::new(),
                turns: Turns::new(config.runs_at_once, config.longest_run),
                visits: 0,
                open: true,
            }),
            places: Arc::new(Semaphore::new(config.max_watchers)),
            most: config.max_watchers,
            heartbeat: config.heartbeat,
            critical: config.critical.clone(),
            began: Instant::now(),
            changed: Notify::new(),
        }
    }

    /// How many watch.
    pub(crate) fn count(&self) -> usize {
        self.most.saturating_sub(self.places.available_permits())
    }

    /// How many were told to run and have not been heard of since, and how many wait for their turn.
    pub(crate) fn turns(&self) -> (usize, usize) {
        self.seats().turns.count()
    }

    /// A place for one more.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Lets someone in. A node that is here already has lost its former connection, or will: that one is ended.
    /// `None` when the edge stops.
    pub(super) fn enter(
        self: &Arc<Self>,
        visitor: Visitor,
        place: OwnedSemaphorePermit,
    ) -> Option<Events> {
        let outbox = Arc::new(Outbox::default());
        outbox.send(message::greeting());
        let mut seats = self.seats();
        if !seats.open {
            return None;
        }
        seats.visits += 1;
        let visit = Visit {
            room: Arc::clone(self),
            certname: visitor.certname.clone(),
            number: seats.visits,
            _place: place,
        };
        let seat = Seat {
            visit: visit.number,
            identity: visitor.identity,
            environment: visitor.environment,
            named: visitor.named,
            outbox: Arc::clone(&outbox),
            has: visitor.has,
            before: None,
            sent: Instant::now(),
        };
        if let Some(former) = seats.by_node.insert(visitor.certname.clone(), seat) {
            former.outbox.end();
            seats.turns.leave(&visitor.certname);
        }
        let priority = self.priority(&visitor.certname);
        seats.turns.ask(visitor.certname, priority);
        drop(seats);
        self.changed.notify_one();
        Some(Events::new(outbox, visit))
    }

    fn leave(&self, certname: &Certname, visit: u64) {
        let mut seats = self.seats();
        if seats
            .by_node
            .get(certname)
            .is_some_and(|seat| seat.visit == visit)
        {
            seats.by_node.remove(certname);
            seats.turns.leave(certname);
            drop(seats);
            self.changed.notify_one();
        }
    }

    /// The pointer of a node may have changed.
    pub(super) fn stir(&self, environment: &EnvironmentName, certname: &Certname) {
        let mut seats = self.seats();
        if seats
            .by_node
            .get(certname)
            .is_some_and(|seat| seat.environment == *environment)
        {
            seats.turns.ask(certname.clone(), self.priority(certname));
        }
    }

    /// The pointers of many nodes may have changed: of `environment`, or of all.
    pub(super) fn stir_all(&self, environment: Option<&EnvironmentName>, extent: Extent) {
        let mut seats = self.seats();
        let Seats { by_node, turns, .. } = &mut *seats;
        for (certname, seat) in by_node {
            let concerned = environment.is_none_or(|environment| seat.environment == *environment);
            let due = match extent {
                Extent::All => true,
                Extent::Lagging(sequence) => seat.before.is_none_or(|at| at.sequence < sequence),
            };
            // Who runs just now comes again afterwards, and says what it has then.
            if concerned && due && !turns.has(certname) {
                turns.ask(certname.clone(), self.priority(certname));
            }
        }
    }

    /// The next whose pointer is to be looked at. It has a turn until [`Room::looked`], or, if there is news for it,
    /// until it has run.
    pub(super) fn next(&self) -> Option<Turn> {
        let mut seats = self.seats();
        loop {
            let now = self.began.elapsed();
            let certname = seats.turns.next(now)?;
            if let Some(seat) = seats.by_node.get(&certname) {
                return Some(Turn {
                    environment: seat.environment.clone(),
                    visit: seat.visit,
                    certname,
                });
            }
            seats.turns.end(&certname);
        }
    }

    /// Tells a watcher what was seen; says whether that was a new catalog. Without a pointer, nothing was ever
    /// compiled for it.
    pub(super) fn looked(&self, turn: &Turn, pointer: Option<&Pointer>) -> bool {
        let mut seats = self.seats();
        let Seats { by_node, turns, .. } = &mut *seats;
        let seat = by_node.get_mut(&turn.certname);
        let Some(seat) = seat.filter(|seat| seat.visit == turn.visit) else {
            // The turn is that of the node's next visit now, if it is here at all.
            return false;
        };
        let first = seat.before.is_none();
        let news = pointer
            .and_then(|pointer| Publication::of(&seat.environment, pointer, seat.has, seat.before));
        seat.before = Some(pointer.map(Standing::of).unwrap_or_default());
        match &news {
            Some(publication) => {
                seat.has = Some(publication.catalog);
                seat.send(message::catalog(publication));
            }
            None => {
                if first {
                    let current = message::current(&turn.certname, &seat.environment, seat.has);
                    seat.send(current);
                }
                turns.end(&turn.certname);
            }
        }
        news.is_some()
    }

    /// A look failed: it is tried again when the next sweep comes.
    pub(super) fn not_looked(&self, turn: &Turn) {
        let mut seats = self.seats();
        seats.turns.end(&turn.certname);
        if let Some(seat) = seats.by_node.get_mut(&turn.certname) {
            seat.before = None;
        }
    }

    /// A node's agent was given a catalog: the client need not run for it. A node that turns out to have moved to
    /// another environment comes again, and is told of that one's catalogs.
    pub(crate) fn served(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
        catalog: Digest,
    ) {
        let mut seats = self.seats();
        let Some(seat) = seats.by_node.get_mut(certname) else {
            return;
        };
        if seat.environment == *environment {
            seat.has = Some(catalog);
            seat.send(message::served(certname, environment, catalog));
        } else if !seat.named {
            seat.outbox.end();
        }
    }

    /// A node's agent handed in its report: its run is over.
    pub(crate) fn reported(&self, certname: &Certname) {
        let mut seats = self.seats();
        if seats.turns.has(certname) {
            seats.turns.end(certname);
            drop(seats);
            self.changed.notify_one();
        }
    }

    /// What is to be done now and then: turns that took too long are ended, and who has heard nothing for long is
    /// shown that the edge is there.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let mut seats = self.seats();
        for certname in seats.turns.expire(self.began.elapsed()) {
            tracing::debug!(node = %certname, "a node that was told to run was not heard of");
        }
        for seat in seats.by_node.values_mut() {
            if now.duration_since(seat.sent) >= self.heartbeat {
                seat.sent = now;
                seat.outbox.beat();
            }
        }
    }

    /// The environments that are watched.
    pub(super) fn environments(&self) -> BTreeSet<EnvironmentName> {
        let seats = self.seats();
        let environments = seats.by_node.values().map(|seat| &seat.environment);
        environments.cloned().collect()
    }

    /// Ends the streams of those whose certificates were revoked.
    pub(crate) fn expel(&self, is_revoked: impl Fn(&Identity) -> bool) {
        let seats = self.seats();
        let revoked = seats
            .by_node
            .values()
            .filter(|seat| is_revoked(&seat.identity));
        revoked.for_each(|seat| seat.outbox.end());
    }

    /// Ends all streams. Many clients are asked to take longer until they come again, to another edge or this one.
    pub(super) fn close(&self) {
        let mut seats = self.seats();
        seats.open = false;
        let each = Duration::from_millis(2);
        let count = u32::try_from(seats.by_node.len()).unwrap_or(u32::MAX);
        let within = Duration::from_secs(1).max(each.saturating_mul(count));
        for seat in seats.by_node.values_mut() {
            seat.send(message::come_again(within));
            seat.outbox.end();
        }
    }

    fn priority(&self, certname: &Certname) -> Priority {
        let name = certname.as_str();
        let critical = self
            .critical
            .iter()
            .any(|pattern| match pattern.strip_prefix('*') {
                Some(end) => name.ends_with(end),
                None => name == pattern,
            });
        match critical {
            true => Priority::First,
            false => Priority::Normal,
        }
    }

    /// Time since the room was opened.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    fn send(&mut self, message: bytes::Bytes) {
        self.sent = Instant::now();
        self.outbox.send(message);
    }
}
