//! Resources, classes, defines, nodes, collectors, relationships: what becomes the catalog.
//!
//! The stages are those of `Puppet::Parser::Compiler#compile`. Everything is a resource: the main
//! manifests are `Class[main]`, a node definition is a `Node`.
//!
//! - `definitions`: what is checked before anything is evaluated
//! - `statements`, `declare`: resource expressions; `classes`, `nodes`: what is declared by name
//! - `evaluate`, `parameters`: the code of classes, defines and nodes
//! - `table`: titles, aliases and containment; `defaults`, `overrides`, `sources`: who may set what
//! - `collectors`, `exported_collectors`, `relationships`: queries and arrows, which are answered late
//! - `exports`: what other nodes may collect
//! - `finish`, `output`, `static_metadata`: checks, and the catalog
//! - `queries`: what functions ask

use std::sync::Arc;

use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::resource_types::ResourceType;
use crate::scope::{ResourceId, ScopeId};

mod classes;
mod collectors;
mod declare;
mod defaults;
mod definitions;
mod evaluate;
mod exported_collectors;
mod exports;
mod finish;
mod nodes;
mod output;
mod overrides;
mod parameters;
mod queries;
mod relationships;
mod resource;
pub(crate) mod ruby_text;
mod ruby_types;
mod sources;
mod statements;
mod static_metadata;
mod table;
mod tags;

pub(crate) use declare::Declaration;
pub(crate) use defaults::ResourceDefaults;
pub(crate) use resource::Param;

/// The catalog in the making.
#[derive(Default)]
pub(crate) struct CatalogBuilder<'a> {
    table: table::ResourceTable<'a>,
    /// Resources that the compiler looks after, in order: all but `Stage[main]` and `Class[Settings]`.
    resources: Vec<ResourceId>,
    /// `Class[main]`.
    main: Option<ResourceId>,
    /// The scope of the node definition.
    node_scope: Option<ScopeId>,
    /// Evaluated classes in order.
    classes: Vec<EcoString>,
    /// Tags of `classes`.
    class_tags: tags::TagSet,
    /// Tags of the catalog besides those.
    tags: tags::TagSet,
    sources: sources::Sources,
    collectors: Vec<collectors::Collector>,
    relationships: Vec<relationships::Relationship>,
    /// Overrides of resources that were not there, by reference.
    overrides: IndexMap<EcoString, Vec<overrides::Override>, FxBuildHasher>,
    /// Where in `resources` the first definition may wait to be evaluated.
    first_unevaluated: usize,
    /// Types of parameters by definition: of a class (or else a define) and name.
    parameter_types: FxHashMap<(bool, EcoString), parameters::ParameterTypes>,
    ruby_types: FxHashMap<EcoString, Option<Arc<ResourceType>>>,
    module_directories: Option<Arc<[EcoString]>>,
    /// Node definitions of the main manifests in order.
    nodes: Vec<resource::NodeEntry<'a>>,
    /// Warnings that are given once.
    warned: FxHashSet<EcoString>,
}

impl CatalogBuilder<'_> {
    /// Notes an evaluated class or node (`Catalog#add_class`).
    fn add_class(&mut self, name: &str) -> Result<(), String> {
        self.classes.push(name.into());
        self.class_tags.add(name)
    }
}
