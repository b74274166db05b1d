//! What is wrong with a catalog that was made elsewhere: whether an agent can do something with it.

use std::collections::HashSet;

use bunraku_pcore::Value;

use crate::Catalog;

/// Parameters that name other resources of the catalog.
const RELATIONS: [&str; 4] = ["before", "notify", "require", "subscribe"];

/// Something that is wrong with a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// No agent can use the catalog; otherwise it may be well.
    pub fatal: bool,
    /// What it is.
    pub message: String,
}

/// All faults: what is fatal first.
#[must_use]
pub fn faults(catalog: &Catalog) -> Vec<Fault> {
    let mut found = Vec::new();
    let fatal = |message| Fault {
        fatal: true,
        message,
    };
    let mut known = HashSet::new();
    for resource in &catalog.resources {
        if !known.insert(resource.reference()) {
            found.push(fatal(format!("{} is there twice", resource.reference())));
        }
    }
    if known.is_empty() {
        found.push(fatal("it has no resources".to_owned()));
    }
    for edge in &catalog.edges {
        for end in [&edge.source, &edge.target] {
            if !known.contains(end) {
                found.push(fatal(format!(
                    "the edge from {} to {} names {end}, which is not in the catalog",
                    edge.source, edge.target
                )));
            }
        }
    }
    for resource in &catalog.resources {
        let relations = RELATIONS.iter().filter_map(|name| {
            let value = resource.parameters.get(*name)?;
            Some((*name, value))
        });
        for (name, value) in relations {
            // An alias or another spelling of a path may be meant: the agent knows.
            for other in references(value).filter(|other| !known.contains(*other)) {
                let of = resource.reference();
                found.push(Fault {
                    fatal: false,
                    message: format!("{of} has {name} => {other}, which is not in the catalog"),
                });
            }
        }
    }
    found
}

/// The texts of a value that is one or a list of them.
fn references(value: &Value) -> impl Iterator<Item = &str> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items.iter().filter_map(|item| match item {
        Value::Str(text) => Some(text.as_str()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::wire;

    fn found(resources: Json, edges: Json) -> Vec<Fault> {
        let catalog = json!({ "name": "a", "version": 1, "environment": "production", "resources": resources, "edges": edges });
        faults(&wire::from_json(catalog.to_string().as_bytes()).unwrap())
    }

    fn file(title: &str, parameters: Json) -> Json {
        json!({ "type": "File", "title": title, "parameters": parameters })
    }

    #[test]
    fn a_catalog_of_puppets_has_none() {
        let resources = json!([
            { "type": "Class", "title": "main" },
            file("/a", json!({ "require": ["File[/b]"], "before": "File[/b]" })),
            file("/b", json!({})),
        ]);
        let edges = json!([{ "source": "Class[main]", "target": "File[/a]" }]);
        assert_eq!(found(resources, edges), []);
    }

    #[test]
    fn doubles_and_loose_ends_are_told() {
        let found_in = found(
            json!([
                file("/a", json!({ "notify": "Service[x]" })),
                file("/a", json!({})),
            ]),
            json!([{ "source": "Class[main]", "target": "File[/a]" }]),
        );
        let texts: Vec<&str> = found_in
            .iter()
            .map(|fault| fault.message.as_str())
            .collect();
        assert_eq!(texts[0], "File[/a] is there twice");
        assert!(texts[1].contains("names Class[main]"), "{texts:?}");
        assert!(texts[2].contains("notify => Service[x]"), "{texts:?}");
        let fatal: Vec<_> = found_in.iter().map(|fault| fault.fatal).collect();
        assert_eq!(fatal, [true, true, false]);
        let empty = found(json!([]), json!([]));
        assert_eq!(empty[0].message, "it has no resources");
    }
}
