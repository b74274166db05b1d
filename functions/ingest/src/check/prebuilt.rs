//! Pre-built catalogs: whether an agent can do something with them.

use std::collections::HashSet;

use bunraku_catalog::{Catalog, wire};
use bunraku_farm::documents::{Severity, UploadDiagnostic};
use bunraku_pcore::Value;

/// Parameters that name other resources of the catalog.
const RELATIONS: [&str; 4] = ["before", "notify", "require", "subscribe"];

/// What is wrong with a catalog.
pub(super) fn findings(path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    let found = match wire::from_json(bytes) {
        Ok(catalog) => of_catalog(&catalog),
        Err(error) => vec![(Severity::Error, error.to_string())],
    };
    let diagnostic = |(severity, message)| UploadDiagnostic {
        severity,
        ..UploadDiagnostic::error(message)
    };
    let found = found.into_iter().map(diagnostic);
    found.map(|found| found.in_file(path)).collect()
}

fn of_catalog(catalog: &Catalog) -> Vec<(Severity, String)> {
    let mut found = Vec::new();
    let mut known = HashSet::new();
    for resource in &catalog.resources {
        if !known.insert(resource.reference()) {
            let message = format!("{} is there twice", resource.reference());
            found.push((Severity::Error, message));
        }
    }
    if known.is_empty() {
        found.push((Severity::Error, "it has no resources".to_owned()));
    }
    for edge in &catalog.edges {
        for end in [&edge.source, &edge.target] {
            if !known.contains(end) {
                let message = format!(
                    "the edge from {} to {} names {end}, which is not in the catalog",
                    edge.source, edge.target
                );
                found.push((Severity::Error, message));
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
                let message = format!("{of} has {name} => {other}, which is not in the catalog");
                found.push((Severity::Warning, message));
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
    use serde_json::{Value, json};

    use super::*;

    fn messages(catalog: &Value) -> Vec<(Severity, String)> {
        let found = findings("x", catalog.to_string().as_bytes());
        let told = |found: UploadDiagnostic| (found.severity, found.message);
        found.into_iter().map(told).collect()
    }

    fn catalog(resources: Value, edges: Value) -> Value {
        json!({ "name": "a", "version": 1, "environment": "production", "resources": resources, "edges": edges })
    }

    fn file(title: &str, parameters: Value) -> Value {
        json!({ "type": "File", "title": title, "parameters": parameters })
    }

    #[test]
    fn a_catalog_of_puppets_is_taken_and_what_is_none_is_not() {
        let good = catalog(
            json!([
                { "type": "Class", "title": "main" },
                file("/a", json!({ "require": ["File[/b]"], "before": "File[/b]" })),
                file("/b", json!({})),
            ]),
            json!([{ "source": "Class[main]", "target": "File[/a]" }]),
        );
        assert_eq!(messages(&good), []);
        let nothing = messages(&json!({ "name": "a" }));
        assert_eq!(nothing[0].1, "it has no resources");
        for none in [json!([]), json!("x")] {
            let found = messages(&none);
            assert!(found[0].1.starts_with("catalog JSON: "), "{found:?}");
        }
    }

    #[test]
    fn doubles_and_loose_ends_are_told() {
        let bad = catalog(
            json!([
                file("/a", json!({ "notify": "Service[x]" })),
                file("/a", json!({})),
            ]),
            json!([{ "source": "Class[main]", "target": "File[/a]" }]),
        );
        let found = messages(&bad);
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts[0], "File[/a] is there twice");
        assert!(texts[1].contains("names Class[main]"), "{texts:?}");
        assert!(texts[2].contains("notify => Service[x]"), "{texts:?}");
        let severities: Vec<_> = found.iter().map(|(severity, _)| *severity).collect();
        assert_eq!(
            severities,
            [Severity::Error, Severity::Error, Severity::Warning]
        );
        let empty = messages(&catalog(json!([]), json!([])));
        assert_eq!(empty[0].1, "it has no resources");
    }
}
