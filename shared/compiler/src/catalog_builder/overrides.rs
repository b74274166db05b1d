//! `Type[title] { attribute => value }`, and the rules of who may override what.

use bunraku_pcore::{Type, Value};
use bunraku_syntax::{Expr, ast};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::declare::parse_error;
use super::defaults::{self, is_default};
use super::resource::{Param, Params};
use super::sources::SourceId;
use super::statements::flatten;
use super::table::{FileName, canonical};
use crate::error::{Result, Unwind, location};
use crate::evaluator::Evaluator;

use crate::evaluator::labels::value_label;
use crate::frame::Frame;
use crate::scope::{ResourceId, ScopeId};
use crate::settings::Strict;

/// Parameters for a resource that may not be there yet.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    /// Capitalized name of the type.
    pub(crate) type_name: EcoString,
    /// Title or alias.
    pub(crate) title: EcoString,
    /// What it sets.
    pub(crate) params: Params,
    /// Who overrides.
    pub(crate) source: SourceId,
    /// Display path.
    pub(crate) file: FileName,
    /// 1-based line.
    pub(crate) line: Option<u32>,
}

impl<'a> Evaluator<'a> {
    /// `Type[title] { a => b }`: gives the references.
    pub(crate) fn eval_resource_override(
        &mut self,
        node: &'a ast::ResourceOverride,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let value = self.eval(&node.resources, frame)?;
        let params = self.eval_operations(&node.operations, frame)?;
        let source = self.source_id(frame.scope);
        let line = Some(frame.file.source.line_column(expr.span.start).line);
        let mut references = Vec::new();
        flatten(&value, &mut references);
        for reference in references {
            let target = match reference.as_type() {
                Some(Type::Resource {
                    type_name: Some(type_name),
                    title,
                }) if !type_name.eq_ignore_ascii_case("class") => {
                    canonical(type_name, title.as_deref().unwrap_or_default())
                }
                _ => {
                    let message = format!(
                        "Resource Override can only operate on resources, got: {}",
                        value_label(&reference)
                    );
                    return Err(self.issue_at(
                        "ILLEGAL_OVERRIDDEN_TYPE",
                        message,
                        expr.span,
                        frame,
                    ));
                }
            };
            let mut set: Params = IndexMap::with_hasher(FxBuildHasher);
            for param in &params {
                if set.contains_key(&param.name) {
                    return Err(parse_error(
                        format!(
                            "Duplicate parameter '{}' for on {}[{}]",
                            param.name, target.0, target.1
                        ),
                        frame.file.display.clone(),
                        line,
                    ));
                }
                set.insert(param.name.clone(), param.clone());
            }
            let (type_name, title) = target;
            let file = frame.file.display.clone();
            self.add_override(Override {
                type_name,
                title,
                params: set,
                source,
                file,
                line,
            })?;
        }
        Ok(value)
    }

    /// Overrides a resource now if it is there, else when the catalog is finished (`Compiler#add_override`).
    pub(super) fn add_override(&mut self, change: Override) -> Result<()> {
        match self.find_by_name(&change.type_name, &change.title)? {
            Some(id) => self.merge_override(id, &change),
            None => {
                let key = super::resource::reference(&change.type_name, &change.title);
                self.builder.overrides.entry(key).or_default().push(change);
                Ok(())
            }
        }
    }

    /// What a collector sets on a resource it found, with the defaults of the collector's scope.
    pub(super) fn collector_override(
        &self,
        id: ResourceId,
        params: &[Param],
        scope: ScopeId,
        source: SourceId,
        place: (FileName, Option<u32>),
    ) -> Override {
        let resource = self.builder.table.get(id);
        let (type_name, title) = (resource.type_name.clone(), resource.title.clone());
        let mut set: Params = params
            .iter()
            .map(|param| (param.name.clone(), param.clone()))
            .collect();
        for (name, param) in defaults::lookup(&self.scopes, scope, &type_name) {
            set.entry(name).or_insert(param);
        }
        Override {
            type_name,
            title,
            params: set,
            source,
            file: place.0,
            line: place.1,
        }
    }

    /// `Puppet::Parser::Resource#merge`.
    pub(super) fn merge_override(&mut self, id: ResourceId, change: &Override) -> Result<()> {
        let resource = self.builder.table.get(id);
        let sources = &self.builder.sources;
        if resource.source != change.source && !sources.is_child_of(change.source, resource.source)
        {
            return Err(parse_error(
                "Only subclasses can override parameters",
                change.file.clone(),
                change.line,
            ));
        }
        if resource.evaluated {
            let place = location(resource.file.as_deref(), resource.line, None);
            let message = if place.is_empty() {
                "Attempt to override an already evaluated resource with new values".to_owned()
            } else {
                format!(
                    "Attempt to override an already evaluated resource, defined at{place}, with new values"
                )
            };
            match self.request.settings.strict {
                Strict::Off => {}
                Strict::Error => {
                    return Err(parse_error(message, change.file.clone(), change.line));
                }
                Strict::Warning => {
                    let place = location(change.file.as_deref(), change.line, None);
                    self.warn(format!("{message}{place}"));
                }
            }
        }
        for param in change.params.values() {
            self.override_parameter(id, param)?;
        }
        Ok(())
    }

    fn override_parameter(&mut self, id: ResourceId, param: &Param) -> Result<()> {
        let resource = self.builder.table.get(id);
        let mut new = param.clone();
        if let Some(current) = resource.params.get(&param.name) {
            let default = |value: &Value| {
                is_default(
                    &self.scopes,
                    resource.scope,
                    &resource.type_name,
                    &param.name,
                    value,
                )
            };
            if default(&param.value) {
                return Ok(());
            }
            let sources = &self.builder.sources;
            let allowed = sources.is_child_of(param.source, current.source)
                || (param.source == current.source && default(&current.value));
            if !allowed {
                let place = location(current.file.as_deref(), current.line, None);
                let at = if place.is_empty() {
                    String::new()
                } else {
                    format!(" at{place}")
                };
                let by = match sources.describe(current.source) {
                    nobody if nobody.is_empty() => nobody,
                    source => format!(" by {source}"),
                };
                return Err(parse_error(
                    format!(
                        "Parameter '{}' is already set on {}{by}{at}; cannot redefine",
                        param.name,
                        resource.reference(),
                    ),
                    param.file.clone(),
                    param.line,
                ));
            }
            if param.append {
                let mut both = Vec::new();
                flatten(&current.value, &mut both);
                flatten(&param.value, &mut both);
                new.value = Value::array(both);
            }
        }
        self.builder
            .table
            .get_mut(id)
            .set_param(new)
            .map_err(Unwind::plain)
    }
}
