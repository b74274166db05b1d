//! The end of a compile: relationships, late overrides, inherited metaparameters, checks
//! (`Compiler#finish`, `#fail_on_unevaluated`, `RelationshipValidator`).

use std::collections::VecDeque;
use std::sync::Arc;

use bunraku_pcore::{Value, to_display_string};
use ecow::EcoString;
use rustc_hash::{FxHashMap, FxHashSet};

use super::resource::{Params, ResourceKind};
use super::table::{flatten_into, reference_text, split_reference};
use crate::error::{Error, Result, Unwind, location};
use crate::evaluator::Evaluator;
use crate::log::{Level, LogEntry};
use crate::resource_types::{METAPARAMETERS, RELATIONSHIP_METAPARAMETERS};
use crate::scope::ResourceId;

impl<'a> Evaluator<'a> {
    /// Completes and checks the catalog in the making.
    pub(super) fn finish_resources(&mut self) -> Result<()> {
        self.draw_relationships()?;
        for index in 0..self.builder.resources.len() {
            let Some(id) = self.builder.resources.get(index).copied() else {
                continue;
            };
            let reference = self.builder.table.get(id).reference();
            if let Some(changes) = self.builder.overrides.shift_remove(&reference) {
                for change in changes {
                    self.merge_override(id, &change)?;
                }
            }
            self.finish_resource(id)?;
        }
        self.inherit_metaparameters()?;
        self.fail_on_unevaluated()?;
        self.check_relationships()
    }

    /// Tags of the scope, secrets, attributes (`Puppet::Parser::Resource#finish`).
    fn finish_resource(&mut self, id: ResourceId) -> Result<()> {
        if self.builder.table.get(id).finished {
            return Ok(());
        }
        self.add_scope_tags(id);
        self.check_resource(id)?;
        let resource = self.builder.table.get_mut(id);
        resource.finished = true;
        for (name, param) in &mut resource.params {
            if let Value::Sensitive(secret) = &param.value {
                let secret: Value = secret.as_ref().clone();
                param.value = secret;
                resource.sensitive.push(name.clone());
            }
        }
        Ok(())
    }

    fn check_resource(&self, id: ResourceId) -> Result<()> {
        let resource = self.builder.table.get(id);
        let (parameters, name, is_class) = match &resource.kind {
            ResourceKind::Builtin(of) => {
                let unknown = resource
                    .params
                    .keys()
                    .find(|name| !of.is_valid_attribute(name));
                return match unknown {
                    None => Ok(()),
                    Some(name) => {
                        let place = location(resource.file.as_deref(), resource.line, None);
                        let message = format!(
                            "no parameter named '{name}'{place} on {}",
                            resource.reference()
                        );
                        Err(
                            Error::verbatim(message, resource.file.clone(), resource.line, None)
                                .into(),
                        )
                    }
                };
            }
            ResourceKind::Class(class) => {
                (&class.definition.parameters, &class.definition.name, true)
            }
            ResourceKind::Define(define) => (
                &define.definition.parameters,
                &define.definition.name,
                false,
            ),
            ResourceKind::Main | ResourceKind::Settings | ResourceKind::Node(_) => return Ok(()),
        };
        let key = (is_class, crate::loader::manifests::lower(name));
        let Some(types) = self.builder.parameter_types.get(&key).map(Arc::clone) else {
            return Ok(());
        };
        let values: Vec<(EcoString, Value)> = resource
            .params
            .iter()
            .map(|(name, param)| (name.clone(), param.value.clone()))
            .collect();
        self.check_parameters(id, parameters, &types, &values)
            .map_err(|unwind| {
                let error = unwind.into_error();
                Error::verbatim(error.message, None, None, None).into()
            })
    }

    /// `noop`, `tag` and the like pass from a container to what it contains, from `Class[main]` down
    /// (`add_resource_metaparams`). Only containment counts: an included class is in its stage, not here.
    fn inherit_metaparameters(&mut self) -> Result<()> {
        let Some(main) = self.builder.main else {
            return Ok(());
        };
        let mut inherited: FxHashMap<ResourceId, Vec<(EcoString, Value)>> = FxHashMap::default();
        let mut queue = VecDeque::from([main]);
        let mut seen = FxHashSet::default();
        while let Some(source) = queue.pop_front() {
            if !seen.insert(source) {
                continue;
            }
            let contents = self.builder.table.contents(source).to_vec();
            for target in &contents {
                let data = match inherited.get(&source) {
                    Some(known) => known.clone(),
                    None => inheritable(&self.builder.table.get(source).params),
                };
                if !data.is_empty() {
                    for (name, value) in &data {
                        if self.builder.table.get(*target).set_value(name).is_none() {
                            self.builder
                                .table
                                .get_mut(*target)
                                .set(name, value.clone())
                                .map_err(bare)?;
                        }
                    }
                    let mut merged = data.clone();
                    for (name, value) in inheritable(&self.builder.table.get(*target).params) {
                        match merged.iter_mut().find(|(known, _)| *known == name) {
                            Some((_, slot)) => *slot = value,
                            None => merged.push((name, value)),
                        }
                    }
                    inherited.insert(source, data);
                    inherited.insert(*target, merged);
                }
                let tags = self.builder.table.get(source).tags.clone();
                self.builder.table.get_mut(*target).tags.merge(&tags);
            }
            queue.extend(contents);
        }
        Ok(())
    }

    fn fail_on_unevaluated(&self) -> Result<()> {
        let left: Vec<EcoString> = self
            .builder
            .overrides
            .iter()
            .flat_map(|(reference, changes)| changes.iter().map(|_| reference.clone()))
            .collect();
        if !left.is_empty() {
            return Err(bare(format!(
                "Could not find resource(s) {} for overriding",
                left.join(", ")
            )));
        }
        let missing = self.unrealized();
        if !missing.is_empty() {
            return Err(bare(format!(
                "Failed to realize virtual resources {}",
                missing.join(", ")
            )));
        }
        Ok(())
    }

    /// What `require` and its relatives name must be there (`RelationshipValidator`).
    fn check_relationships(&mut self) -> Result<()> {
        for index in 0..self.builder.table.order().len() {
            let Some(id) = self.builder.table.order().get(index).copied() else {
                continue;
            };
            let resource = self.builder.table.get(id);
            if resource.is_virtual {
                continue;
            }
            let named: Vec<(EcoString, _, _, Vec<Value>)> = resource
                .params
                .iter()
                .filter(|(name, _)| RELATIONSHIP_METAPARAMETERS.contains(&name.as_str()))
                .map(|(name, param)| {
                    let mut values = Vec::new();
                    flatten_into(&param.value, &mut |value| values.push(value.clone()));
                    (name.clone(), param.file.clone(), param.line, values)
                })
                .collect();
            for (name, file, line, values) in named {
                for value in values {
                    let reference =
                        value
                            .as_type()
                            .and_then(reference_text)
                            .unwrap_or_else(|| match &value {
                                Value::Hash(_) => super::ruby_text::inspect(&value).into(),
                                other => to_display_string(other),
                            });
                    let located =
                        |message: String| Error::verbatim(message, file.clone(), line, None);
                    match self.find_reference(&reference) {
                        Ok(Some(_)) => {}
                        Ok(None) => {
                            let message = format!(
                                "Could not find resource '{reference}' in parameter '{name}'"
                            );
                            return Err(located(message).into());
                        }
                        Err(unwind) => return Err(located(unwind.into_error().message).into()),
                    }
                }
            }
        }
        Ok(())
    }

    /// The resource of a text `Type[title]` (`Catalog#resource` with one argument).
    pub(crate) fn find_reference(&mut self, text: &str) -> Result<Option<ResourceId>> {
        let Some((type_name, title)) = split_reference(text) else {
            let shown = super::ruby_text::inspect(&Value::from(text));
            return Err(Unwind::plain(format!(
                "No title provided and {shown} is not a valid resource reference"
            )));
        };
        self.find_by_name(&type_name, &title)
    }

    /// The resource of a type (capitalized) and title, or alias.
    pub(crate) fn find_by_name(
        &mut self,
        type_name: &EcoString,
        title: &str,
    ) -> Result<Option<ResourceId>> {
        if let Some(found) = self.builder.table.find(type_name, title, None) {
            return Ok(Some(found));
        }
        if type_name == "Class" || type_name == "Node" || type_name.contains(':') {
            return Ok(None);
        }
        let of = self.find_ruby_type(&type_name.to_lowercase())?;
        Ok(self.builder.table.find(type_name, title, of.as_deref()))
    }

    /// Logs a warning without a place.
    pub(super) fn warn(&mut self, message: String) {
        self.logs.push(LogEntry {
            level: Level::Warning,
            message,
            source: "Puppet".to_owned(),
            file: None,
            line: None,
            column: None,
            issue_code: None,
        });
    }
}

/// Set metaparameters that pass to contents, in the reference's order.
fn inheritable(params: &Params) -> Vec<(EcoString, Value)> {
    METAPARAMETERS
        .iter()
        .filter(|name| !RELATIONSHIP_METAPARAMETERS.contains(name))
        .filter_map(|name| {
            let value = &params.get(*name)?.value;
            (!value.is_undef()).then(|| (EcoString::from(*name), value.clone()))
        })
        .collect()
}

/// An error of the compiler itself, which knows no place.
#[cold]
fn bare(message: impl Into<String>) -> Unwind {
    Error::verbatim(message, None, None, None).into()
}
