//! In which order a worker looks into the lanes: the more urgent first, and none never.

use crate::messages::Lane;

/// How many tasks of more urgent lanes a lane lets pass before it has one of its own.
pub const PATIENCE: u32 = 16;

/// The order of the lanes for one worker, which takes one task after the other.
///
/// A lane that has something waiting is served after [`PATIENCE`] tasks of the lanes above it, so that
/// the age of bulk work is bounded however busy the farm is. An urgent task waits for the compile that
/// is under way, and rarely for one more of each lane below.
#[derive(Clone, Debug, Default)]
pub struct LaneOrder {
    passed: [u32; Lane::ALL.len()],
}

impl LaneOrder {
    /// The lanes in the order in which to look for the next task.
    pub fn now(&self) -> [Lane; Lane::ALL.len()] {
        let mut lanes = Lane::ALL;
        // Stable: among those whose turn it is, and among the others, the more urgent comes first.
        lanes.sort_by_key(|lane| self.passed[*lane as usize] < PATIENCE);
        lanes
    }

    /// A task of this lane was taken.
    pub fn took(&mut self, taken: Lane) {
        for lane in Lane::ALL {
            let passed = &mut self.passed[lane as usize];
            if lane == taken {
                *passed = 0;
            } else if lane > taken {
                *passed = passed.saturating_add(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Takes the next task of the lanes that have one.
    fn take(order: &mut LaneOrder, waiting: [bool; 3]) -> Option<Lane> {
        let lane = order
            .now()
            .into_iter()
            .find(|lane| waiting[*lane as usize])?;
        order.took(lane);
        Some(lane)
    }

    #[test]
    fn the_more_urgent_comes_first_and_bulk_has_its_turn() {
        let mut order = LaneOrder::default();
        for _ in 0..100 {
            assert_eq!(take(&mut order, [false, false, true]), Some(Lane::Bulk));
        }
        assert_eq!(take(&mut order, [true, false, true]), Some(Lane::Urgent));
        let taken: Vec<_> = (0..170)
            .map(|_| take(&mut order, [true, true, true]))
            .collect();
        let count = |lane| taken.iter().filter(|taken| **taken == Some(lane)).count();
        assert_eq!((count(Lane::Bulk), count(Lane::Normal)), (9, 9));
        assert_eq!(count(Lane::Urgent), 152);
    }

    proptest! {
        #[test]
        fn whatever_else_waits_a_lane_is_served_in_bounded_time(
            others in proptest::collection::vec(any::<[bool; 3]>(), 1..400),
            lane in 0usize..3,
        ) {
            let mut order = LaneOrder::default();
            let mut since = 0;
            for mut waiting in others {
                waiting[lane] = true;
                match take(&mut order, waiting) {
                    Some(taken) if taken as usize == lane => since = 0,
                    _ => since += 1,
                }
                prop_assert!(since <= PATIENCE + 2, "passed over {since} times");
            }
        }

        #[test]
        fn two_lower_lanes_never_follow_each_other_while_something_urgent_waits(
            others in proptest::collection::vec(any::<[bool; 2]>(), 1..400),
        ) {
            let mut order = LaneOrder::default();
            let mut lower = 0;
            for [normal, bulk] in others {
                match take(&mut order, [true, normal, bulk]) {
                    Some(Lane::Urgent) => lower = 0,
                    _ => lower += 1,
                }
                prop_assert!(lower <= 2);
            }
        }
    }
}
