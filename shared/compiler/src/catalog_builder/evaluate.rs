//! Evaluating the code of classes, defines and nodes (`Puppet::Resource::Type#evaluate_code`).

use std::sync::Arc;

use bunraku_catalog::Kind;
use bunraku_pcore::Value;
use bunraku_pcore::regex::Captures;
use bunraku_syntax::Expr;
use ecow::EcoString;

use super::classes::class_name;
use super::resource::ResourceKind;
use crate::code::ParsedFile;
use crate::error::{Error, JumpKind, Result, Unwind, UnwindKind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::scope::{Binding, Ephemeral, NewScope, ResourceId, ScopeId, ScopeKind, Scopes};

impl<'a> Evaluator<'a> {
    /// Makes `Class[main]` and evaluates the bodies of the main manifests in the top scope.
    pub(crate) fn evaluate_main(&mut self) -> Result<()> {
        self.check_main_definitions()?;
        self.add_stage_and_settings()?;
        let source = self.builder.sources.of(ScopeKind::Top, "", None);
        let mut main = self.new_resource(
            ResourceKind::Main,
            Kind::Unknown,
            "Class".into(),
            "main".into(),
            Scopes::TOP,
            source,
        );
        main.has_symbol_title = true;
        let id = self.add_new_resource(main, Vec::new())?;
        self.builder.main = Some(id);
        let top = self.scopes.get_mut(Scopes::TOP);
        top.resource = Some(id);
        top.label = "Class[main]".into();
        self.add_to_catalog(id, Scopes::TOP)?;
        self.mark_evaluated(id);
        self.bind(Scopes::TOP, "title", Value::from("main"));
        self.bind(Scopes::TOP, "name", Value::from("main"));
        self.scopes.set_class(EcoString::new(), Scopes::TOP);
        self.add_edge_to_stage(id)?;
        for file in self.loader.main.clone() {
            self.eval_program(Frame {
                scope: Scopes::TOP,
                file,
            })?;
        }
        Ok(())
    }

    /// `Stage[main]` and `Class[Settings]`, which come before anything else.
    fn add_stage_and_settings(&mut self) -> Result<()> {
        for name in self
            .request
            .classes
            .iter()
            .map(|(name, _)| name.clone())
            .collect::<Vec<_>>()
        {
            self.builder.add_class(&name).map_err(Unwind::plain)?;
        }
        let source = self.builder.sources.of(ScopeKind::Top, "", None);
        let Some(of) = crate::resource_types::ResourceType::core("stage") else {
            return Err(Unwind::plain("the resource type stage is missing"));
        };
        let kind = ResourceKind::Builtin(Arc::new(of));
        let mut stage = self.new_resource(
            kind,
            Kind::CompilableType,
            "Stage".into(),
            "main".into(),
            Scopes::TOP,
            source,
        );
        stage.has_symbol_title = true;
        let stage = self.add_new_resource(stage, Vec::new())?;
        self.builder.table.insert(stage).map_err(Unwind::plain)?;

        let kind = ResourceKind::Settings;
        let settings = self.new_resource(
            kind,
            Kind::Unknown,
            "Class".into(),
            "Settings".into(),
            Scopes::TOP,
            source,
        );
        let settings = self.add_new_resource(settings, Vec::new())?;
        self.builder.table.insert(settings).map_err(Unwind::plain)?;
        self.mark_evaluated(settings);
        let scope = self.scopes.add(NewScope {
            kind: ScopeKind::Class,
            parent: Scopes::TOP,
            inherited: None,
            resource: Some(settings),
            label: "Class[Settings]".into(),
            source: "settings".into(),
            module: None,
        });
        self.builder.add_class("settings").map_err(Unwind::plain)?;
        self.scopes.set_class("settings".into(), scope);
        self.add_edge_to_stage(settings)
    }

    fn mark_evaluated(&mut self, id: ResourceId) {
        self.builder.table.get_mut(id).evaluated = true;
    }

    /// Evaluates the code of a class, define or node, once.
    pub(crate) fn evaluate_resource(&mut self, id: ResourceId) -> Result<()> {
        if self.builder.table.get(id).evaluated {
            return Ok(());
        }
        self.mark_evaluated(id);
        self.add_scope_tags(id);
        let resource = self.builder.table.get(id);
        let (kind, title, declared_in) = (
            resource.kind.clone(),
            resource.title.clone(),
            resource.scope,
        );
        let label = resource.reference();
        match kind {
            ResourceKind::Builtin(of) => Err(Unwind::plain(format!(
                "Cannot evaluate a builtin type ({})",
                of.name
            ))),
            ResourceKind::Main | ResourceKind::Settings => Ok(()),
            ResourceKind::Class(class) => {
                let inherited = self.evaluate_parent(class)?;
                let name = class_name(class);
                let scope = self.scopes.add(NewScope {
                    kind: ScopeKind::Class,
                    parent: inherited.unwrap_or(declared_in),
                    inherited,
                    resource: Some(id),
                    label,
                    source: name.clone(),
                    module: class.file.module.clone(),
                });
                self.builder.add_class(&name).map_err(Unwind::plain)?;
                self.set_parameters(id, scope, &name)?;
                self.add_edge_to_stage(id)?;
                self.eval_body(class.definition.body.as_ref(), scope, class.file, true)
            }
            ResourceKind::Define(define) => {
                let name: EcoString = crate::loader::manifests::lower(&define.definition.name);
                let scope = self.scopes.add(NewScope {
                    kind: ScopeKind::Define,
                    parent: declared_in,
                    inherited: None,
                    resource: Some(id),
                    label,
                    source: name.clone(),
                    module: define.file.module.clone(),
                });
                self.set_parameters(id, scope, &name)?;
                self.eval_body(define.definition.body.as_ref(), scope, define.file, true)
            }
            ResourceKind::Node(entry) => {
                let scope = self.scopes.add(NewScope {
                    kind: ScopeKind::Node,
                    parent: declared_in,
                    inherited: None,
                    resource: Some(id),
                    label,
                    source: entry.name.clone(),
                    module: entry.node.file.module.clone(),
                });
                self.builder.add_class(&entry.name).map_err(Unwind::plain)?;
                self.set_module_variables(id, scope);
                self.bind(scope, "title", Value::Str(title));
                let name = self.builder.table.get(id).name();
                self.bind(scope, "name", name);
                self.scopes.set_class(entry.name.clone(), scope);
                self.builder.node_scope = Some(scope);
                if let Some(captures) = self.node_captures(&entry)? {
                    self.scopes
                        .get_mut(scope)
                        .ephemeral
                        .push(Ephemeral::Match(captures));
                }
                let result = self.eval_body(
                    entry.node.definition.body.as_ref(),
                    scope,
                    entry.node.file,
                    false,
                );
                self.scopes.get_mut(scope).ephemeral.clear();
                result
            }
        }
    }

    fn node_captures(&self, entry: &super::resource::NodeEntry<'a>) -> Result<Option<Captures>> {
        match &entry.regex {
            Some(regex) => Ok(regex.captures(&self.request.certname.to_lowercase())?),
            None => Ok(None),
        }
    }

    /// Evaluates the parent class if it was not yet; gives its scope.
    fn evaluate_parent(&mut self, class: crate::loader::ClassRef<'a>) -> Result<Option<ScopeId>> {
        if class.definition.parent.is_none() {
            return Ok(None);
        }
        let parent = self.parent_class(class)?;
        let name = class_name(parent);
        let title = bunraku_pcore::types::capitalize_segments(&name);
        if let Some(id) = self.builder.table.find(&"Class".into(), &title, None) {
            self.evaluate_resource(id)?;
        }
        match self.scopes.class(&name) {
            Some(scope) => Ok(Some(scope)),
            None => Err(Unwind::plain(format!("Could not find scope for {name}"))),
        }
    }

    /// The body of a definition; `return()` and `next()` end those of classes and defines.
    fn eval_body(
        &mut self,
        body: Option<&'a Expr>,
        scope: ScopeId,
        file: &'a ParsedFile,
        returns: bool,
    ) -> Result<()> {
        let Some(body) = body else { return Ok(()) };
        match self.run(body, Frame { scope, file }) {
            Ok(_) => Ok(()),
            Err(unwind) => match unwind.kind() {
                UnwindKind::Jump(jump) if returns && jump.kind != JumpKind::Break => Ok(()),
                _ => Err(unwind),
            },
        }
    }

    /// A class is contained in its run stage (`add_edge_to_stage`).
    pub(super) fn add_edge_to_stage(&mut self, id: ResourceId) -> Result<()> {
        let resource = self.builder.table.get(id);
        let own = resource.set_value("stage").cloned();
        let inherited = || {
            let container = self.scopes.get(resource.scope).resource?;
            self.builder
                .table
                .get(container)
                .set_value("stage")
                .cloned()
        };
        let wanted = own
            .clone()
            .or_else(inherited)
            .unwrap_or_else(|| Value::from("main"));
        let title = bunraku_pcore::to_display_string(&wanted);
        let Some(stage) = self.builder.table.find(&"Stage".into(), &title, None) else {
            let shown = own.map_or_else(
                || "main".into(),
                |value| bunraku_pcore::to_display_string(&value),
            );
            return Err(Unwind::plain(format!(
                "Could not find stage {shown} specified by {}",
                resource.reference()
            )));
        };
        if own.is_none() && !self.builder.table.get(stage).has_symbol_title {
            let title = Value::Str(self.builder.table.get(stage).title.clone());
            self.builder
                .table
                .get_mut(id)
                .set("stage", title)
                .map_err(Unwind::plain)?;
        }
        self.builder.table.contain(stage, id);
        Ok(())
    }

    /// Adds the tags of the containing resource, once (`finish_evaluation`).
    pub(super) fn add_scope_tags(&mut self, id: ResourceId) {
        let resource = self.builder.table.get(id);
        if resource.has_scope_tags {
            return;
        }
        let container = self
            .scopes
            .get(resource.scope)
            .resource
            .filter(|container| *container != id);
        let tags = container.map(|container| self.builder.table.get(container).tags.clone());
        let resource = self.builder.table.get_mut(id);
        resource.has_scope_tags = true;
        if let Some(tags) = tags {
            resource.tags.merge(&tags);
        }
    }

    /// Sets a variable of a named scope.
    pub(super) fn bind(&mut self, scope: ScopeId, name: &str, value: Value) {
        self.scopes
            .get_mut(scope)
            .set_variable(name.into(), Binding::Value(value));
    }

    /// Evaluates defines and collectors until nothing is left (`evaluate_generators`).
    pub(crate) fn evaluate_generators(&mut self) -> Result<()> {
        for _ in 0..=1000 {
            let collected = self.evaluate_collectors()?;
            let evaluated = self.evaluate_definitions()?;
            if !collected && !evaluated {
                return Ok(());
            }
        }
        Err(Error::verbatim(
            "Somehow looped more than 1000 times while evaluating host catalog",
            None,
            None,
            None,
        )
        .into())
    }

    /// Evaluates all defines and classes that wait; whether there was one.
    fn evaluate_definitions(&mut self) -> Result<bool> {
        let from = self.builder.first_unevaluated;
        let pending: Vec<ResourceId> = self
            .builder
            .resources
            .iter()
            .skip(from)
            .copied()
            .filter(|id| {
                let resource = self.builder.table.get(*id);
                !(resource.evaluated || resource.is_virtual || resource.is_builtin())
            })
            .collect();
        // What lies before the first virtual definition is done for good.
        let done = self.builder.resources.iter().skip(from).take_while(|id| {
            let resource = self.builder.table.get(**id);
            resource.is_builtin() || resource.evaluated
        });
        self.builder.first_unevaluated = from + done.count();
        for id in &pending {
            self.evaluate_resource(*id)
                .map_err(|unwind| self.within_resource(unwind, *id))?;
        }
        Ok(!pending.is_empty())
    }

    /// An error within a define is told at the place of the resource (`evaluate_definitions`).
    #[cold]
    fn within_resource(&self, unwind: Unwind, id: ResourceId) -> Unwind {
        let resource = self.builder.table.get(id);
        let inner = unwind.into_error();
        let message =
            format!("Evaluation Error: Error while evaluating a Resource Statement, {inner}");
        let mut error = Error::verbatim(message, resource.file.clone(), resource.line, None);
        error.issue_code = Some("RUNTIME_ERROR".to_owned());
        error.into()
    }
}
