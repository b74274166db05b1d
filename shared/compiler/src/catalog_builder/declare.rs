//! Making resources and putting them into the catalog (`Runtime3ResourceSupport.create_resources`).

use std::sync::Arc;

use bunraku_catalog::Kind;
use bunraku_pcore::types::capitalize_segments;
use bunraku_pcore::{Type, Value};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::defaults;
use super::resource::{Param, ResourceData, ResourceKind};
use super::sources::SourceId;
use super::table::FileName;
use super::tags::TagSet;
use crate::error::{Error, Result, Unwind};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::loader::DefineRef;
use crate::resource_types::ResourceType;
use crate::scope::{ResourceId, ScopeId, ScopeKind};

/// A title of a resource expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum NewTitle {
    /// A resource.
    Text(EcoString),
    /// `default:` the attributes of all other bodies.
    Default,
}

/// Resources of one type to be made.
pub(crate) struct Declaration<'d> {
    /// Name of the type as written; `class` for classes.
    pub(crate) type_name: &'d str,
    /// Titles.
    pub(crate) titles: &'d [EcoString],
    /// Parameters of each of them.
    pub(crate) params: Vec<Param>,
    /// `@` or `@@`
    pub(crate) is_virtual: bool,
    /// `@@`
    pub(crate) exported: bool,
    /// Display path.
    pub(crate) file: FileName,
    /// 1-based line.
    pub(crate) line: Option<u32>,
}

/// A type of resources other than classes and nodes.
#[derive(Clone)]
pub(crate) enum AnyType<'a> {
    /// A type of Puppet or of a module's Ruby.
    Builtin(Arc<ResourceType>),
    /// A defined type.
    Define(DefineRef<'a>),
}

impl AnyType<'_> {
    /// Capitalized name.
    pub(crate) fn type_name(&self) -> EcoString {
        match self {
            Self::Builtin(of) => capitalize_segments(&of.name),
            Self::Define(define) => capitalize_segments(&define.definition.name),
        }
    }
}

impl<'a> Evaluator<'a> {
    /// Makes resources of a type and puts them into the catalog; classes are evaluated at once.
    /// Gives references.
    pub(crate) fn create_resources(
        &mut self,
        declaration: Declaration<'_>,
        frame: Frame<'a>,
    ) -> Result<Vec<Value>> {
        if declaration.type_name.eq_ignore_ascii_case("class") {
            return self.create_classes(declaration, frame);
        }
        let Some(found) = self.find_resource_type(declaration.type_name)? else {
            return Err(Unwind::plain(format!(
                "Unknown resource type: '{}'",
                declaration.type_name
            )));
        };
        let type_name = found.type_name();
        let source = self.source_id(frame.scope);
        let mut references = Vec::with_capacity(declaration.titles.len());
        for title in declaration.titles {
            let (kind, catalog_kind) = match &found {
                AnyType::Builtin(of) => {
                    (ResourceKind::Builtin(Arc::clone(of)), Kind::CompilableType)
                }
                AnyType::Define(define) => (ResourceKind::Define(*define), Kind::DefinedType),
            };
            let mut resource = self.new_resource(
                kind,
                catalog_kind,
                type_name.clone(),
                title.clone(),
                frame.scope,
                source,
            );
            resource.file.clone_from(&declaration.file);
            resource.line = declaration.line;
            resource.is_virtual = declaration.is_virtual;
            resource.exported = declaration.exported;
            let id = self.add_new_resource(resource, declaration.params.clone())?;
            self.add_to_catalog(id, frame.scope)?;
            references.push(Value::of_type(Type::Resource {
                type_name: Some(type_name.clone()),
                title: Some(title.clone()),
            }));
        }
        Ok(references)
    }

    /// A resource without parameters and tags.
    pub(super) fn new_resource(
        &self,
        kind: ResourceKind<'a>,
        catalog_kind: Kind,
        type_name: EcoString,
        title: EcoString,
        scope: ScopeId,
        source: SourceId,
    ) -> ResourceData<'a> {
        ResourceData {
            type_name,
            title,
            has_symbol_title: false,
            kind,
            catalog_kind,
            scope,
            source,
            params: IndexMap::with_hasher(FxBuildHasher),
            tags: TagSet::default(),
            file: None,
            line: None,
            is_virtual: false,
            exported: false,
            exported_by: None,
            evaluated: false,
            has_scope_tags: false,
            finished: false,
            sensitive: Vec::new(),
        }
    }

    /// Gives a new resource its parameters, tags and the defaults of its scope, and keeps it
    /// (`Puppet::Parser::Resource#initialize`).
    pub(super) fn add_new_resource(
        &mut self,
        mut resource: ResourceData<'a>,
        params: Vec<Param>,
    ) -> Result<ResourceId> {
        for param in params {
            if resource.params.contains_key(&param.name) {
                return Err(parse_error(
                    format!(
                        "Duplicate parameter '{}' for on {}",
                        param.name,
                        resource.reference()
                    ),
                    resource.file.clone(),
                    resource.line,
                ));
            }
            let place = (resource.file.clone(), resource.line);
            resource
                .set_param(param)
                .map_err(|message| parse_error(message, place.0, place.1))?;
        }
        resource
            .tags
            .add(&resource.type_name.clone())
            .map_err(Unwind::plain)?;
        if !resource.has_symbol_title {
            resource.tags.add_if_valid(&resource.title.clone());
        }
        for (name, param) in defaults::lookup(&self.scopes, resource.scope, &resource.type_name) {
            if !resource.params.contains_key(&name) {
                let place = (resource.file.clone(), resource.line);
                resource
                    .set_param(param)
                    .map_err(|message| parse_error(message, place.0, place.1))?;
            }
        }
        Ok(self.builder.table.push(resource))
    }

    /// Puts a resource into the catalog, contained in the resource of the scope
    /// (`Puppet::Parser::Compiler#add_resource`).
    pub(super) fn add_to_catalog(&mut self, id: ResourceId, scope: ScopeId) -> Result<()> {
        self.builder.resources.push(id);
        self.builder.table.insert(id).map_err(Unwind::plain)?;
        let resource = self.builder.table.get(id);
        if resource.is_class() {
            return Ok(());
        }
        if resource.set_value("stage").is_some_and(Value::is_truthy) {
            return Err(Unwind::plain(format!(
                "Only classes can set 'stage'; normal resources like {} cannot change run stage",
                resource.reference()
            )));
        }
        if !resource.is_stage()
            && let Some(container) = self.scopes.get(scope).resource
        {
            self.builder.table.contain(container, id);
        }
        Ok(())
    }

    /// The type of a name, in any case, with or without leading `::`; not `class`.
    pub(crate) fn find_resource_type(&mut self, name: &str) -> Result<Option<AnyType<'a>>> {
        let lower: EcoString = name.to_lowercase().into();
        if !lower.contains(':')
            && let Some(of) = self.find_ruby_type(&lower)?
        {
            return Ok(Some(AnyType::Builtin(of)));
        }
        let name = lower.strip_prefix("::").unwrap_or(&lower);
        Ok(self.find_define(name)?.map(AnyType::Define))
    }

    /// Who speaks in a scope.
    pub(crate) fn source_id(&mut self, scope: ScopeId) -> SourceId {
        let scope = self.scopes.get(scope);
        let parent = match (scope.kind, scope.inherited) {
            (ScopeKind::Class, Some(inherited)) => Some(self.scopes.get(inherited).source.clone()),
            _ => None,
        };
        self.builder.sources.of(scope.kind, &scope.source, parent)
    }
}

/// `Puppet::ParseError` with a place that may be unknown: then the nearest expression has it.
#[cold]
pub(crate) fn parse_error(message: impl Into<String>, file: FileName, line: Option<u32>) -> Unwind {
    if file.is_none() && line.is_none() {
        return Unwind::plain(message);
    }
    Error::verbatim(message, file, line, None).into()
}
