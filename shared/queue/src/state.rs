//! The queue as a state machine: pure but for the time it is told, no waiting, no disk.
//!
//! Each operation returns the [`Change`]s that a journal must keep so that [`State::restore`] gives
//! the same messages back. Leases and delays are not among them: they die with the process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use bunraku_farm::messages::{Channel, Message};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::journal::Contents;
use crate::receipt::{Receipt, Ticket};
use crate::{Delivery, Depth, QueueError, QueueOptions, QueuedMessage, Standing};

/// A message as the journal keeps it, under its id.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) message: Message,
    #[serde(default)]
    pub(crate) attempts: u32,
    #[serde(default)]
    pub(crate) dead: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_error: Option<String>,
}

/// What a journal must keep.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(u64, Record),
    Remove(u64),
}

/// Where a message stands. Ids grow with each send, so that they are the order of waiting.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Waiting,
    /// Comes back then.
    Delayed(Instant),
    /// Lease number and when it ends.
    Leased(u64, Instant),
    Dead,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    place: Place,
}

#[derive(Debug)]
pub(crate) struct State {
    options: QueueOptions,
    entries: BTreeMap<u64, Entry>,
    waiting: HashMap<Channel, BTreeSet<u64>>,
    /// Delays and leases by their end.
    timers: BTreeSet<(Instant, u64)>,
    /// The message that waits or is delayed under a coalescing key.
    keys: HashMap<(Channel, String), u64>,
    next_id: u64,
    /// Numbers the leases, so that a receipt never stands for a later one.
    next_lease: u64,
}

const NO_ANSWER: &str = "the worker gave no answer before its lease ran out";
const PROCESS_ENDED: &str = "the process ended while it worked on this";

impl State {
    pub(crate) fn new(options: QueueOptions) -> Self {
        Self {
            options,
            entries: BTreeMap::new(),
            waiting: HashMap::new(),
            timers: BTreeSet::new(),
            keys: HashMap::new(),
            next_id: 1,
            next_lease: 1,
        }
    }

    /// The state of a journal's records: whatever was being worked on waits again, and what had its
    /// last attempt is dead.
    pub(crate) fn restore(options: QueueOptions, contents: Contents) -> (Self, Vec<Change>) {
        let mut state = Self::new(options);
        state.next_id = contents.last_id.saturating_add(1);
        let mut changes = Vec::new();
        for (id, mut record) in contents.records {
            if !record.dead && record.attempts >= options.max_attempts {
                record.dead = true;
                record
                    .last_error
                    .get_or_insert_with(|| PROCESS_ENDED.to_owned());
                changes.push(Change::Put(id, record.clone()));
            }
            let dead = record.dead;
            state.entries.insert(
                id,
                Entry {
                    record,
                    place: Place::Dead,
                },
            );
            if !dead {
                state.wait(id, &mut changes);
            }
        }
        (state, changes)
    }

    /// Takes messages in.
    pub(crate) fn send(&mut self, messages: Vec<Message>) -> Vec<Change> {
        let mut changes = Vec::with_capacity(messages.len());
        for message in messages {
            let same = self
                .key_of(&message)
                .and_then(|key| self.keys.get(&key))
                .copied();
            // A newer message takes the place of the one that waits: whoever is renewed
            // all the time does not wait for ever.
            if let Some((id, entry)) = same.and_then(|id| Some((id, self.entries.get_mut(&id)?))) {
                entry.record = fresh(message);
                changes.push(Change::Put(id, entry.record.clone()));
                self.wait(id, &mut changes);
                continue;
            }
            let id = self.next_id;
            self.next_id = id.saturating_add(1);
            let record = fresh(message);
            changes.push(Change::Put(id, record.clone()));
            self.entries.insert(
                id,
                Entry {
                    record,
                    place: Place::Dead,
                },
            );
            self.wait(id, &mut changes);
        }
        changes
    }

    /// Hands out messages under leases.
    pub(crate) fn receive(
        &mut self,
        channels: &[Channel],
        max: usize,
        now: Instant,
    ) -> (Vec<Delivery>, Vec<Change>) {
        let mut changes = self.tick(now);
        let mut deliveries = Vec::new();
        for channel in channels {
            while deliveries.len() < max {
                let first = self
                    .waiting
                    .get(channel)
                    .and_then(|ids| ids.first().copied());
                let Some(id) = first else { break };
                deliveries.extend(self.lease(id, now, &mut changes));
            }
        }
        (deliveries, changes)
    }

    fn lease(&mut self, id: u64, now: Instant, changes: &mut Vec<Change>) -> Option<Delivery> {
        self.unplace(id);
        let end = after(now, self.options.lease);
        let lease = self.next_lease;
        self.next_lease = lease.saturating_add(1);
        let entry = self.entries.get_mut(&id)?;
        entry.record.attempts = entry.record.attempts.saturating_add(1);
        entry.place = Place::Leased(lease, end);
        self.timers.insert((end, id));
        changes.push(Change::Put(id, entry.record.clone()));
        let attempt = entry.record.attempts;
        Some(Delivery {
            message: entry.record.message.clone(),
            attempt,
            receipt: Receipt(Ticket::Local { id, lease }),
            trace: None,
        })
    }

    /// Forgets a message whose work is done.
    pub(crate) fn ack(&mut self, receipt: &Receipt, now: Instant) -> Vec<Change> {
        let mut changes = self.tick(now);
        if let Some((id, ..)) = self.held(receipt) {
            self.unplace(id);
            self.entries.remove(&id);
            changes.push(Change::Remove(id));
        }
        changes
    }

    /// Puts a message back whose work failed.
    pub(crate) fn release(
        &mut self,
        receipt: &Receipt,
        delay: Duration,
        error: &str,
        now: Instant,
    ) -> Vec<Change> {
        let mut changes = self.tick(now);
        if let Some((id, ..)) = self.held(receipt) {
            let until = (!delay.is_zero()).then(|| after(now, delay));
            self.give_back(id, until, Some(error), &mut changes);
        }
        changes
    }

    /// Moves the end of a lease.
    pub(crate) fn extend(
        &mut self,
        receipt: &Receipt,
        lease: Duration,
        now: Instant,
    ) -> (Result<(), QueueError>, Vec<Change>) {
        let changes = self.tick(now);
        let Some((id, number, end)) = self.held(receipt) else {
            return (Err(QueueError::LeaseLost), changes);
        };
        self.timers.remove(&(end, id));
        let end = after(now, lease);
        self.timers.insert((end, id));
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.place = Place::Leased(number, end);
        }
        (Ok(()), changes)
    }

    /// Lets the delays and leases end that have run out.
    pub(crate) fn tick(&mut self, now: Instant) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some(&(end, id)) = self.timers.first() {
            if end > now {
                break;
            }
            self.timers.remove(&(end, id));
            match self.entries.get(&id).map(|entry| entry.place) {
                Some(Place::Delayed(_)) => self.wait(id, &mut changes),
                Some(Place::Leased(..)) => self.give_back(id, None, None, &mut changes),
                _ => {}
            }
        }
        changes
    }

    /// When the next delay or lease ends.
    pub(crate) fn next_timer(&self) -> Option<Instant> {
        self.timers.first().map(|&(end, _)| end)
    }

    pub(crate) fn depths(&self) -> BTreeMap<Channel, Depth> {
        let mut depths: BTreeMap<Channel, Depth> = Channel::ALL
            .into_iter()
            .map(|channel| (channel, Depth::default()))
            .collect();
        for entry in self.entries.values() {
            let depth = depths.entry(entry.record.message.channel()).or_default();
            let count = match entry.place {
                Place::Waiting => &mut depth.waiting,
                Place::Delayed(_) => &mut depth.delayed,
                Place::Leased(..) => &mut depth.leased,
                Place::Dead => &mut depth.dead,
            };
            *count += 1;
        }
        depths
    }

    pub(crate) fn list(&self, channel: Channel, limit: usize) -> Vec<QueuedMessage> {
        let of_channel = |dead: bool| {
            self.entries.values().filter(move |entry| {
                entry.record.message.channel() == channel && (entry.place == Place::Dead) == dead
            })
        };
        of_channel(false)
            .chain(of_channel(true))
            .take(limit)
            .map(Entry::show)
            .collect()
    }

    /// Puts dead letters back as if they were new.
    pub(crate) fn redrive(&mut self, channel: Option<Channel>) -> (usize, Vec<Change>) {
        let dead: Vec<u64> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.place == Place::Dead)
            .filter(|(_, entry)| channel.is_none_or(|it| it == entry.record.message.channel()))
            .map(|(&id, _)| id)
            .collect();
        let mut changes = Vec::new();
        for &id in &dead {
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.record = fresh(entry.record.message.clone());
                changes.push(Change::Put(id, entry.record.clone()));
            }
            self.wait(id, &mut changes);
        }
        (dead.len(), changes)
    }

    /// The message of a receipt, with number and end of its lease, unless the receipt is void.
    fn held(&self, receipt: &Receipt) -> Option<(u64, u64, Instant)> {
        let Ticket::Local { id, lease } = receipt.0 else {
            return None;
        };
        match self.entries.get(&id)?.place {
            Place::Leased(number, end) if number == lease => Some((id, number, end)),
            _ => None,
        }
    }

    /// Ends an attempt that failed: the message waits again, from `until` on, or is dead.
    fn give_back(
        &mut self,
        id: u64,
        until: Option<Instant>,
        error: Option<&str>,
        changes: &mut Vec<Change>,
    ) {
        self.unplace(id);
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.record.last_error = Some(error.unwrap_or(NO_ANSWER).to_owned());
        if entry.record.attempts >= self.options.max_attempts {
            entry.record.dead = true;
            entry.place = Place::Dead;
            changes.push(Change::Put(id, entry.record.clone()));
            return;
        }
        changes.push(Change::Put(id, entry.record.clone()));
        match until {
            None => self.wait(id, changes),
            Some(end) => {
                if self.claim_key(id, changes) {
                    self.place(id, Place::Delayed(end));
                    self.timers.insert((end, id));
                }
            }
        }
    }

    /// Makes a message wait in its channel, unless one that supersedes it does.
    fn wait(&mut self, id: u64, changes: &mut Vec<Change>) {
        self.unplace(id);
        if !self.claim_key(id, changes) {
            return;
        }
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.place = Place::Waiting;
        self.waiting
            .entry(entry.record.message.channel())
            .or_default()
            .insert(id);
    }

    /// Makes `id` the one message that waits under its key: of two the newer (greater id) stays.
    /// Says whether `id` stayed.
    fn claim_key(&mut self, id: u64, changes: &mut Vec<Change>) -> bool {
        let Some(key) = self
            .entries
            .get(&id)
            .and_then(|entry| self.key_of(&entry.record.message))
        else {
            return self.entries.contains_key(&id);
        };
        let older = match self.keys.get(&key) {
            Some(&other) if other > id => {
                self.drop_entry(id, changes);
                return false;
            }
            Some(&other) if other != id => Some(other),
            _ => None,
        };
        if let Some(older) = older {
            self.drop_entry(older, changes);
        }
        self.keys.insert(key, id);
        true
    }

    fn key_of(&self, message: &Message) -> Option<(Channel, String)> {
        let key = message
            .coalescing_key()
            .filter(|_| self.options.coalesces)?;
        Some((message.channel(), key))
    }

    fn drop_entry(&mut self, id: u64, changes: &mut Vec<Change>) {
        self.unplace(id);
        self.entries.remove(&id);
        changes.push(Change::Remove(id));
    }

    fn place(&mut self, id: u64, place: Place) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.place = place;
        }
    }

    /// Takes a message out of every index but `entries`.
    fn unplace(&mut self, id: u64) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if let Place::Delayed(end) | Place::Leased(_, end) = entry.place {
            self.timers.remove(&(end, id));
        }
        if let Some(ids) = self.waiting.get_mut(&entry.record.message.channel()) {
            ids.remove(&id);
        }
        if let Some(key) = self.key_of(&entry.record.message)
            && self.keys.get(&key) == Some(&id)
        {
            self.keys.remove(&key);
        }
    }
}

impl Entry {
    fn show(&self) -> QueuedMessage {
        QueuedMessage {
            standing: match self.place {
                Place::Waiting => Standing::Waiting,
                Place::Delayed(_) => Standing::Delayed,
                Place::Leased(..) => Standing::Leased,
                Place::Dead => Standing::Dead,
            },
            attempts: self.record.attempts,
            last_error: self.record.last_error.clone(),
            message: self.record.message.clone(),
        }
    }
}

fn fresh(message: Message) -> Record {
    Record {
        message,
        attempts: 0,
        dead: false,
        last_error: None,
    }
}

/// `now + duration`, a year at most: no duration given by a caller overflows the clock.
pub(crate) fn after(now: Instant, duration: Duration) -> Instant {
    now + duration.min(Duration::from_secs(365 * 24 * 3600))
}
