//! What is told of a catalog that was published: to watching nodes, webhooks and commands.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::documents::Pointer;
use crate::{Certname, Digest, EnvironmentName};

/// A node has another catalog than before. `functions/edge/EVENTS.md` documents the JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Publication {
    /// Version of the document's form.
    pub version: u32,
    /// The node.
    pub node: Certname,
    /// The environment.
    pub environment: EnvironmentName,
    /// The catalog: the digest of its rich JSON.
    pub catalog: Digest,
    /// The catalog that the one who is told had before, if any.
    pub previous: Option<Digest>,
    /// The release that the catalog holds for.
    pub release: Option<Digest>,
    /// The environment's sequence that the node was brought to.
    pub sequence: u64,
    /// When the catalog was compiled.
    pub at: Option<Timestamp>,
    /// What made the catalog another; absent when nobody looked at the node before.
    pub cause: Option<Reason>,
}

/// What made a catalog another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// It is the node's first.
    First,
    /// A release came in.
    Release,
    /// The node's facts changed.
    Facts,
    /// Other nodes export something else.
    Exports,
    /// Something else that it was compiled from: another compiler.
    Other,
}

/// Where a node stood when it was last looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// Its catalog.
    pub catalog: Option<Digest>,
    /// The environment's sequence that it was brought to.
    pub sequence: u64,
    /// The generation of its facts that it was brought to.
    pub facts_generation: u64,
    /// The generation of the pool of exported resources that it was brought to; 0 when it collects
    /// nothing.
    #[serde(default)]
    pub pool_generation: u64,
}

impl Standing {
    /// Where a pointer says that its node stands.
    pub fn of(pointer: &Pointer) -> Self {
        Self {
            catalog: pointer.catalog.map(|catalog| catalog.digest),
            sequence: pointer.sequence,
            facts_generation: pointer.facts_generation,
            pool_generation: pointer.pool_generation.unwrap_or(0),
        }
    }

    /// What made the catalog that is there `now` another. A release that came in together with new facts is the
    /// reason by itself.
    fn reason(self, now: Self) -> Reason {
        if self.catalog.is_none() {
            Reason::First
        } else if now.sequence > self.sequence {
            Reason::Release
        } else if now.facts_generation > self.facts_generation {
            Reason::Facts
        } else if now.pool_generation > self.pool_generation {
            Reason::Exports
        } else {
            Reason::Other
        }
    }
}

impl Publication {
    /// What to tell someone who has the catalog `had`, and saw the node stand at `before`; `None` when the pointer's
    /// catalog is that one, or there is none.
    pub fn of(
        environment: &EnvironmentName,
        pointer: &Pointer,
        had: Option<Digest>,
        before: Option<Standing>,
    ) -> Option<Self> {
        let now = Standing::of(pointer);
        let catalog = now.catalog.filter(|catalog| Some(*catalog) != had)?;
        Some(Self {
            version: crate::documents::VERSION,
            node: pointer.certname.clone(),
            environment: environment.clone(),
            catalog,
            previous: had,
            release: pointer.release,
            sequence: pointer.sequence,
            at: pointer.compiled_at,
            cause: before.map(|before| before.reason(now)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::CatalogRef;

    fn pointer(catalog: Option<&str>, sequence: u64, facts_generation: u64) -> Pointer {
        let mut pointer: Pointer =
            serde_json::from_str(r#"{"certname": "a", "sequence": 1}"#).unwrap();
        pointer.catalog = catalog.map(|text| CatalogRef {
            digest: Digest::of(text),
            plain_digest: None,
            size: 1,
        });
        pointer.sequence = sequence;
        pointer.facts_generation = facts_generation;
        pointer
    }

    fn collected(catalog: Option<&str>, pool_generation: u64) -> Pointer {
        Pointer {
            pool_generation: Some(pool_generation),
            ..pointer(catalog, 1, 1)
        }
    }

    fn told(had: Option<&str>, before: Option<&Pointer>, now: &Pointer) -> Option<Publication> {
        let environment = EnvironmentName::parse("production").unwrap();
        let before = before.map(Standing::of);
        Publication::of(&environment, now, had.map(Digest::of), before)
    }

    #[test]
    fn only_another_catalog_is_told() {
        assert_eq!(told(None, None, &pointer(None, 1, 1)), None);
        assert_eq!(told(Some("a"), None, &pointer(Some("a"), 9, 9)), None);
        let news = told(Some("a"), None, &pointer(Some("b"), 9, 9)).unwrap();
        assert_eq!(
            (news.previous, news.catalog, news.cause),
            (Some(Digest::of("a")), Digest::of("b"), None)
        );
    }

    #[test]
    fn the_cause_is_what_moved() {
        let before = pointer(Some("a"), 1, 1);
        for (before, now, cause) in [
            (pointer(None, 1, 1), pointer(Some("b"), 1, 1), Reason::First),
            (before.clone(), pointer(Some("b"), 2, 1), Reason::Release),
            (before.clone(), pointer(Some("b"), 2, 2), Reason::Release),
            (before.clone(), pointer(Some("b"), 1, 2), Reason::Facts),
            (before.clone(), collected(Some("b"), 7), Reason::Exports),
            (before.clone(), pointer(Some("b"), 1, 1), Reason::Other),
        ] {
            let news = told(Some("a"), Some(&before), &now).unwrap();
            assert_eq!(news.cause, Some(cause));
        }
    }
}
