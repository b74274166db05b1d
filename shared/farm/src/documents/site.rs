//! What a site says of itself in `bunraku.yaml`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wildmatch::WildMatch;

use crate::Certname;
use crate::messages::Lane;

/// `bunraku.yaml` of a release; the environment's document carries that of its current one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSettings {
    /// Which nodes are compiled before others, and after them: the first rule that holds decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priorities: Vec<Priority>,
}

/// One rule: a lane for the nodes that are all that it says. A rule that says nothing is for every
/// node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(expecting = "a rule: lane, and certname, fact or class")]
pub struct Priority {
    /// The lane of their tasks.
    pub lane: Lane,
    /// They are called like one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certname: Option<Patterns>,
    /// Each fact, by its dotted path, is like one of these.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fact: BTreeMap<String, Patterns>,
    /// Their last catalog has a class that is called like one of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Patterns>,
}

/// Texts to be like: a text, or a list of some; `*` stands for any characters, `?` for any one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Patterns(Vec<String>);

impl Patterns {
    fn hold_for(&self, text: &str) -> bool {
        let mut patterns = self.0.iter();
        patterns.any(|pattern| WildMatch::new(pattern).matches(text))
    }
}

impl<'de> Deserialize<'de> for Patterns {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = |found: &Value| {
            serde::de::Error::custom(format!("a text or a list of texts is wanted, not {found}"))
        };
        let found = Value::deserialize(deserializer)?;
        let texts = match &found {
            Value::Array(list) => list.iter().map(scalar).collect(),
            one => scalar(one).map(|text| vec![text]),
        };
        match texts {
            Some(texts) if !texts.is_empty() => Ok(Self(texts)),
            _ => Err(wrong(&found)),
        }
    }
}

/// A text, number or boolean as it is written.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

/// What is known of a node; what a rule has to know besides, it asks for.
#[derive(Clone, Debug)]
pub struct Node {
    certname: Certname,
    facts: Option<Map<String, Value>>,
    classes: Option<Vec<String>>,
}

/// What has to be known of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Its facts.
    Facts,
    /// The classes of its last catalog.
    Classes,
}

impl Node {
    /// A node of which only the name is known.
    pub const fn named(certname: Certname) -> Self {
        Self {
            certname,
            facts: None,
            classes: None,
        }
    }

    /// Its name.
    pub const fn certname(&self) -> &Certname {
        &self.certname
    }

    /// From now on these are known; of a node without any, none are.
    pub fn learn_facts(&mut self, facts: Map<String, Value>) {
        self.facts = Some(facts);
    }

    /// From now on these are known.
    pub fn learn_classes(&mut self, classes: Vec<String>) {
        self.classes = Some(classes);
    }
}

impl SiteSettings {
    /// The lane of a node's tasks when no agent waits; `normal` where no rule holds. An error says
    /// what has to be learnt of the node before.
    pub fn lane(&self, node: &Node) -> Result<Lane, Unknown> {
        for rule in &self.priorities {
            if rule.holds_for(node)? {
                return Ok(rule.lane);
            }
        }
        Ok(Lane::Normal)
    }
}

impl Priority {
    /// What is known without a question comes first.
    fn holds_for(&self, node: &Node) -> Result<bool, Unknown> {
        let called = |patterns: &Patterns| patterns.hold_for(node.certname.as_str());
        if !self.certname.as_ref().is_none_or(called) {
            return Ok(false);
        }
        if !self.fact.is_empty() {
            let facts = node.facts.as_ref().ok_or(Unknown::Facts)?;
            let is = |(path, patterns): (&String, &Patterns)| {
                let text = fact(facts, path).and_then(scalar);
                text.is_some_and(|text| patterns.hold_for(&text))
            };
            if !self.fact.iter().all(is) {
                return Ok(false);
            }
        }
        let Some(wanted) = &self.class else {
            return Ok(true);
        };
        let classes = node.classes.as_ref().ok_or(Unknown::Classes)?;
        Ok(classes.iter().any(|class| wanted.hold_for(class)))
    }
}

/// A fact by its path: `os.family`, `processors.models.0`, or a fact whose name has dots.
fn fact<'a>(facts: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = facts.get(path) {
        return Some(value);
    }
    let mut parts = path.split('.');
    let first = facts.get(parts.next()?)?;
    parts.try_fold(first, |value, part| match value {
        Value::Object(members) => members.get(part),
        Value::Array(list) => list.get(part.parse::<usize>().ok()?),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
