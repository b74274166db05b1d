//! How many requests a node may cost.

use bunraku_farm::documents::EnvironmentDoc;
use bunraku_farm::messages::Message;
use bunraku_store::Key;

use super::Witness;
use crate::objects::Objects;

/// Requests of the store in one round of a compile, at most: the pointer, the environment, the facts, the
/// release, the pool before and after with one part, two forms of a catalog, each looked at and written
/// again when it is old, the document of exports, the pointer again.
const ROUND: u64 = 20;
/// Rounds: others may move the pointer meanwhile.
const ROUNDS: u64 = 3;
/// Requests of one step of a rollout, whatever the number of its nodes: the environment twice, who is in which
/// stage, and two listings.
const STEP: u64 = 6;
/// What a step reads of a node: its facts and its pointer, or its last run.
const OF_NODE: u64 = 2;
/// Steps until a rollout rests: three for each of its stages, and some for its beginning and its end.
const STEPS: u64 = 40;

impl Witness {
    /// A worker has handled a message with so many requests.
    pub(crate) fn handled(&mut self, objects: &Objects, message: &Message, requests: u64) {
        let (most, of) = match message {
            Message::Compile(task) => {
                // A node whose stage is to open has two catalogs to be brought to its facts.
                let key = (task.environment.clone(), task.certname.clone());
                let two = self
                    .pointers
                    .get(&key)
                    .is_some_and(|seen| seen.both().count() > 1);
                (
                    ROUND * ROUNDS * (1 + u64::from(two)),
                    task.certname.to_string(),
                )
            }
            Message::Advance(task) => {
                let key = Key::Environment(task.environment.clone());
                let document: Option<EnvironmentDoc> = objects.document(&key);
                let stages = document
                    .as_ref()
                    .and_then(|document| document.rollout())
                    .map_or(1, |rollout| rollout.stages.len() as u64);
                let nodes = objects.list(&format!("members/{}", task.environment)).len() as u64;
                let most = STEPS * STEP + 4 * stages * OF_NODE * nodes;
                (most, format!("the rollouts of {}", task.environment))
            }
            _ => return,
        };
        if requests > most {
            let detail = format!("{requests} for {of}");
            self.violate("requests per node are within budget", detail);
        }
    }
}
