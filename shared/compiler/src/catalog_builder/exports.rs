//! What a node exports: the resources declared with `@@`, as PuppetDB's terminus stores them
//! (`Puppet::Resource::Catalog::Puppetdb#munge_catalog`).

use bunraku_catalog::ExportedResource;
use bunraku_catalog::wire::plain_json;
use ecow::EcoString;
use serde_json::Value as Json;

use super::output::parameters;
use super::resource::{ResourceData, ResourceKind};
use crate::error::Result;
use crate::evaluator::Evaluator;

/// Metaparameters whose arrays have no order; stored sorted.
const UNORDERED: [&str; 8] = [
    "alias",
    "audit",
    "before",
    "check",
    "notify",
    "require",
    "subscribe",
    "tag",
];

impl Evaluator<'_> {
    /// The exported resources of the finished catalog, collected by the node itself or not.
    pub(crate) fn exports(&self) -> Result<Vec<ExportedResource>> {
        let table = &self.builder.table;
        let resources = table.order().iter().map(|id| table.get(*id));
        resources
            .filter(|resource| resource.exported)
            .map(|resource| exported(resource, &self.request.certname))
            .collect()
    }
}

fn exported(data: &ResourceData<'_>, certname: &str) -> Result<ExportedResource> {
    let mut stored = ExportedResource {
        certname: certname.into(),
        type_name: data.type_name.clone(),
        title: data.title.clone(),
        tags: data.tags.to_vec().into_iter().collect(),
        parameters: parameters(data)?
            .iter()
            .map(|(name, value)| (name.clone(), plain_json(value)))
            .collect(),
        file: data.file.as_deref().map(EcoString::from),
        line: data.line,
    };
    add_name_alias(&mut stored, data);
    for name in UNORDERED {
        if let Some(Json::Array(values)) = stored.parameters.get_mut(name) {
            values.sort_by_cached_key(|value| match value {
                Json::String(text) => text.clone(),
                other => other.to_string(),
            });
        }
    }
    for secret in &data.sensitive {
        stored.parameters.remove(secret);
    }
    Ok(stored)
}

/// A name that differs from the title becomes an alias (`add_namevar_aliases`).
fn add_name_alias(stored: &mut ExportedResource, data: &ResourceData<'_>) {
    let (namevar, unique) = match &data.kind {
        ResourceKind::Builtin(of) if of.namevars.len() > 1 => return,
        ResourceKind::Builtin(of) => (of.namevar(), of.isomorphic),
        _ => ("name", true),
    };
    let mut aliases = match stored.parameters.get("alias") {
        None => Vec::new(),
        Some(Json::Array(several)) => several.clone(),
        Some(one) => vec![one.clone()],
    };
    if let Some(name) = stored.parameters.get(namevar).filter(|_| unique)
        && name.as_str() != Some(&data.title)
        && !aliases.contains(name)
    {
        aliases.push(name.clone());
    }
    if !aliases.is_empty() {
        stored.parameters.insert("alias".into(), aliases.into());
    }
}
