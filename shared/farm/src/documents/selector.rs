//! Which nodes a rule of the site is for: one way to say it, for lanes and for stages of a rollout.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use wildmatch::WildMatch;

use crate::Certname;

/// Nodes that are all that it says; one that says nothing is for every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector {
    /// They are called like one of these.
    pub certname: Option<Patterns>,
    /// Each fact, by its dotted path, is like one of these.
    pub fact: BTreeMap<String, Patterns>,
    /// Their last catalog has a class that is called like one of these.
    pub class: Option<Patterns>,
}

/// Texts to be like: a text, or a list of some; `*` stands for any characters, `?` for any one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Patterns(Vec<String>);

impl Patterns {
    /// Those of a list, unless that is empty.
    pub fn of(texts: &[String]) -> Option<Self> {
        (!texts.is_empty()).then(|| Self(texts.to_vec()))
    }

    /// Whether a text is like one of them.
    pub fn hold_for(&self, text: &str) -> bool {
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

impl std::fmt::Display for Patterns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
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

impl Selector {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a node is meant. What is known without a question comes first; an error says what has to be learnt
    /// of the node before.
    pub fn holds_for(&self, node: &Node) -> Result<bool, Unknown> {
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
