//! A node's last facts.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Certname, Digest, EnvironmentName, facts};

/// `facts/<certname>.json`: the last facts whose stable part was new. Written with compare and swap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FactsDoc {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The node.
    pub certname: Certname,
    /// The facts as the agent sent them, volatile ones too.
    pub values: Map<String, Value>,
    /// Extensions of the certificate that they came with, by short name or OID: `$trusted['extensions']`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extensions: Map<String, Value>,
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
    /// The generation with which the node came to its environment: a pointer of an older one was made
    /// before it left, or never had it.
    #[serde(default = "first_generation")]
    pub arrived: u64,
    /// Whether they come from the site's code and no agent has sent any yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seed: bool,
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
            extensions: Map::new(),
            timestamp,
            digest,
            environment,
            generation: first_generation(),
            arrived: first_generation(),
            seed: false,
        }
    }

    /// The same with the extensions of the node's certificate.
    #[must_use]
    pub fn with_extensions(mut self, extensions: Map<String, Value>) -> Self {
        self.extensions = extensions;
        self
    }

    /// `$trusted` of a node that these facts came from over mutual TLS (`Puppet::Context::TrustedInformation`).
    pub fn trusted(&self) -> Value {
        let certname = self.certname.as_str();
        let (hostname, domain) = match certname.split_once('.') {
            Some((hostname, domain)) => (hostname, Some(domain)),
            None => (certname, None),
        };
        json!({
            "authenticated": "remote",
            "certname": certname,
            "extensions": self.extensions,
            "hostname": hostname,
            "domain": domain,
            "external": {},
        })
    }

    /// The same as facts that the site's code brings.
    #[must_use]
    pub fn as_seed(mut self) -> Self {
        self.seed = true;
        self
    }

    /// The document to write when this one arrives and `current` is in the store; `None` when
    /// nothing stable changed, and the environment neither. A seed never takes the place of what an
    /// agent sent; what an agent sends always takes the place of a seed.
    pub fn following(self, current: Option<&Self>) -> Option<Self> {
        let Some(current) = current else {
            return Some(self);
        };
        let same = current.digest == self.digest
            && current.environment == self.environment
            && current.extensions == self.extensions;
        // Environments that all bring facts of a node would take turns for ever: the first has it.
        let taken = !current.seed || current.environment != self.environment;
        if (self.seed && taken) || (same && self.seed == current.seed) {
            return None;
        }
        Some(self.superseding(current))
    }

    /// The document to write in the place of `current`, whether or not something stable changed:
    /// for a catalog that read a volatile fact.
    pub fn superseding(mut self, current: &Self) -> Self {
        self.generation = current.generation.saturating_add(1);
        self.arrived = match self.environment == current.environment {
            true => current.arrived,
            false => self.generation,
        };
        self
    }
}

#[cfg(test)]
mod tests {
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
        let moved = doc(json!({"os": "a"}), "test")
            .following(Some(&changed))
            .unwrap();
        assert_eq!(
            (moved.generation, moved.arrived, changed.arrived),
            (3, 3, 1)
        );
        let there = doc(json!({"os": "c"}), "test")
            .following(Some(&moved))
            .unwrap();
        assert_eq!((there.generation, there.arrived), (4, 3));
    }

    #[test]
    fn an_agents_facts_take_the_place_of_a_seed_and_never_the_other_way_round() {
        let seed = doc(json!({"os": "a"}), "production").as_seed();
        let changed = doc(json!({"os": "b"}), "production").as_seed();
        let sent = doc(json!({"os": "a"}), "production");
        assert!(changed.clone().following(Some(&seed)).is_some());
        assert!(
            sent.clone()
                .following(Some(&seed))
                .is_some_and(|doc| !doc.seed)
        );
        assert_eq!(changed.following(Some(&sent)), None);
        let elsewhere = doc(json!({"os": "c"}), "test").as_seed();
        assert_eq!(elsewhere.following(Some(&seed)), None);
    }
}
