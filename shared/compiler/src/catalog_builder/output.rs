//! From the resources in the making to the catalog (`Catalog#to_resource`, `Resource#to_data_hash`).

use bunraku_catalog::{Catalog, Edge, Parameters, Resource};
use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;

use super::resource::{ResourceData, ResourceKind};
use super::table::{flatten_into, reference_text};
use super::tags::TagSet;
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;
use crate::resource_types::RELATIONSHIP_METAPARAMETERS;

impl Evaluator<'_> {
    /// Checks the whole and makes a catalog of it.
    pub(crate) fn finish(&mut self) -> Result<Catalog> {
        self.finish_resources()?;
        let mut catalog = Catalog::new(
            self.request.certname.as_str(),
            self.request.environment.as_str(),
        );
        catalog.version = self.request.version.clone();
        catalog.code_id.clone_from(&self.request.code_id);
        catalog.classes.clone_from(&self.builder.classes);
        let mut tags = TagSet::default();
        for class in &catalog.classes {
            tags.add(class).map_err(Unwind::plain)?;
        }
        tags.merge(&self.builder.tags);
        catalog.tags = tags.to_vec();
        let table = &self.builder.table;
        for id in table.order() {
            let resource = table.get(*id);
            catalog.resources.push(to_resource(resource)?);
            let target = resource.reference();
            for container in table.containers(*id) {
                let source = table.get(*container).reference();
                catalog.edges.push(Edge {
                    source,
                    target: target.clone(),
                });
            }
        }
        if !self.request.include_virtual {
            catalog = catalog.for_agent();
        }
        self.inline_metadata(&mut catalog)?;
        Ok(catalog)
    }
}

fn to_resource(data: &ResourceData<'_>) -> Result<Resource> {
    let mut resource = Resource::new(
        data.type_name.clone(),
        data.title.clone(),
        data.catalog_kind,
    );
    resource.tags = data.tags.to_vec();
    resource.file = data.file.as_deref().map(EcoString::from);
    resource.line = data.line;
    resource.exported = data.exported;
    resource.is_virtual = data.is_virtual;
    resource.parameters = parameters(data)?;
    resource.sensitive_parameters.clone_from(&data.sensitive);
    Ok(resource)
}

/// Attributes that the title sets, then parameters; without undefined ones and a name equal to the title.
pub(super) fn parameters(data: &ResourceData<'_>) -> Result<Parameters> {
    let (namevar, of_title) = match &data.kind {
        ResourceKind::Builtin(of) => (
            of.namevar(),
            of.parse_title(&data.title).map_err(Unwind::plain)?,
        ),
        _ => (
            "name",
            vec![("name".into(), Value::Str(data.title.clone()))],
        ),
    };
    let mut parameters: Parameters = of_title
        .into_iter()
        .filter(|(_, value)| !value.is_undef())
        .collect();
    for (name, param) in &data.params {
        if param.value.is_undef() {
            continue;
        }
        if is_deeper(&param.value, MAX_VALUE_DEPTH) {
            let message = format!(
                "The value of '{name}' of {} is nested too deeply",
                data.reference()
            );
            return Err(Error::verbatim(message, param.file.clone(), param.line, None).into());
        }
        let name = if name == "name" {
            EcoString::from(namevar)
        } else {
            name.clone()
        };
        let value = if RELATIONSHIP_METAPARAMETERS.contains(&name.as_str()) {
            relationship(&param.value)
        } else {
            plain(&param.value)
        };
        parameters.insert(name, value);
    }
    let repeats_title =
        matches!(parameters.get(namevar), Some(Value::Str(name)) if *name == data.title);
    if repeats_title && !data.has_symbol_title {
        parameters.shift_remove(namevar);
    }
    Ok(parameters)
}

/// An agent's JSON parser takes 100 levels, of which the catalog itself has some.
const MAX_VALUE_DEPTH: usize = 90;

fn is_deeper(value: &Value, limit: usize) -> bool {
    let Some(below) = limit.checked_sub(1) else {
        return true;
    };
    match value {
        Value::Array(elements) => elements.iter().any(|element| is_deeper(element, below)),
        Value::Hash(entries) => entries.iter().any(|(_, value)| is_deeper(value, below)),
        Value::Sensitive(inner) => is_deeper(inner, below),
        _ => false,
    }
}

/// Nested arrays of references become one.
fn relationship(value: &Value) -> Value {
    match value {
        Value::Array(_) => {
            let mut flat = Vec::new();
            flatten_into(value, &mut |one| flat.push(plain(one)));
            Value::array(flat)
        }
        other => plain(other),
    }
}

/// References become strings, wherever they are; an array that holds one is flattened.
fn plain(value: &Value) -> Value {
    match value {
        Value::Type(data_type) => {
            reference_text(data_type).map_or_else(|| value.clone(), Value::Str)
        }
        Value::Array(elements) if elements.iter().any(holds_reference) => {
            let mut flat = Vec::new();
            let holds = has_direct_reference(value);
            for element in elements.iter() {
                match element {
                    nested @ Value::Array(_) if holds => {
                        super::statements::flatten(nested, &mut flat)
                    }
                    other => flat.push(other.clone()),
                }
            }
            Value::array(flat.iter().map(plain).collect())
        }
        Value::Hash(entries)
            if entries
                .iter()
                .any(|(key, value)| holds_reference(key) || holds_reference(value)) =>
        {
            let entries: PuppetHash = entries
                .iter()
                .map(|(key, value)| (plain(key), plain(value)))
                .collect();
            Value::hash(entries)
        }
        other => other.clone(),
    }
}

/// Whether a reference is among the elements of nested arrays.
fn has_direct_reference(value: &Value) -> bool {
    let mut found = false;
    flatten_into(value, &mut |one| {
        found |= matches!(one, Value::Type(of) if reference_text(of).is_some())
    });
    found
}

fn holds_reference(value: &Value) -> bool {
    match value {
        Value::Type(data_type) => reference_text(data_type).is_some(),
        Value::Array(elements) => elements.iter().any(holds_reference),
        Value::Hash(entries) => entries
            .iter()
            .any(|(key, value)| holds_reference(key) || holds_reference(value)),
        _ => false,
    }
}
