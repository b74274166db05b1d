//! Catalogs on the wire: rich JSON, plain JSON, and back.
//!
//! Keys come in Puppet's order. Parameters are rich data (CLI.md, "Rich data"), or its plain
//! rendering for agents that do not know it. A `Sensitive` parameter is written unwrapped and named
//! in `sensitive_parameters`; references to resources are written as `Type[title]`.

mod form;

use bunraku_pcore::types::capitalize_segments;
use bunraku_pcore::{Type, Value, rich};
use ecow::EcoString;
use indexmap::IndexMap;
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use crate::model::{Catalog, Edge, FileMetadata, Kind, Parameters, Resource, Version};

/// Why a catalog could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("catalog JSON: {0}")]
pub struct WireError(#[from] serde_json::Error);

/// How values that plain JSON lacks are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/vnd.puppet.rich+json`: with `__ptype`.
    Rich,
    /// `application/json`, `text/pson`: as their text.
    Plain,
}

/// The catalog in JSON.
///
/// # Errors
/// When a parameter has a value without a JSON form.
pub fn to_json(catalog: &Catalog, format: Format) -> Result<Vec<u8>, WireError> {
    let mut bytes = Vec::with_capacity(64 + catalog.resources.len() * 512);
    write_json(catalog, format, &mut bytes)?;
    Ok(bytes)
}

/// Streams the catalog in JSON to a writer.
///
/// # Errors
/// When the writer fails, or a parameter has a value without a JSON form.
pub fn write_json(
    catalog: &Catalog,
    format: Format,
    writer: impl std::io::Write,
) -> Result<(), WireError> {
    Ok(serde_json::to_writer(
        writer,
        &CatalogOut { catalog, format },
    )?)
}

/// The catalog as a JSON tree.
///
/// # Errors
/// When a parameter has a value without a JSON form.
pub fn to_json_value(catalog: &Catalog, format: Format) -> Result<Json, WireError> {
    Ok(serde_json::to_value(CatalogOut { catalog, format })?)
}

/// Reads a catalog in rich or plain JSON, with or without the wrapper of old masters
/// (`{"document_type": "Catalog", "data": {...}}`).
///
/// # Errors
/// When it is not JSON, not a catalog, or holds a value of an unknown type.
pub fn from_json(bytes: &[u8]) -> Result<Catalog, WireError> {
    Ok(from_json_value(serde_json::from_slice(bytes)?)?)
}

/// A value as plain JSON, at any depth as in a catalog.
#[must_use]
pub fn plain_json(value: &Value) -> Json {
    let format = Format::Plain;
    serde_json::to_value(ValueOut { value, format }).unwrap_or_default()
}

fn from_json_value(mut json: Json) -> Result<Catalog, serde_json::Error> {
    if let Some(data) = json.get_mut("data") {
        json = data.take();
    }
    let raw: RawCatalog = serde_json::from_value(json)?;
    Ok(raw.into())
}

/* Writing */

struct CatalogOut<'a> {
    catalog: &'a Catalog,
    format: Format,
}

impl Serialize for CatalogOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let catalog = self.catalog;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("tags", &catalog.tags)?;
        map.serialize_entry("name", &catalog.name)?;
        map.serialize_entry("version", &catalog.version)?;
        map.serialize_entry("code_id", &catalog.code_id)?;
        map.serialize_entry("catalog_uuid", &catalog.catalog_uuid)?;
        map.serialize_entry("catalog_format", &catalog.catalog_format)?;
        map.serialize_entry("environment", &catalog.environment)?;
        map.serialize_entry("resources", &ResourcesOut(self))?;
        map.serialize_entry("edges", &catalog.edges)?;
        map.serialize_entry("classes", &catalog.classes)?;
        if !catalog.metadata.is_empty() {
            map.serialize_entry("metadata", &catalog.metadata)?;
        }
        if !catalog.recursive_metadata.is_empty() {
            map.serialize_entry("recursive_metadata", &catalog.recursive_metadata)?;
        }
        map.end()
    }
}

struct ResourcesOut<'a>(&'a CatalogOut<'a>);

impl Serialize for ResourcesOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CatalogOut { catalog, format } = self.0;
        let resources = catalog.resources.iter();
        serializer.collect_seq(resources.map(|resource| ResourceOut {
            resource,
            format: *format,
        }))
    }
}

struct ResourceOut<'a> {
    resource: &'a Resource,
    format: Format,
}

impl ResourceOut<'_> {
    /// Names of the parameters to hide: those declared so, then those whose value is `Sensitive`.
    fn sensitive_parameters(&self) -> Vec<&EcoString> {
        let mut names: Vec<&EcoString> = self.resource.sensitive_parameters.iter().collect();
        for (name, value) in &self.resource.parameters {
            if matches!(value, Value::Sensitive(_)) && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Serialize for ResourceOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resource = self.resource;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &resource.type_name)?;
        map.serialize_entry("title", &resource.title)?;
        map.serialize_entry("tags", &resource.tags)?;
        if let Some(file) = &resource.file {
            map.serialize_entry("file", file)?;
        }
        if let Some(line) = &resource.line {
            map.serialize_entry("line", line)?;
        }
        map.serialize_entry("exported", &resource.exported)?;
        map.serialize_entry("kind", &resource.kind)?;
        if !resource.parameters.is_empty() {
            map.serialize_entry("parameters", &ParametersOut(self))?;
        }
        let sensitive = self.sensitive_parameters();
        if !sensitive.is_empty() {
            map.serialize_entry("sensitive_parameters", &sensitive)?;
        }
        map.end()
    }
}

struct ParametersOut<'a>(&'a ResourceOut<'a>);

impl Serialize for ParametersOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.0.resource.parameters {
            let value = match value {
                Value::Sensitive(hidden) => hidden,
                shown => shown,
            };
            map.serialize_entry(
                name,
                &ValueOut {
                    value,
                    format: self.0.format,
                },
            )?;
        }
        map.end()
    }
}

/// A value of a parameter, at any depth.
struct ValueOut<'a> {
    value: &'a Value,
    format: Format,
}

impl ValueOut<'_> {
    fn items<S: Serializer>(&self, items: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(items.len()))?;
        for value in items {
            seq.serialize_element(&ValueOut {
                value,
                format: self.format,
            })?;
        }
        seq.end()
    }
}

impl Serialize for ValueOut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Undef => serializer.serialize_unit(),
            Value::Bool(flag) => serializer.serialize_bool(*flag),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Str(text) => serializer.serialize_str(text),
            Value::Array(items) => self.items(items, serializer),
            Value::Iterator(iterator) => self.items(&iterator.elements, serializer),
            Value::Hash(entries)
                if entries
                    .keys()
                    .all(|key| key.as_str().is_some_and(|key| key != "__ptype")) =>
            {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries.as_ref() {
                    let format = self.format;
                    map.serialize_entry(
                        key.as_str().unwrap_or_default(),
                        &ValueOut { value, format },
                    )?;
                }
                map.end()
            }
            Value::Type(data_type) if reference(data_type).is_some() => {
                serializer.serialize_str(&reference(data_type).unwrap_or_default())
            }
            other => match self.format {
                Format::Rich => rich::to_json(other)
                    .map_err(S::Error::custom)?
                    .serialize(serializer),
                Format::Plain => rich::to_plain_json(other).serialize(serializer),
            },
        }
    }
}

/// `Type[title]` of a reference to a resource or class (`Puppet::Resource#to_s`); `None` for types
/// that name no resource.
#[must_use]
pub fn reference(data_type: &Type) -> Option<EcoString> {
    match data_type {
        Type::Resource {
            type_name: Some(name),
            title: Some(title),
        } => Some(ecow::eco_format!("{name}[{title}]")),
        Type::Class { name: Some(name) } => {
            Some(ecow::eco_format!("Class[{}]", capitalize_segments(name)))
        }
        _ => None,
    }
}

/* Reading */

#[derive(Deserialize)]
struct RawCatalog {
    #[serde(default)]
    tags: Vec<EcoString>,
    name: EcoString,
    #[serde(default = "no_version")]
    version: Version,
    #[serde(default)]
    code_id: Option<EcoString>,
    #[serde(default)]
    catalog_uuid: Option<EcoString>,
    #[serde(default)]
    catalog_format: u32,
    #[serde(default)]
    environment: EcoString,
    #[serde(default)]
    resources: Vec<RawResource>,
    #[serde(default)]
    edges: Vec<Edge>,
    #[serde(default)]
    classes: Vec<EcoString>,
    #[serde(default)]
    metadata: IndexMap<EcoString, FileMetadata>,
    #[serde(default)]
    recursive_metadata: IndexMap<EcoString, IndexMap<EcoString, Vec<FileMetadata>>>,
}

fn no_version() -> Version {
    Version::Int(0)
}

#[derive(Deserialize)]
struct RawResource {
    #[serde(rename = "type")]
    type_name: EcoString,
    title: EcoString,
    #[serde(default)]
    tags: Vec<EcoString>,
    file: Option<EcoString>,
    line: Option<u32>,
    #[serde(default)]
    exported: bool,
    /// Puppet before 7 does not write it.
    #[serde(default = "unknown_kind")]
    kind: Kind,
    #[serde(default, deserialize_with = "parameters")]
    parameters: Parameters,
    #[serde(default)]
    sensitive_parameters: Vec<EcoString>,
}

fn unknown_kind() -> Kind {
    Kind::Unknown
}

fn parameters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Parameters, D::Error> {
    let raw = IndexMap::<EcoString, Json>::deserialize(deserializer)?;
    raw.into_iter()
        .map(|(name, json)| match rich::from_json(&json) {
            Ok(value) => Ok((name, value)),
            Err(error) => Err(D::Error::custom(format!("parameter {name}: {error}"))),
        })
        .collect()
}

impl From<RawResource> for Resource {
    fn from(raw: RawResource) -> Self {
        Self {
            type_name: raw.type_name,
            title: raw.title,
            tags: raw.tags,
            file: raw.file,
            line: raw.line,
            exported: raw.exported,
            is_virtual: raw.exported,
            kind: raw.kind,
            parameters: raw.parameters,
            sensitive_parameters: raw.sensitive_parameters,
        }
    }
}

impl From<RawCatalog> for Catalog {
    fn from(raw: RawCatalog) -> Self {
        Self {
            tags: raw.tags,
            name: raw.name,
            version: raw.version,
            code_id: raw.code_id,
            catalog_uuid: raw.catalog_uuid,
            catalog_format: raw.catalog_format,
            environment: raw.environment,
            resources: raw.resources.into_iter().map(Into::into).collect(),
            edges: raw.edges,
            classes: raw.classes,
            metadata: raw.metadata,
            recursive_metadata: raw.recursive_metadata,
        }
    }
}
