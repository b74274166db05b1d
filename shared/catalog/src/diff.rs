//! Where two catalogs differ: as data, as JSON and as text for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::canonical::{Canonical, CanonicalResource};

/// What stands for a value that must not be shown.
pub const HIDDEN: &str = "[sensitive]";

/// One difference between two catalogs. A side that lacks the thing is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// What differs.
    #[serde(flatten)]
    pub subject: Subject,
    /// In the left (or older) catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Json>,
    /// In the right (or newer) catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Json>,
}

/// What two catalogs differ in. JSON: `{"kind": "parameter", "resource": "File[/x]", "name": "mode"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Subject {
    /// A field of the catalog itself: `name`, `environment`, `tags`, `classes`...
    Catalog {
        /// The field.
        name: String,
    },
    /// A resource that one side lacks; the other's parameters are the value.
    Resource {
        /// `Type[title]`
        resource: String,
    },
    /// A parameter of a resource.
    Parameter {
        /// `Type[title]`
        resource: String,
        /// The parameter.
        name: String,
    },
    /// What the compiler says of a resource: `file`, `line`, `tags`, `sensitive_parameters`...
    Attribute {
        /// `Type[title]`
        resource: String,
        /// The attribute.
        name: String,
    },
    /// A containment edge that one side lacks.
    Edge {
        /// The container.
        source: String,
        /// What it contains.
        target: String,
    },
    /// Resources that both have come in another order: the first place where they part.
    Order,
    /// Inlined metadata of a file's source.
    Metadata {
        /// Title of the file.
        title: String,
    },
}

/// All differences, in a stable order: the catalog, resources in their order, order, edges,
/// metadata. Values of sensitive parameters are hidden.
#[must_use]
pub fn diff(left: &Canonical, right: &Canonical) -> Vec<Difference> {
    let mut found = Found::default();
    for name in union(left.fields.keys(), right.fields.keys()) {
        let subject = || Subject::Catalog { name: name.clone() };
        found.compare(subject, left.fields.get(name), right.fields.get(name));
    }
    found.sets(
        || Subject::Catalog {
            name: "tags".to_owned(),
        },
        &left.tags,
        &right.tags,
    );
    if left.classes != right.classes {
        let subject = Subject::Catalog {
            name: "classes".to_owned(),
        };
        found.push(
            subject,
            Some(json!(left.classes)),
            Some(json!(right.classes)),
        );
    }
    found.resources(left, right);
    found.order(left, right);
    for (source, target) in left.edges.symmetric_difference(&right.edges) {
        let edge = (source.clone(), target.clone());
        let subject = Subject::Edge {
            source: source.clone(),
            target: target.clone(),
        };
        let side = |edges: &BTreeSet<_>| edges.contains(&edge).then_some(json!(true));
        found.push(subject, side(&left.edges), side(&right.edges));
    }
    for title in union(left.metadata.keys(), right.metadata.keys()) {
        let subject = || Subject::Metadata {
            title: title.clone(),
        };
        found.compare(subject, left.metadata.get(title), right.metadata.get(title));
    }
    found.0
}

fn union<'a>(
    left: impl Iterator<Item = &'a String>,
    right: impl Iterator<Item = &'a String>,
) -> BTreeSet<&'a String> {
    left.chain(right).collect()
}

#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn push(&mut self, subject: Subject, left: Option<Json>, right: Option<Json>) {
        self.0.push(Difference {
            subject,
            left,
            right,
        });
    }

    fn compare(
        &mut self,
        subject: impl Fn() -> Subject,
        left: Option<&Json>,
        right: Option<&Json>,
    ) {
        if left != right {
            self.push(subject(), left.cloned(), right.cloned());
        }
    }

    /// Of sets, what only one side has.
    fn sets(
        &mut self,
        subject: impl Fn() -> Subject,
        left: &BTreeSet<String>,
        right: &BTreeSet<String>,
    ) {
        if left != right {
            let only = |a: &BTreeSet<String>, b| json!(a.difference(b).collect::<Vec<_>>());
            self.push(subject(), Some(only(left, right)), Some(only(right, left)));
        }
    }

    fn resources(&mut self, left: &Canonical, right: &Canonical) {
        let added = right
            .order
            .iter()
            .filter(|name| !left.resources.contains_key(*name));
        for reference in left.order.iter().chain(added) {
            match (
                left.resources.get(reference),
                right.resources.get(reference),
            ) {
                (Some(a), Some(b)) => self.resource(reference, a, b),
                (a, b) => {
                    let subject = Subject::Resource {
                        resource: reference.clone(),
                    };
                    self.push(subject, a.map(shown), b.map(shown));
                }
            }
        }
    }

    fn resource(&mut self, reference: &str, left: &CanonicalResource, right: &CanonicalResource) {
        let attribute = |name: &str| Subject::Attribute {
            resource: reference.to_owned(),
            name: name.to_owned(),
        };
        for name in union(left.parameters.keys(), right.parameters.keys()) {
            let (a, b) = (left.parameters.get(name), right.parameters.get(name));
            if a != b {
                let subject = Subject::Parameter {
                    resource: reference.to_owned(),
                    name: name.clone(),
                };
                let hide = left.sensitive.contains(name) || right.sensitive.contains(name);
                let side = |value: Option<&Json>| {
                    value.map(|value| if hide { json!(HIDDEN) } else { value.clone() })
                };
                self.push(subject, side(a), side(b));
            }
        }
        for name in union(left.attributes.keys(), right.attributes.keys()) {
            let (a, b) = (left.attributes.get(name), right.attributes.get(name));
            self.compare(|| attribute(name), a, b);
        }
        self.sets(|| attribute("tags"), &left.tags, &right.tags);
        self.sets(
            || attribute("sensitive_parameters"),
            &left.sensitive,
            &right.sensitive,
        );
    }

    /// Compares the order of the resources that both have.
    fn order(&mut self, left: &Canonical, right: &Canonical) {
        let a = left
            .order
            .iter()
            .filter(|name| right.resources.contains_key(*name));
        let b = right
            .order
            .iter()
            .filter(|name| left.resources.contains_key(*name));
        if let Some((a, b)) = a.zip(b).find(|(a, b)| a != b) {
            self.push(Subject::Order, Some(json!(a)), Some(json!(b)));
        }
    }
}

/// The parameters of a resource that the other side lacks.
fn shown(resource: &CanonicalResource) -> Json {
    let hide = |name: &String| resource.sensitive.contains(name);
    let parameters = resource.parameters.iter();
    parameters
        .map(|(name, value)| {
            (
                name.clone(),
                if hide(name) {
                    json!(HIDDEN)
                } else {
                    value.clone()
                },
            )
        })
        .collect()
}

/// Differences as text: a line for each, grouped by resource; `-` is the left, `+` the right.
#[must_use]
pub fn render(differences: &[Difference]) -> String {
    let mut out = String::new();
    let mut current = None;
    for difference in differences {
        let (left, right) = (difference.left.as_ref(), difference.right.as_ref());
        match &difference.subject {
            Subject::Parameter { resource, name } | Subject::Attribute { resource, name } => {
                if current != Some(resource) {
                    line(&mut out, &format!("~ {resource}"));
                    current = Some(resource);
                }
                let parameter = matches!(difference.subject, Subject::Parameter { .. });
                let name = if parameter {
                    name.clone()
                } else {
                    format!("({name})")
                };
                change(&mut out, "    ", &name, left, right);
                continue;
            }
            Subject::Resource { resource } => {
                line(&mut out, &format!("{} {resource}", sign(left)));
                for (name, value) in left
                    .or(right)
                    .and_then(Json::as_object)
                    .into_iter()
                    .flatten()
                {
                    line(&mut out, &format!("      {name} => {value}"));
                }
            }
            Subject::Edge { source, target } => {
                line(
                    &mut out,
                    &format!("{} edge {source} -> {target}", sign(left)),
                );
            }
            Subject::Catalog { name } => change(&mut out, "~ ", name, left, right),
            Subject::Order => change(&mut out, "~ ", "order of resources", left, right),
            Subject::Metadata { title } => {
                change(
                    &mut out,
                    "~ ",
                    &format!("metadata of File[{title}]"),
                    left,
                    right,
                );
            }
        }
        current = None;
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn sign(left: Option<&Json>) -> char {
    if left.is_some() { '-' } else { '+' }
}

/// One value before and after; of texts of several lines only the lines between the first and the
/// last that differ.
fn change(out: &mut String, indent: &str, name: &str, left: Option<&Json>, right: Option<&Json>) {
    let texts = (left.and_then(Json::as_str), right.and_then(Json::as_str));
    if let (Some(a), Some(b)) = texts
        && (a.contains('\n') || b.contains('\n'))
    {
        return text_change(out, indent, name, a, b);
    }
    let side = |value: Option<&Json>| value.map_or_else(|| "(none)".to_owned(), Json::to_string);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{indent}{name}: {} -> {}", side(left), side(right));
}

fn text_change(out: &mut String, indent: &str, name: &str, left: &str, right: &str) {
    let (a, b): (Vec<&str>, Vec<&str>) = (left.split('\n').collect(), right.split('\n').collect());
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let (a, b) = (
        a.get(start..).unwrap_or_default(),
        b.get(start..).unwrap_or_default(),
    );
    let end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let _ = writeln!(out, "{indent}{name}: from line {}", start + 1);
    for (sign, lines) in [('-', a), ('+', b)] {
        for text in lines.iter().take(lines.len() - end) {
            let _ = writeln!(out, "{indent}  {sign} {}", text.escape_debug());
        }
    }
}
