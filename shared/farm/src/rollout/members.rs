//! Who is in which stage.

use super::plan::StagePlan;
use crate::{Certname, Digest};

/// A node of the fleet, and which stages' rules are for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub certname: Certname,
    /// For each stage, whether its rule holds for the node.
    pub matches: Vec<bool>,
}

/// The nodes of each stage, sorted by name; every node is in one, the first that it belongs to.
///
/// A share is of the nodes that the stage's rule is for, in an order that only their names make, and never none of
/// some: a greater share has all the nodes of a smaller one.
pub fn members(stages: &[StagePlan], fleet: &[Candidate]) -> Vec<Vec<Certname>> {
    let mut order: Vec<(Digest, &Candidate)> = fleet
        .iter()
        .map(|node| (Digest::of(node.certname.as_str()), node))
        .collect();
    order.sort_unstable_by_key(|(digest, _)| *digest);
    let mut placed = vec![false; order.len()];
    let mut all = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        let meant: Vec<usize> = order
            .iter()
            .enumerate()
            .filter(|(_, (_, node))| node.matches.get(number).copied().unwrap_or(false))
            .map(|(place, _)| place)
            .collect();
        let count = stage
            .percent
            .map_or(meant.len(), |percent| percent.of_nodes(meant.len()));
        let mut nodes = Vec::new();
        for place in meant.into_iter().take(count) {
            if let (Some(placed), Some((_, node))) = (placed.get_mut(place), order.get(place))
                && !std::mem::replace(placed, true)
            {
                nodes.push(node.certname.clone());
            }
        }
        nodes.sort_unstable();
        all.push(nodes);
    }
    all
}
