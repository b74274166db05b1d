//! The canonical form: what two catalogs must share to be the same for an agent.
//!
//! Left out: version, `catalog_uuid`, `code_id` and the times of directories. Kept as a set: tags,
//! edges, the names of parameters and of sensitive parameters. Kept in order: resources, classes,
//! and arrays within parameters.
//!
//! It is made from JSON, not from the model: what counts is what an agent reads, and a catalog of
//! the reference may hold values that we can't.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::model::Catalog;
use crate::wire::{Format, WireError, to_json_value};

/// A catalog in canonical form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Canonical {
    /// Fields of the catalog itself: `name`, `environment`, `catalog_format`.
    pub fields: BTreeMap<String, Json>,
    /// Tags of the catalog.
    pub tags: BTreeSet<String>,
    /// Classes in evaluation order.
    pub classes: Vec<String>,
    /// References of the resources in catalog order.
    pub order: Vec<String>,
    /// Resources by reference.
    pub resources: BTreeMap<String, CanonicalResource>,
    /// Containment: source, target.
    pub edges: BTreeSet<(String, String)>,
    /// Inlined metadata by file title: of single files, and by source of trees.
    pub metadata: BTreeMap<String, Json>,
}

/// A resource in canonical form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CanonicalResource {
    /// `file`, `line`, `kind`, `exported`; `virtual` where the source tells.
    pub attributes: BTreeMap<String, Json>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// Parameters by name.
    pub parameters: BTreeMap<String, Json>,
    /// Names of the sensitive parameters.
    pub sensitive: BTreeSet<String>,
}

/// Why a document has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The document is no catalog.
    #[error("not a catalog: {0}")]
    NotACatalog(&'static str),
    /// Two resources have the same type and title.
    #[error("the catalog holds {0} twice")]
    Duplicate(String),
    /// The catalog can't be written.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl Canonical {
    /// The canonical form of a catalog's JSON. Paths below one of `roots` (absolute directories)
    /// become relative to it.
    ///
    /// # Errors
    /// When the document is no catalog, or names a resource twice.
    pub fn from_json(catalog: &Json, roots: &[&str]) -> Result<Self, CanonicalError> {
        let catalog = catalog.get("data").unwrap_or(catalog);
        let Some(resources) = catalog.get("resources").and_then(Json::as_array) else {
            return Err(CanonicalError::NotACatalog("it has no list of resources"));
        };
        let mut canonical = Self {
            fields: ["name", "environment", "catalog_format"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), catalog.get(name)?.clone())))
                .collect(),
            tags: strings(catalog.get("tags")).collect(),
            classes: strings(catalog.get("classes")).collect(),
            metadata: metadata(catalog, roots),
            ..Self::default()
        };
        for resource in resources {
            let (Some(kind), Some(title)) = (text(resource, "type"), text(resource, "title"))
            else {
                return Err(CanonicalError::NotACatalog(
                    "a resource lacks its type or title",
                ));
            };
            let reference = format!("{kind}[{title}]");
            canonical.order.push(reference.clone());
            let resource = CanonicalResource::from_json(resource, roots);
            if canonical
                .resources
                .insert(reference.clone(), resource)
                .is_some()
            {
                return Err(CanonicalError::Duplicate(reference));
            }
        }
        for edge in catalog
            .get("edges")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
        {
            let (Some(source), Some(target)) = (text(edge, "source"), text(edge, "target")) else {
                return Err(CanonicalError::NotACatalog(
                    "an edge lacks its source or target",
                ));
            };
            canonical
                .edges
                .insert((source.to_owned(), target.to_owned()));
        }
        Ok(canonical)
    }

    /// The canonical form of a catalog, as rich JSON has it.
    ///
    /// # Errors
    /// When a parameter can't be written, or a resource is there twice.
    pub fn of(catalog: &Catalog, roots: &[&str]) -> Result<Self, CanonicalError> {
        Self::from_json(&to_json_value(catalog, Format::Rich)?, roots)
    }
}

impl CanonicalResource {
    fn from_json(resource: &Json, roots: &[&str]) -> Self {
        let mut attributes = BTreeMap::new();
        for name in ["file", "line", "kind", "exported", "virtual"] {
            if let Some(value) = resource.get(name).filter(|value| !value.is_null()) {
                attributes.insert(name.to_owned(), relative(value, roots));
            }
        }
        let parameters = resource
            .get("parameters")
            .and_then(Json::as_object)
            .into_iter()
            .flatten();
        Self {
            attributes,
            tags: strings(resource.get("tags")).collect(),
            parameters: parameters
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            sensitive: strings(resource.get("sensitive_parameters")).collect(),
        }
    }
}

fn text<'a>(json: &'a Json, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str()
}

fn strings(json: Option<&Json>) -> impl Iterator<Item = String> {
    let items = json.and_then(Json::as_array).into_iter().flatten();
    items.filter_map(Json::as_str).map(str::to_owned)
}

/// A path below one of the roots, relative to it; anything else as it is.
fn relative(value: &Json, roots: &[&str]) -> Json {
    let Some(path) = value.as_str() else {
        return value.clone();
    };
    let within = |root: &&str| {
        path.strip_prefix(root.trim_end_matches('/'))?
            .strip_prefix('/')
    };
    roots
        .iter()
        .find_map(within)
        .map_or_else(|| value.clone(), Json::from)
}

fn metadata(catalog: &Json, roots: &[&str]) -> BTreeMap<String, Json> {
    let mut all = BTreeMap::new();
    for field in ["metadata", "recursive_metadata"] {
        for (title, inlined) in catalog
            .get(field)
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
        {
            let mut inlined = inlined.clone();
            without_times(&mut inlined, roots);
            all.insert(title.clone(), inlined);
        }
    }
    all
}

/// Drops the times that directories have for checksums, and makes paths relative. Metadata is at
/// most three levels deep, and this follows only the levels that hold it.
fn without_times(inlined: &mut Json, roots: &[&str]) {
    match inlined {
        Json::Array(items) => items.iter_mut().for_each(|item| without_times(item, roots)),
        Json::Object(map) if map.contains_key("checksum") => {
            if let Some(path) = map.get_mut("path") {
                *path = relative(path, roots);
            }
            let checksum = map.get_mut("checksum").and_then(Json::as_object_mut);
            if let Some(checksum) = checksum
                && matches!(
                    checksum.get("type").and_then(Json::as_str),
                    Some("ctime" | "mtime")
                )
            {
                checksum.shift_remove("value");
            }
        }
        Json::Object(map) => {
            map.values_mut()
                .filter(|v| v.is_array())
                .for_each(|v| without_times(v, roots));
        }
        _ => {}
    }
}
