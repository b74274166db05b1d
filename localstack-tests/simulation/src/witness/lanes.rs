//! The order in which work is taken: the more urgent first, and none never.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bunraku_farm::lanes::PATIENCE;
use bunraku_farm::messages::{Channel, Lane, Message};
use bunraku_queue::Delivery;
use tokio::time::Instant;

use super::Witness;

/// The longest that messages waited, by their queue.
pub(crate) type Waits = BTreeMap<Channel, Duration>;

#[derive(Debug)]
pub(super) struct Lanes {
    watched: bool,
    takers: Vec<Taker>,
    sent: HashMap<(Channel, String), Instant>,
    waits: Waits,
}

/// What a worker let pass.
#[derive(Clone, Copy, Debug, Default)]
struct Taker {
    /// Tasks of lower lanes in a row while something urgent waited.
    lower: u32,
    /// Tasks of other lanes in a row while something of this one waited.
    passed: [u32; Lane::ALL.len()],
}

impl Lanes {
    pub(super) fn new(watched: bool) -> Self {
        Self {
            watched,
            takers: Vec::new(),
            sent: HashMap::new(),
            waits: Waits::new(),
        }
    }
}

impl Witness {
    /// Whether the order of lanes is looked at.
    pub(crate) fn watches_lanes(&self) -> bool {
        self.lanes.watched
    }

    /// Names one who will take messages.
    pub(crate) fn new_taker(&mut self) -> usize {
        self.lanes.takers.push(Taker::default());
        self.lanes.takers.len() - 1
    }

    /// A message was put into the queue.
    pub(crate) fn sent(&mut self, message: &Message) {
        if let Some(key) = message.coalescing_key().filter(|_| self.lanes.watched) {
            let key = (message.channel(), key);
            self.lanes.sent.entry(key).or_insert_with(Instant::now);
        }
    }

    /// How long messages waited.
    pub(crate) fn waits(&self) -> Waits {
        self.lanes.waits.clone()
    }

    /// Messages were taken from the queue, which holds so many in each channel that could have been
    /// taken as well.
    pub(crate) fn took(
        &mut self,
        taker: usize,
        channels: &[Channel],
        deliveries: &[Delivery],
        left: &BTreeMap<Channel, usize>,
    ) {
        for delivery in deliveries {
            let message = &delivery.message;
            let channel = message.channel();
            if let Some(key) = message.coalescing_key()
                && let Some(sent) = self.lanes.sent.remove(&(channel, key))
            {
                let longest = self.lanes.waits.entry(channel).or_default();
                *longest = sent.elapsed().max(*longest);
            }
            if let Channel::Compile(lane) = channel {
                self.took_task(taker, channels, lane, left);
            }
        }
    }

    fn took_task(
        &mut self,
        taker: usize,
        channels: &[Channel],
        taken: Lane,
        left: &BTreeMap<Channel, usize>,
    ) {
        let waits = |lane: Lane| {
            let channel = Channel::Compile(lane);
            channels.contains(&channel) && left.get(&channel).is_some_and(|left| *left > 0)
        };
        let Some(state) = self.lanes.takers.get_mut(taker) else {
            return;
        };
        state.lower = match taken != Lane::Urgent && waits(Lane::Urgent) {
            true => state.lower + 1,
            false => 0,
        };
        for lane in Lane::ALL {
            let passed = &mut state.passed[lane as usize];
            *passed = match lane != taken && waits(lane) {
                true => *passed + 1,
                false => 0,
            };
        }
        let state = *state;
        if state.lower > 2 {
            let detail = format!("{} tasks of other lanes were taken first", state.lower);
            self.violate("urgent work is not starved", detail);
        }
        for lane in Lane::ALL {
            let passed = state.passed[lane as usize];
            if passed > PATIENCE + 2 {
                let detail = format!("{passed} tasks were taken before one of {lane}");
                self.violate("every lane has its turn", detail);
            }
        }
    }
}
