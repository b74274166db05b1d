//! The table of resources: titles, aliases, uniqueness, containment (`Puppet::Resource::Catalog`).

use std::sync::Arc;

use bunraku_pcore::types::capitalize_segments;
use bunraku_pcore::{Type, Value};
use ecow::EcoString;
use rustc_hash::FxHashMap;

use super::resource::{ResourceData, ResourceKind, reference};
use super::ruby_text::inspect;
use crate::error::location;
use crate::resource_types::ResourceType;
use crate::scope::ResourceId;

/// Resources by title and alias, and what contains them.
#[derive(Default)]
pub(crate) struct ResourceTable<'a> {
    resources: Vec<ResourceData<'a>>,
    /// Resources of the catalog in order.
    order: Vec<ResourceId>,
    titles: FxHashMap<(EcoString, EcoString), ResourceId>,
    /// Names of several parts, or that are no strings.
    composites: FxHashMap<(EcoString, Vec<Value>), ResourceId>,
    /// Containers of each resource in order.
    containers: Vec<Vec<ResourceId>>,
    /// What each resource contains, in order.
    contents: Vec<Vec<ResourceId>>,
}

impl<'a> ResourceTable<'a> {
    /// Keeps a resource that is not in the catalog yet.
    pub(crate) fn push(&mut self, resource: ResourceData<'a>) -> ResourceId {
        let id = ResourceId(u32::try_from(self.resources.len()).unwrap_or(u32::MAX));
        self.resources.push(resource);
        self.containers.push(Vec::new());
        self.contents.push(Vec::new());
        id
    }

    /// A resource.
    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from this arena, which only grows"
    )]
    pub(crate) fn get(&self, id: ResourceId) -> &ResourceData<'a> {
        &self.resources[id.0 as usize]
    }

    /// A resource, to change it.
    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from this arena, which only grows"
    )]
    pub(crate) fn get_mut(&mut self, id: ResourceId) -> &mut ResourceData<'a> {
        &mut self.resources[id.0 as usize]
    }

    /// Resources of the catalog in order.
    pub(crate) fn order(&self) -> &[ResourceId] {
        &self.order
    }

    /// Puts a resource into the catalog under its title and aliases (`add_one_resource`).
    ///
    /// # Errors
    /// The reference's message when the title or an alias is taken.
    pub(crate) fn insert(&mut self, id: ResourceId) -> Result<(), String> {
        let resource = self.get(id);
        let key = (resource.type_name.clone(), resource.title.clone());
        if let Some(existing) = self.titles.get(&key) {
            return Err(duplicate(resource, self.get(*existing)));
        }
        let aliases = aliases_of(resource)?;
        self.titles.insert(key, id);
        self.order.push(id);
        for alias in aliases {
            self.add_alias(id, alias)?;
        }
        Ok(())
    }

    fn add_alias(&mut self, id: ResourceId, alias: Alias) -> Result<(), String> {
        let resource = self.get(id);
        let type_name = resource.type_name.clone();
        let key = alias.values();
        if let Alias::Explicit(Value::Str(text)) = &alias
            && *text == resource.title
        {
            return Ok(());
        }
        if let Some(existing) = self.find_key(&type_name, &key) {
            if existing == id {
                return Ok(());
            }
            return Err(cannot_alias(resource, self.get(existing), &alias));
        }
        match key.as_slice() {
            [Value::Str(text)] => {
                self.titles.insert((type_name, text.clone()), id);
            }
            _ => {
                self.composites.insert((type_name, key), id);
            }
        }
        Ok(())
    }

    fn find_key(&self, type_name: &EcoString, key: &[Value]) -> Option<ResourceId> {
        match key {
            [Value::Str(text)] => self.titles.get(&(type_name.clone(), text.clone())).copied(),
            _ => self
                .composites
                .get(&(type_name.clone(), key.to_vec()))
                .copied(),
        }
    }

    /// The resource of a type (capitalized) and title, alias, or title that its type takes apart
    /// in the same way (`Catalog#resource`).
    pub(crate) fn find(
        &self,
        type_name: &EcoString,
        title: &str,
        of: Option<&ResourceType>,
    ) -> Option<ResourceId> {
        let direct = self
            .titles
            .get(&(type_name.clone(), EcoString::from(title)))
            .copied();
        if direct.is_some() {
            return direct;
        }
        let of = of?;
        let given = of.parse_title(title).ok()?;
        let key = uniqueness_key(
            of,
            given,
            None,
            &Value::from(format!("{type_name}/{title}")),
        );
        self.find_key(type_name, &key)
    }

    /// Notes that `container` contains `content`; once.
    pub(crate) fn contain(&mut self, container: ResourceId, content: ResourceId) {
        let Some(containers) = self.containers.get_mut(content.0 as usize) else {
            return;
        };
        if containers.contains(&container) {
            return;
        }
        containers.push(container);
        if let Some(contents) = self.contents.get_mut(container.0 as usize) {
            contents.push(content);
        }
    }

    /// What contains a resource, in order.
    pub(crate) fn containers(&self, id: ResourceId) -> &[ResourceId] {
        self.containers
            .get(id.0 as usize)
            .map_or(&[], Vec::as_slice)
    }

    /// What a resource contains, in order.
    pub(crate) fn contents(&self, id: ResourceId) -> &[ResourceId] {
        self.contents.get(id.0 as usize).map_or(&[], Vec::as_slice)
    }
}

/// A further name of a resource.
enum Alias {
    /// The metaparameter `alias`.
    Explicit(Value),
    /// What the type names it by.
    Unique(Vec<Value>),
}

impl Alias {
    fn values(&self) -> Vec<Value> {
        match self {
            Self::Explicit(value) => vec![value.clone()],
            Self::Unique(values) => values.clone(),
        }
    }
}

/// `create_resource_aliases`, without the checks.
fn aliases_of(resource: &ResourceData<'_>) -> Result<Vec<Alias>, String> {
    let mut aliases = Vec::new();
    if let Some(param) = resource.params.get("alias") {
        flatten_into(&param.value, &mut |value| {
            aliases.push(Alias::Explicit(value.clone()))
        });
    }
    let key = match &resource.kind {
        ResourceKind::Builtin(of) if !of.isomorphic => return Ok(aliases),
        ResourceKind::Builtin(of) => {
            let given = of.parse_title(&resource.title)?;
            uniqueness_key(of, given, Some(resource), &resource.name())
        }
        _ => vec![
            resource
                .set_value("name")
                .cloned()
                .unwrap_or_else(|| Value::Str(resource.title.clone())),
        ],
    };
    let is_title = matches!(key.as_slice(), [Value::Str(text)] if *text == resource.title && !resource.has_symbol_title);
    let is_main = resource.has_symbol_title
        && matches!(key.as_slice(), [Value::Str(text)] if *text == resource.title);
    if !is_title && !is_main && key.iter().any(Value::is_truthy) {
        aliases.push(Alias::Unique(key));
    }
    Ok(aliases)
}

/// `Puppet::Resource#uniqueness_key`: the values of the namevars, sorted by name.
fn uniqueness_key(
    of: &ResourceType,
    parsed_title: Vec<(EcoString, Value)>,
    resource: Option<&ResourceData<'_>>,
    fallback: &Value,
) -> Vec<Value> {
    let value_of = |name: &str| -> Option<Value> {
        let set = resource
            .and_then(|resource| resource.set_value(name))
            .cloned();
        set.or_else(|| {
            parsed_title
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
        })
        .filter(|value| !value.is_undef())
    };
    let namevar = of.namevar();
    let name = value_of(namevar)
        .or_else(|| value_of("name"))
        .unwrap_or_else(|| fallback.clone());
    let mut attributes: Vec<&EcoString> = of.namevars.iter().collect();
    attributes.sort();
    attributes
        .into_iter()
        .map(|attribute| match value_of(attribute) {
            Some(value) => value,
            None if *attribute == namevar || attribute == "name" => name.clone(),
            None => Value::Undef,
        })
        .collect()
}

fn duplicate(resource: &ResourceData<'_>, existing: &ResourceData<'_>) -> String {
    let place = location(existing.file.as_deref(), existing.line, None);
    let at = if place.is_empty() {
        String::new()
    } else {
        format!(" at{place}")
    };
    format!(
        "Duplicate declaration: {} is already declared{at}; cannot redeclare{}",
        resource.reference(),
        location(resource.file.as_deref(), resource.line, None)
    )
}

fn cannot_alias(resource: &ResourceData<'_>, existing: &ResourceData<'_>, alias: &Alias) -> String {
    let key = match alias {
        Alias::Explicit(value) => inspect(value),
        Alias::Unique(values) => inspect(&Value::array(values.clone())),
    };
    let mut full = vec![Value::Str(resource.type_name.clone())];
    full.extend(alias.values());
    let place = location(resource.file.as_deref(), resource.line, None);
    let at = if place.is_empty() {
        String::new()
    } else {
        format!(" at{place}")
    };
    format!(
        "Cannot alias {} to {key}{at}; resource {} already declared{}",
        resource.reference(),
        inspect(&Value::array(full)),
        location(existing.file.as_deref(), existing.line, None)
    )
}

/// Calls `visit` for every element of nested arrays that is not undefined.
pub(crate) fn flatten_into(value: &Value, visit: &mut impl FnMut(&Value)) {
    match value {
        Value::Undef => {}
        Value::Array(elements) => elements
            .iter()
            .for_each(|element| flatten_into(element, visit)),
        other => visit(other),
    }
}

/// Type (capitalized) and title of a reference in the form `Type[title]`, as a catalog reads it
/// (`Puppet::Resource.type_and_title`).
pub(crate) fn split_reference(text: &str) -> Option<(EcoString, EcoString)> {
    let (type_name, rest) = text.split_once('[')?;
    let title = rest.strip_suffix(']').filter(|title| !title.is_empty())?;
    if type_name.is_empty() || type_name.contains(']') {
        return None;
    }
    Some(canonical(type_name, title))
}

/// A type name and a title as the table keeps them.
pub(crate) fn canonical(type_name: &str, title: &str) -> (EcoString, EcoString) {
    let type_name = capitalize_segments(type_name);
    let title = if type_name == "Class" {
        if title.is_empty() {
            "main".into()
        } else {
            capitalize_segments(title)
        }
    } else {
        title.into()
    };
    (type_name, title)
}

/// Type and title of a reference to one resource; `None` for any other type.
pub(crate) fn reference_parts(data_type: &Type) -> Option<(EcoString, EcoString)> {
    match data_type {
        Type::Class { name: Some(name) } => {
            Some(canonical("Class", name.strip_prefix("::").unwrap_or(name)))
        }
        Type::Resource {
            type_name: Some(type_name),
            title,
        } => Some(canonical(type_name, title.as_deref().unwrap_or_default())),
        Type::Type(Some(inner)) => match inner.as_ref() {
            Type::Class { .. } | Type::Resource { .. } => reference_parts(inner),
            _ => None,
        },
        _ => None,
    }
}

/// `Type[title]` of a reference.
pub(crate) fn reference_text(data_type: &Type) -> Option<EcoString> {
    reference_parts(data_type).map(|(type_name, title)| reference(&type_name, &title))
}

/// The display path as resources keep it.
pub(crate) type FileName = Option<Arc<str>>;
