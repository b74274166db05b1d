//! Who watches, and whose turn it is.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bunraku_farm::documents::{Node, Pointer, SiteSettings};
use bunraku_farm::messages::Lane;
use bunraku_farm::turns::Turns;
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_pki::Identity;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::events::{Events, Outbox};
use super::seat::{Seat, Visitor};
use super::sweep::Extent;
use crate::config::EdgeConfig;

/// How much longer each watcher more makes the time within which all come again when the edge ends.
const SPREAD: Duration = Duration::from_millis(2);
/// The least of these times.
const LEAST_SPREAD: Duration = Duration::from_secs(1);

/// The watchers of an edge.
pub(crate) struct Room {
    seats: Mutex<Seats>,
    places: Arc<Semaphore>,
    most: usize,
    heartbeat: Duration,
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
        let certname = visitor.certname.clone();
        let mut seats = self.seats();
        if !seats.open {
            return None;
        }
        seats.visits += 1;
        let visit = Visit {
            room: Arc::clone(self),
            certname: certname.clone(),
            number: seats.visits,
            _place: place,
        };
        let outbox = Arc::new(Outbox::default());
        let seat = Seat::new(visitor, visit.number, Arc::clone(&outbox));
        let lane = seat.lane();
        if let Some(former) = seats.by_node.insert(certname.clone(), seat) {
            former.end();
            seats.turns.leave(&certname);
        }
        seats.turns.ask(certname, lane);
        drop(seats);
        self.changed.notify_one();
        Some(Events::new(outbox, visit))
    }

    fn leave(&self, certname: &Certname, visit: u64) {
        let mut seats = self.seats();
        if seats.seat(certname, visit).is_some() {
            seats.by_node.remove(certname);
            seats.turns.leave(certname);
            drop(seats);
            self.changed.notify_one();
        }
    }

    /// The pointer of a node may have changed.
    pub(super) fn stir(&self, environment: &EnvironmentName, certname: &Certname) {
        let mut seats = self.seats();
        let seat = seats.by_node.get(certname);
        if let Some(seat) = seat.filter(|seat| seat.environment() == environment) {
            let lane = seat.lane();
            seats.turns.ask(certname.clone(), lane);
        }
    }

    /// The pointers of many nodes may have changed: of `environment`, or of all.
    pub(super) fn stir_all(&self, environment: Option<&EnvironmentName>, extent: Extent) {
        let mut seats = self.seats();
        let Seats { by_node, turns, .. } = &mut *seats;
        for (certname, seat) in by_node {
            let concerned = environment.is_none_or(|environment| seat.environment() == environment);
            // Who runs just now comes again afterwards, and says what it has then.
            if concerned && seat.is_due(extent) && !turns.has(certname) {
                turns.ask(certname.clone(), seat.lane());
            }
        }
    }

    /// The rules of an environment are these from now on. Where a name alone does not decide, the next look does.
    pub(super) fn rank(&self, environment: &EnvironmentName, settings: &SiteSettings) {
        for (certname, seat) in &mut self.seats().by_node {
            if seat.environment() == environment
                && let Ok(lane) = settings.lane(&Node::named(certname.clone()))
            {
                seat.rank(lane);
            }
        }
    }

    /// The next whose pointer is to be looked at. It has a turn until [`Room::looked`], or, if there is news for it,
    /// until it has run.
    pub(super) fn next(&self) -> Option<Turn> {
        let mut seats = self.seats();
        loop {
            let certname = seats.turns.next(self.now())?;
            if let Some(seat) = seats.by_node.get(&certname) {
                return Some(Turn {
                    environment: seat.environment().clone(),
                    visit: seat.visit(),
                    certname,
                });
            }
            seats.turns.end(&certname);
        }
    }

    /// Tells a watcher what was seen, and ranks it; says whether that was a new catalog. Without a pointer, nothing was ever
    /// compiled for it. If it left meanwhile, the turn is that of the node's next visit, or nobody's.
    pub(super) fn looked(&self, turn: &Turn, pointer: Option<&Pointer>, lane: Lane) -> bool {
        let mut seats = self.seats();
        let Some(seat) = seats.seat(&turn.certname, turn.visit) else {
            return false;
        };
        seat.rank(lane);
        let is_news = seat.looked(pointer);
        if !is_news {
            seats.turns.end(&turn.certname);
        }
        is_news
    }

    /// A look failed: it is tried again when the next sweep comes.
    pub(super) fn not_looked(&self, turn: &Turn) {
        let mut seats = self.seats();
        if let Some(seat) = seats.seat(&turn.certname, turn.visit) {
            seat.not_looked();
            seats.turns.end(&turn.certname);
        }
    }

    /// A node's agent was given a catalog: the client need not run for it.
    pub(crate) fn served(
        &self,
        environment: &EnvironmentName,
        certname: &Certname,
        catalog: Digest,
    ) {
        if let Some(seat) = self.seats().by_node.get_mut(certname) {
            seat.served(environment, catalog);
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
        for certname in seats.turns.expire(self.now()) {
            tracing::debug!(node = %certname, "a node that was told to run was not heard of");
        }
        for seat in seats.by_node.values_mut() {
            seat.beat(now, self.heartbeat);
        }
    }

    /// The environments that are watched.
    pub(super) fn environments(&self) -> BTreeSet<EnvironmentName> {
        let seats = self.seats();
        seats
            .by_node
            .values()
            .map(|seat| seat.environment().clone())
            .collect()
    }

    /// Ends the streams of those whose certificates were revoked.
    pub(crate) fn expel(&self, is_revoked: impl Fn(&Identity) -> bool) {
        let seats = self.seats();
        let all = seats.by_node.values();
        all.filter(|seat| is_revoked(seat.identity()))
            .for_each(Seat::end);
    }

    /// Ends all streams. Many clients are asked to take longer until they come again, to another edge or this one.
    pub(super) fn close(&self) {
        let mut seats = self.seats();
        seats.open = false;
        let count = u32::try_from(seats.by_node.len()).unwrap_or(u32::MAX);
        let within = LEAST_SPREAD.max(SPREAD.saturating_mul(count));
        for seat in seats.by_node.values_mut() {
            seat.see_off(within);
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

impl Seats {
    /// The seat of a visit, as long as that lasts.
    fn seat(&mut self, certname: &Certname, visit: u64) -> Option<&mut Seat> {
        let seat = self.by_node.get_mut(certname)?;
        (seat.visit() == visit).then_some(seat)
    }
}
