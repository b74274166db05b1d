//! Declaring classes: like a resource, or by `include` and its relatives.

use bunraku_catalog::Kind;
use bunraku_pcore::types::capitalize_segments;
use bunraku_pcore::{Type, Value};
use ecow::EcoString;

use super::declare::{Declaration, parse_error};
use super::resource::{Param, ResourceKind};
use super::statements::{flatten, storable};
use crate::error::{Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::loader::ClassRef;
use crate::scope::{ResourceId, ScopeId, ScopeKind, Scopes};

/// More classes than any sane one inherits from.
const MAX_ANCESTORS: usize = 100;

impl<'a> Evaluator<'a> {
    /// `class { 'x': ... }`: such a class must not be declared already.
    pub(super) fn create_classes(
        &mut self,
        declaration: Declaration<'_>,
        frame: Frame<'a>,
    ) -> Result<Vec<Value>> {
        let source = self.source_id(frame.scope);
        let mut references = Vec::with_capacity(declaration.titles.len());
        for title in declaration.titles {
            let Some(class) = self.find_class(title)? else {
                return Err(Unwind::plain(format!(
                    "Could not find declared class {title}"
                )));
            };
            let name = class_name(class);
            let title = capitalize_segments(&name);
            let mut resource = self.new_resource(
                ResourceKind::Class(class),
                Kind::Class,
                "Class".into(),
                title,
                frame.scope,
                source,
            );
            resource.file.clone_from(&declaration.file);
            resource.line = declaration.line;
            resource.is_virtual = declaration.is_virtual;
            resource.exported = declaration.exported;
            let id = self.add_new_resource(resource, declaration.params.clone())?;
            self.instantiate(id, class, frame.scope)?;
            self.add_to_catalog(id, frame.scope)?;
            if self.scopes.class(&name).is_none() {
                self.evaluate_resource(id)?;
            }
            references.push(Value::of_type(Type::class(&name)));
        }
        Ok(references)
    }

    /// Declares classes by name if they are not yet, and evaluates those that are new, unless `lazily`
    /// (`Compiler#evaluate_classes`). Names may start with `::`. Gives their resources: known ones first.
    pub(crate) fn declare_classes(
        &mut self,
        names: &[EcoString],
        lazily: bool,
        scope: ScopeId,
    ) -> Result<Vec<ResourceId>> {
        let mut classes = Vec::with_capacity(names.len());
        for name in names {
            match self.find_class(name.strip_prefix("::").unwrap_or(name))? {
                Some(class) => classes.push(class),
                None => {
                    let message =
                        format!("Could not find class {name} for {}", self.request.certname);
                    return Err(Unwind::plain(message));
                }
            }
        }
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for class in classes {
            match self
                .scopes
                .class(&class_name(class))
                .and_then(|id| self.scopes.get(id).resource)
            {
                Some(resource) => known.push(resource),
                None => new.push(self.ensure_class(class, scope, None)?),
            }
        }
        if !lazily {
            for id in &new {
                self.evaluate_resource(*id)?;
            }
        }
        known.extend(new);
        Ok(known)
    }

    /// The resource of a class: the one in the catalog, or a new one that is not evaluated yet. With
    /// parameters always a new one, which fails when there is one already (`Type#ensure_in_catalog`).
    pub(super) fn ensure_class(
        &mut self,
        class: ClassRef<'a>,
        scope: ScopeId,
        params: Option<Vec<(EcoString, Value)>>,
    ) -> Result<ResourceId> {
        let name = class_name(class);
        let title = capitalize_segments(&name);
        if params.is_none()
            && let Some(known) = self.builder.table.find(&"Class".into(), &title, None)
        {
            return Ok(known);
        }
        let parent = class
            .definition
            .parent
            .as_deref()
            .map(crate::loader::manifests::lower);
        let source = self.builder.sources.of(ScopeKind::Class, &name, parent);
        let resource = self.new_resource(
            ResourceKind::Class(class),
            Kind::Unknown,
            "Class".into(),
            title,
            scope,
            source,
        );
        let params = params
            .unwrap_or_default()
            .into_iter()
            .map(|(name, value)| Param {
                name,
                value,
                source,
                file: None,
                line: None,
                append: false,
            })
            .collect();
        let id = self.add_new_resource(resource, params)?;
        self.instantiate(id, class, scope)?;
        self.add_to_catalog(id, scope)?;
        Ok(id)
    }

    /// Makes sure that the parent class is in the catalog before its child (`instantiate_resource`).
    fn instantiate(&mut self, id: ResourceId, class: ClassRef<'a>, scope: ScopeId) -> Result<()> {
        if class.definition.parent.is_some() {
            self.check_ancestors(class)?;
            let parent = self.parent_class(class)?;
            self.ensure_class(parent, scope, None)?;
        }
        let tags = self.builder.table.get(id).tags.clone();
        self.builder.tags.merge(&tags);
        Ok(())
    }

    /// Refuses a class that is its own ancestor, as the reference does when its stack is full.
    fn check_ancestors(&mut self, class: ClassRef<'a>) -> Result<()> {
        let mut ancestor = class;
        for _ in 0..MAX_ANCESTORS {
            if ancestor.definition.parent.is_none() {
                return Ok(());
            }
            ancestor = self.parent_class(ancestor)?;
        }
        let start = class.definition.span.start;
        Err(parse_error(
            "stack level too deep".to_owned(),
            class.file.display.clone(),
            Some(class.file.source.line_column(start).line),
        ))
    }

    /// The class that a class inherits from; it must have a parent.
    pub(super) fn parent_class(&mut self, class: ClassRef<'a>) -> Result<ClassRef<'a>> {
        let written = class.definition.parent.as_deref().unwrap_or_default();
        if let Some(found) = self.find_class(&crate::loader::manifests::lower(written))? {
            return Ok(found);
        }
        let absolute = if written.starts_with("::") {
            written.to_owned()
        } else {
            format!("::{written}")
        };
        let line = class
            .file
            .source
            .line_column(class.definition.span.start)
            .line;
        Err(parse_error(
            format!(
                "Could not find parent resource type '{absolute}' of type hostclass in {}",
                self.request.environment
            ),
            class.file.display.clone(),
            Some(line),
        ))
    }

    /// Class names in what was given to `include`, `require` or `contain`, with `::` in front
    /// (`Scope#transform_and_assert_classnames`).
    pub(crate) fn class_names(&self, values: &[Value]) -> Result<Vec<EcoString>> {
        let mut flat = Vec::new();
        values.iter().for_each(|value| flatten(value, &mut flat));
        flat.iter().map(class_name_of).collect()
    }

    /// `include`: declares and evaluates classes. Gives references to them.
    pub(crate) fn include_classes(
        &mut self,
        values: &[Value],
        frame: Frame<'a>,
    ) -> Result<Vec<Value>> {
        let names = self.class_names(values)?;
        self.declare_classes(&names, false, frame.scope)?;
        Ok(references(&names))
    }

    /// `require`: as `include`, and the calling class or define requires them.
    pub(crate) fn require_classes(
        &mut self,
        values: &[Value],
        frame: Frame<'a>,
    ) -> Result<Vec<Value>> {
        let names = self.class_names(values)?;
        self.declare_classes(&names, false, frame.scope)?;
        if let Some(caller) = self.scopes.get(frame.scope).resource {
            for name in &names {
                let resource = self.builder.table.get_mut(caller);
                let mut list = Vec::new();
                if let Some(known) = resource.set_value("require") {
                    flatten(known, &mut list);
                }
                list.retain(|value| !value.is_undef());
                list.push(Value::of_type(Type::class(name)));
                resource
                    .set("require", Value::array(list))
                    .map_err(Unwind::plain)?;
            }
        }
        Ok(references(&names))
    }

    /// `contain`: as `include`, and the calling class or define contains them.
    pub(crate) fn contain_classes(
        &mut self,
        values: &[Value],
        frame: Frame<'a>,
    ) -> Result<Vec<Value>> {
        let names = self.class_names(values)?;
        let classes = self.declare_classes(&names, false, frame.scope)?;
        if let Some(caller) = self.scopes.get(frame.scope).resource {
            for class in classes {
                self.builder.table.contain(caller, class);
            }
        }
        Ok(references(&names))
    }

    /// Declares the classes of the node classifier: those with parameters first (`evaluate_node_classes`).
    pub(crate) fn evaluate_node_classes(&mut self) -> Result<()> {
        let scope = self.builder.node_scope.unwrap_or(Scopes::TOP);
        let classes = self.request.classes.clone();
        let (with, without): (Vec<_>, Vec<_>) = classes
            .into_iter()
            .partition(|(_, params)| !params.is_empty());
        for (name, params) in with {
            let Some(class) = self.find_class(&crate::loader::manifests::lower(&name))? else {
                let message = format!("Could not find class {name} for {}", self.request.certname);
                return Err(Unwind::plain(message));
            };
            let mut given = Vec::with_capacity(params.len());
            for (key, value) in &params {
                given.push((key.clone(), storable(value.clone())?));
            }
            self.ensure_class(class, scope, Some(given))?;
        }
        let names: Vec<EcoString> = without.into_iter().map(|(name, _)| name).collect();
        self.declare_classes(&names, true, scope)?;
        Ok(())
    }
}

/// Lower-case name without leading `::`.
pub(super) fn class_name(class: ClassRef<'_>) -> EcoString {
    crate::loader::manifests::lower(&class.definition.name)
}

fn references(names: &[EcoString]) -> Vec<Value> {
    names
        .iter()
        .map(|name| Value::of_type(Type::class(name)))
        .collect()
}

fn class_name_of(value: &Value) -> Result<EcoString> {
    let absolute = |name: &str| -> EcoString {
        let name = name.to_lowercase();
        if name.starts_with("::") {
            name.into()
        } else {
            ecow::eco_format!("::{name}")
        }
    };
    match value {
        Value::Undef => Err(Unwind::plain("Cannot use undef as a class name")),
        Value::Str(text) if text.is_empty() => {
            Err(Unwind::plain("Cannot use empty string as a class name"))
        }
        Value::Str(text) => Ok(absolute(text)),
        Value::Type(data_type) => match data_type.as_ref() {
            Type::Class { name: None } => {
                Err(Unwind::plain("Cannot use an unspecific Class[] Type"))
            }
            Type::Class { name: Some(name) } => Ok(absolute(name)),
            Type::Resource {
                type_name: None, ..
            } => Err(Unwind::plain(
                "Cannot use an unspecific Resource[] where a Resource['class', name] is expected",
            )),
            Type::Resource {
                type_name: Some(type_name),
                title,
            } => {
                if !type_name.eq_ignore_ascii_case("class") {
                    return Err(Unwind::plain(format!(
                        "Cannot use a Resource[{type_name}] where a Resource['class', name] is expected"
                    )));
                }
                match title {
                    Some(title) => Ok(absolute(title)),
                    None => Err(Unwind::plain(
                        "Cannot use an unspecific Resource['class'] where a Resource['class', name] is expected",
                    )),
                }
            }
            other => Err(Unwind::plain(format!("Illegal class name: {other}"))),
        },
        other => Err(Unwind::plain(format!(
            "undefined method `downcase' for {}",
            super::ruby_text::inspect(other)
        ))),
    }
}
