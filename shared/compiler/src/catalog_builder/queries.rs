//! What functions and expressions ask of the catalog in the making.

use bunraku_pcore::{Type, Value, to_display_string};
use ecow::EcoString;

use super::defaults;
use super::resource::ResourceKind;
use super::table::reference_parts;
use crate::error::{Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::resource_types::is_metaparameter;
use crate::scope::ResourceId;

impl<'a> Evaluator<'a> {
    /// The resource that a reference names, by title or alias.
    pub(crate) fn find_resource(&mut self, reference: &Type) -> Result<Option<ResourceId>> {
        match reference_parts(reference) {
            Some((type_name, title)) => self.find_by_name(&type_name, &title),
            None => Ok(None),
        }
    }

    /// Value of an attribute of a resource, or the default that its scope has for it; `undef` when there is none.
    pub(crate) fn attribute_of(&self, id: ResourceId, name: &str) -> Value {
        let resource = self.builder.table.get(id);
        match resource.get(name) {
            Some(value) if !value.is_undef() => value,
            _ => defaults::lookup(&self.scopes, resource.scope, &resource.type_name)
                .get(name)
                .map(|param| param.value.clone())
                .unwrap_or_default(),
        }
    }

    /// Reads the attributes of a resource by name; `None` when there is no such resource.
    pub(crate) fn resource_parameters(
        &mut self,
        reference: &Type,
    ) -> Result<Option<impl Fn(&str) -> Option<Value> + use<>>> {
        let Some(id) = self.find_resource(reference)? else {
            return Ok(None);
        };
        let params = self.builder.table.get(id).params.clone();
        Ok(Some(move |name: &str| {
            params
                .get(name)
                .map(|param| param.value.clone())
                .filter(|value| !value.is_undef())
        }))
    }

    /// Whether the catalog has a resource or class.
    pub(crate) fn has_resource(&mut self, reference: &Type) -> Result<bool> {
        Ok(self.find_resource(reference)?.is_some())
    }

    /// `File['/x']['mode']`: the values of attributes of a resource (several keys: an array).
    pub(crate) fn resource_attribute(
        &mut self,
        reference: &Type,
        keys: &[Value],
        _frame: Frame<'a>,
    ) -> Result<Value> {
        let (type_name, title) = match reference {
            Type::Class { name } => ("Class".into(), name.clone().unwrap_or_default()),
            Type::Resource { type_name, title } => (
                type_name.clone().unwrap_or_default(),
                title.clone().unwrap_or_default(),
            ),
            other => return Err(Unwind::plain(format!("{other} has no attributes"))),
        };
        let Some(id) = self.find_resource(reference)? else {
            let message = format!("Resource not found: {type_name}['{title}']");
            return Err(Unwind::issue("UNKNOWN_RESOURCE", message));
        };
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            match key {
                Value::Str(name) if self.is_attribute(id, name) => {
                    values.push(self.attribute_of(id, name))
                }
                other => {
                    let shown = to_display_string(other);
                    let mut characters = type_name.chars();
                    let capitalized: String = characters.next().map_or_else(String::new, |first| {
                        first
                            .to_uppercase()
                            .chain(characters.flat_map(char::to_lowercase))
                            .collect()
                    });
                    let message = format!(
                        "The resource {capitalized}['{title}'] does not have a parameter called '{shown}'"
                    );
                    return Err(Unwind::issue("UNKNOWN_RESOURCE_PARAMETER", message));
                }
            }
        }
        if values.len() > 1 {
            return Ok(Value::array(values));
        }
        Ok(values.pop().unwrap_or_default())
    }

    /// `Puppet::Resource#valid_parameter?`.
    fn is_attribute(&self, id: ResourceId, name: &str) -> bool {
        let declared = match &self.builder.table.get(id).kind {
            ResourceKind::Builtin(of) => return of.is_valid_attribute(name),
            ResourceKind::Class(class) => &class.definition.parameters,
            ResourceKind::Define(define) => &define.definition.parameters,
            ResourceKind::Main | ResourceKind::Settings | ResourceKind::Node(_) => {
                return name == "name" || is_metaparameter(name);
            }
        };
        name == "name"
            || is_metaparameter(name)
            || declared.iter().any(|parameter| parameter.name == name)
    }

    /// Whether the class resource of this name (lower case) is in the catalog.
    pub(crate) fn has_class(&self, name: &str) -> bool {
        let title = bunraku_pcore::types::capitalize_segments(name);
        self.builder
            .table
            .find(&"Class".into(), &title, None)
            .is_some()
    }

    /// `tag()`: adds tags to the class or define that is evaluated.
    pub(crate) fn tag_container(&mut self, values: &[Value], frame: Frame<'a>) -> Result<()> {
        if let Some(id) = self.scopes.get(frame.scope).resource {
            for value in values {
                self.builder
                    .table
                    .get_mut(id)
                    .tags
                    .add_value(value)
                    .map_err(Unwind::plain)?;
            }
        }
        Ok(())
    }

    /// `tagged()`: whether the catalog, or the class or define that is evaluated, has the tag.
    pub(crate) fn is_container_tagged(&self, value: &Value, frame: Frame<'a>) -> bool {
        let tag: EcoString = to_display_string(value).to_lowercase();
        self.builder.tags.contains(&tag)
            || self.builder.class_tags.contains(&tag)
            || self
                .scopes
                .get(frame.scope)
                .resource
                .is_some_and(|id| self.is_tagged(id, std::slice::from_ref(&tag)))
    }
}
