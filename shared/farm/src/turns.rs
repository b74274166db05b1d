//! Who may run now: at most so many at once, the others in line.
//!
//! After a push, thousands of nodes have a new catalog in the same second. Their agents must not all run in that
//! second: each asks for a turn, and is told to run when it gets one.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::messages::Lane;

/// A bounded number of turns, and the line of those who wait for one: by their lanes, and in the order of asking in
/// each. Times count from any one moment on.
#[derive(Clone, Debug)]
pub struct Turns<N> {
    at_once: usize,
    longest: Duration,
    asked: u64,
    line: BTreeMap<(Lane, u64), N>,
    waiting: BTreeMap<N, (Lane, u64)>,
    running: BTreeMap<N, Turn>,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    /// When it ends by itself.
    ends: Duration,
    /// Asked for again meanwhile.
    again: Option<Lane>,
}

impl<N: Ord + Clone> Turns<N> {
    /// At most `at_once` turns (one at least) at the same time, each of them `longest` at most.
    pub fn new(at_once: usize, longest: Duration) -> Self {
        Self {
            at_once: at_once.max(1),
            longest,
            asked: 0,
            line: BTreeMap::new(),
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
        }
    }

    /// Asks for a turn. Who waits already keeps its place (or moves up, if its lane is a higher one now); who has
    /// a turn gets into line when that ends.
    pub fn ask(&mut self, node: N, lane: Lane) {
        if let Some(turn) = self.running.get_mut(&node) {
            turn.again = Some(turn.again.map_or(lane, |again| again.min(lane)));
            return;
        }
        let number = match self.waiting.get(&node).copied() {
            Some((now, _)) if now <= lane => return,
            Some(place) => {
                self.line.remove(&place);
                place.1
            }
            None => {
                self.asked += 1;
                self.asked
            }
        };
        self.line.insert((lane, number), node.clone());
        self.waiting.insert(node, (lane, number));
    }

    /// Gives a turn to the first in line, if one is free.
    pub fn next(&mut self, now: Duration) -> Option<N> {
        if self.running.len() >= self.at_once {
            return None;
        }
        let (_, node) = self.line.pop_first()?;
        self.waiting.remove(&node);
        let turn = Turn {
            ends: now.saturating_add(self.longest),
            again: None,
        };
        self.running.insert(node.clone(), turn);
        Some(node)
    }

    /// Whether `node` has a turn.
    pub fn has(&self, node: &N) -> bool {
        self.running.contains_key(node)
    }

    /// Ends a turn. Who has none loses nothing.
    pub fn end(&mut self, node: &N) {
        if let Some((node, turn)) = self.running.remove_entry(node)
            && let Some(lane) = turn.again
        {
            self.ask(node, lane);
        }
    }

    /// Ends the turns that took too long, and says whose they were.
    pub fn expire(&mut self, now: Duration) -> Vec<N> {
        let late = self.running.iter().filter(|(_, turn)| turn.ends <= now);
        let late: Vec<N> = late.map(|(node, _)| node.clone()).collect();
        late.iter().for_each(|node| self.end(node));
        late
    }

    /// Takes someone who went away out of the line, and ends its turn.
    pub fn leave(&mut self, node: &N) {
        self.running.remove(node);
        if let Some(place) = self.waiting.remove(node) {
            self.line.remove(&place);
        }
    }

    /// How many have a turn, and how many wait for one.
    pub fn count(&self) -> (usize, usize) {
        (self.running.len(), self.line.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(10);

    fn turns(at_once: usize) -> Turns<u8> {
        Turns::new(at_once, LONGEST)
    }

    #[test]
    fn turns_are_given_by_lane_and_in_order_in_each() {
        let mut turns = turns(1);
        turns.ask(5, Lane::Bulk);
        for node in [1, 2, 3] {
            turns.ask(node, Lane::Normal);
        }
        turns.ask(4, Lane::Urgent);
        turns.ask(3, Lane::Urgent);
        turns.ask(3, Lane::Bulk);
        let mut order = Vec::new();
        while let Some(node) = turns.next(Duration::ZERO) {
            order.push(node);
            turns.end(&node);
        }
        assert_eq!(order, [3, 4, 1, 2, 5]);
    }

    #[test]
    fn who_asks_during_its_turn_gets_one_more_behind_the_others() {
        let mut turns = turns(1);
        turns.ask(1, Lane::Normal);
        assert_eq!(turns.next(Duration::ZERO), Some(1));
        turns.ask(2, Lane::Normal);
        turns.ask(1, Lane::Normal);
        turns.ask(1, Lane::Normal);
        turns.end(&1);
        assert_eq!(turns.next(Duration::ZERO), Some(2));
        turns.end(&2);
        assert_eq!(turns.next(Duration::ZERO), Some(1));
        turns.end(&1);
        assert_eq!(turns.next(Duration::ZERO), None);
    }

    #[test]
    fn a_turn_that_takes_too_long_is_over() {
        let mut turns = turns(1);
        turns.ask(1, Lane::Normal);
        turns.ask(2, Lane::Normal);
        turns.next(Duration::ZERO);
        assert!(turns.expire(LONGEST - Duration::from_secs(1)).is_empty());
        assert_eq!(turns.next(LONGEST), None);
        assert_eq!(turns.expire(LONGEST), [1]);
        assert_eq!(turns.next(LONGEST), Some(2));
    }

    #[derive(Clone, Debug)]
    enum Step {
        Ask(u8, Lane),
        Next,
        End(u8),
        Leave(u8),
        Wait(u64),
    }

    fn lane() -> impl Strategy<Value = Lane> {
        proptest::sample::select(Lane::ALL.as_slice())
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..12u8, lane()).prop_map(|(node, lane)| Step::Ask(node, lane)),
            3 => Just(Step::Next),
            2 => (0..12u8).prop_map(Step::End),
            1 => (0..12u8).prop_map(Step::Leave),
            1 => (0..20u64).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn never_more_than_the_limit_run_and_who_asks_gets_a_turn(
            at_once in 1..5usize,
            steps in proptest::collection::vec(step(), 0..80),
        ) {
            let (mut turns, mut now) = (turns(at_once), Duration::ZERO);
            // Who asked and has neither got a turn since nor left.
            let mut open = std::collections::BTreeSet::new();
            let take = |turns: &mut Turns<u8>, now| {
                let node = turns.next(now)?;
                assert!(turns.has(&node));
                Some(node)
            };
            for step in steps {
                match step {
                    Step::Ask(node, lane) => {
                        turns.ask(node, lane);
                        open.insert(node);
                    }
                    Step::Next => {
                        let before = turns.clone();
                        if let Some(node) = take(&mut turns, now) {
                            prop_assert!(!before.has(&node), "two turns at once");
                            prop_assert!(open.remove(&node), "nobody asked");
                        }
                    }
                    Step::End(node) => turns.end(&node),
                    Step::Leave(node) => {
                        turns.leave(&node);
                        open.remove(&node);
                    }
                    Step::Wait(seconds) => {
                        now += Duration::from_secs(seconds);
                        turns.expire(now);
                    }
                }
                let (running, waiting) = turns.count();
                prop_assert!(running <= at_once);
                prop_assert!(running == at_once || waiting == 0 || turns.clone().next(now).is_some());
            }
            // However it came to this: as turns end, all get theirs.
            for _ in 0..64 {
                while let Some(node) = take(&mut turns, now) {
                    open.remove(&node);
                }
                now += LONGEST;
                turns.expire(now);
            }
            prop_assert!(open.is_empty());
            prop_assert_eq!(turns.count(), (0, 0));
        }
    }
}
