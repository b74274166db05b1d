//! How many requests a node may cost.

use bunraku_farm::messages::Message;

use super::Witness;

/// Requests of the store in one round of a compile, at most: the pointer, the environment, the facts, the
/// release, the pool before and after with one part, two forms of a catalog, each looked at and written
/// again when it is old, the document of exports, the pointer again.
const ROUND: u64 = 20;
/// Rounds: others may move the pointer meanwhile.
const ROUNDS: u64 = 3;

impl Witness {
    /// A worker has handled a message with so many requests.
    pub(crate) fn handled(&mut self, message: &Message, requests: u64) {
        if let Message::Compile(task) = message
            && requests > ROUND * ROUNDS
        {
            let detail = format!("{requests} for {}", task.certname);
            self.violate("requests per node are within budget", detail);
        }
    }
}
