//! A node's last facts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Certname, Digest, EnvironmentName, facts};

/// `facts/<certname>.json`: the last facts whose stable part was new. Written with compare and swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FactsDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The node.
    pub certname: Certname,
    /// The facts as the agent sent them, volatile ones too.
    pub values: Map<String, Value>,
    /// When they were taken.
    pub timestamp: Timestamp,
    /// Digest of the stable facts: [`facts::stable_digest`] of `values`.
    pub digest: Digest,
    /// The environment that the node last asked for.
    pub environment: EnvironmentName,
    /// Grows by one each time that the document is written; 1 at first. A pointer names the
    /// generation that it was made with, so that a slow compile with older facts can't win.
    #[serde(default = "first_generation")]
    pub generation: u64,
}

const fn first_generation() -> u64 {
    1
}

impl FactsDoc {
    /// A node's first facts.
    pub fn new(
        certname: Certname,
        environment: EnvironmentName,
        values: Map<String, Value>,
        timestamp: Timestamp,
    ) -> Self {
        let digest = facts::stable_digest(&values);
        Self {
            version: super::VERSION,
            certname,
            values,
            timestamp,
            digest,
            environment,
            generation: first_generation(),
        }
    }

    /// The document to write when this one arrives and `current` is in the store; `None` when
    /// nothing stable changed, and the environment neither.
    pub fn following(self, current: Option<&Self>) -> Option<Self> {
        let Some(current) = current else {
            return Some(self);
        };
        if current.digest == self.digest && current.environment == self.environment {
            return None;
        }
        Some(self.superseding(current))
    }

    /// The document to write in the place of `current`, whether or not something stable changed:
    /// for a catalog that read a volatile fact.
    pub fn superseding(mut self, current: &Self) -> Self {
        self.generation = current.generation.saturating_add(1);
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doc(values: Value, environment: &str) -> FactsDoc {
        let Value::Object(values) = values else {
            panic!("an object")
        };
        FactsDoc::new(
            Certname::parse("a").unwrap(),
            EnvironmentName::parse(environment).unwrap(),
            values,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn only_a_stable_change_or_another_environment_is_written() {
        let first = doc(json!({"os": "a", "uptime": "1 day"}), "production");
        assert_eq!(
            doc(json!({"os": "a", "uptime": "2 days"}), "production").following(Some(&first)),
            None
        );
        let changed = doc(json!({"os": "b"}), "production")
            .following(Some(&first))
            .unwrap();
        assert_eq!((first.generation, changed.generation), (1, 2));
        assert!(
            doc(json!({"os": "a"}), "test")
                .following(Some(&first))
                .is_some()
        );
    }
}
