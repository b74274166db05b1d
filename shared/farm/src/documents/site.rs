//! What a site says of itself in `bunraku.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Node, Patterns, Selector, Unknown};
use crate::messages::Lane;
use crate::rollout::Plan;

/// `bunraku.yaml` of a release; the environment's document carries that of its current one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteSettings {
    /// Which nodes are compiled before others, and after them: the first rule that holds decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<Priority>,
    /// How releases are rolled out when nobody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Plan>,
}

/// One rule: a lane for the nodes that are all that it says. A rule that says nothing is for every
/// node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "PriorityText", into = "PriorityText")]
pub struct Priority {
    /// The lane of their tasks.
    pub lane: Lane,
    /// The nodes.
    pub nodes: Selector,
}

/// A rule as it is written.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(expecting = "a rule: lane, and certname, fact or class")]
struct PriorityText {
    lane: Lane,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certname: Option<Patterns>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    fact: BTreeMap<String, Patterns>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    class: Option<Patterns>,
}

impl From<PriorityText> for Priority {
    fn from(text: PriorityText) -> Self {
        Self {
            lane: text.lane,
            nodes: Selector {
                certname: text.certname,
                fact: text.fact,
                class: text.class,
            },
        }
    }
}

impl From<Priority> for PriorityText {
    fn from(rule: Priority) -> Self {
        Self {
            lane: rule.lane,
            certname: rule.nodes.certname,
            fact: rule.nodes.fact,
            class: rule.nodes.class,
        }
    }
}

impl SiteSettings {
    /// The lane of a node's tasks when no agent waits; `normal` where no rule holds. An error says
    /// what has to be learnt of the node before.
    pub fn lane(&self, node: &Node) -> Result<Lane, Unknown> {
        for rule in &self.priorities {
            if rule.nodes.holds_for(node)? {
                return Ok(rule.lane);
            }
        }
        Ok(Lane::Normal)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Certname;

    fn settings(priorities: Value) -> SiteSettings {
        serde_json::from_value(json!({ "priorities": priorities })).unwrap()
    }

    fn node(name: &str) -> Node {
        Node::named(Certname::parse(name).unwrap())
    }

    fn with_facts(facts: Value) -> Node {
        let mut node = node("a");
        node.learn_facts(facts.as_object().unwrap().clone());
        node
    }

    #[test]
    fn the_first_rule_that_holds_decides_and_normal_is_for_the_rest() {
        let settings = settings(json!([
            {"lane": "urgent", "certname": ["db*.example.test", "mail"]},
            {"lane": "bulk", "certname": "*.example.test"},
        ]));
        let lane = |name| settings.lane(&node(name)).unwrap();
        assert_eq!(lane("db1.example.test"), Lane::Urgent);
        assert_eq!(lane("mail"), Lane::Urgent);
        assert_eq!(lane("web.example.test"), Lane::Bulk);
        assert_eq!(lane("web.elsewhere.test"), Lane::Normal);
        assert_eq!(SiteSettings::default().lane(&node("a")), Ok(Lane::Normal));
    }

    #[test]
    fn facts_are_compared_by_path_as_they_are_written() {
        let settings = settings(json!([
            {"lane": "urgent", "fact": {"os.family": ["Debian", "Red*"], "is_virtual": false}},
            {"lane": "bulk", "fact": {"disks.0": 7}},
            {"lane": "bulk", "fact": {"dotted.name": "x"}},
        ]));
        let lane = |facts| settings.lane(&with_facts(facts)).unwrap();
        let both = json!({"os": {"family": "RedHat"}, "is_virtual": false});
        assert_eq!(lane(both), Lane::Urgent);
        assert_eq!(lane(json!({"os": {"family": "RedHat"}})), Lane::Normal);
        assert_eq!(lane(json!({"disks": [7]})), Lane::Bulk);
        assert_eq!(lane(json!({"disks": {"0": 7}})), Lane::Bulk);
        assert_eq!(lane(json!({"dotted.name": "x"})), Lane::Bulk);
        assert_eq!(lane(json!({"disks": [[7]]})), Lane::Normal);
    }

    #[test]
    fn nothing_is_asked_for_that_does_not_matter() {
        let settings = settings(json!([
            {"lane": "urgent", "certname": "db*"},
            {"lane": "urgent", "certname": "w*", "fact": {"role": "web"}, "class": "role::*"},
        ]));
        assert_eq!(settings.lane(&node("db1")), Ok(Lane::Urgent));
        assert_eq!(settings.lane(&node("mail")), Ok(Lane::Normal));
        let mut web = node("web");
        assert_eq!(settings.lane(&web), Err(Unknown::Facts));
        web.learn_facts(json!({"role": "web"}).as_object().unwrap().clone());
        assert_eq!(settings.lane(&web), Err(Unknown::Classes));
        web.learn_classes(vec!["settings".to_owned(), "role::web".to_owned()]);
        assert_eq!(settings.lane(&web), Ok(Lane::Urgent));
        web.learn_classes(Vec::new());
        assert_eq!(settings.lane(&web), Ok(Lane::Normal));
    }

    #[test]
    fn what_is_no_rule_is_told() {
        for (wrong, reason) in [
            (json!({"lane": "fast"}), "unknown variant `fast`"),
            (json!({"certname": "a"}), "missing field `lane`"),
            (
                json!({"lane": "bulk", "certname": {}}),
                "a text or a list of texts",
            ),
            (
                json!({"lane": "bulk", "class": []}),
                "a text or a list of texts",
            ),
            (json!({"lane": "bulk", "fact": "a"}), "expected a map"),
        ] {
            let error = serde_json::from_value::<SiteSettings>(json!({ "priorities": [wrong] }));
            let error = error.unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
