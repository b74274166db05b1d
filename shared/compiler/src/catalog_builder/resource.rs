//! Resources in the making (`Puppet::Parser::Resource`).

use std::sync::Arc;

use bunraku_catalog::Kind;
use bunraku_pcore::{RubyRegex, Value};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::sources::SourceId;
use super::tags::TagSet;
use crate::loader::{ClassRef, DefineRef, NodeRef};
use crate::resource_types::ResourceType;
use crate::scope::ScopeId;

/// Parameters by name in order of setting.
pub(crate) type Params = IndexMap<EcoString, Param, FxBuildHasher>;

/// A parameter of a resource, a default or an override (`Puppet::Parser::Resource::Param`).
#[derive(Debug, Clone)]
pub(crate) struct Param {
    /// Name.
    pub(crate) name: EcoString,
    /// Value; references are types.
    pub(crate) value: Value,
    /// Who set it.
    pub(crate) source: SourceId,
    /// Display path of where it was set.
    pub(crate) file: Option<Arc<str>>,
    /// 1-based line of where it was set.
    pub(crate) line: Option<u32>,
    /// `+>`: an override adds to the value.
    pub(crate) append: bool,
}

/// A node definition under one of its names.
#[derive(Clone)]
pub(crate) struct NodeEntry<'a> {
    /// Name of the resource: lower case, or made of the expression.
    pub(crate) name: EcoString,
    /// The expression, if the name is one.
    pub(crate) regex: Option<Arc<RubyRegex>>,
    /// The definition.
    pub(crate) node: NodeRef<'a>,
}

/// What a resource is an instance of.
#[derive(Clone)]
pub(crate) enum ResourceKind<'a> {
    /// A type of Puppet or of a module's Ruby.
    Builtin(Arc<ResourceType>),
    /// A defined type.
    Define(DefineRef<'a>),
    /// A class.
    Class(ClassRef<'a>),
    /// `Class[main]`: the main manifests.
    Main,
    /// `Class[Settings]`: has no code.
    Settings,
    /// A node definition.
    Node(NodeEntry<'a>),
}

/// A resource in the making.
pub(crate) struct ResourceData<'a> {
    /// Capitalized by segment.
    pub(crate) type_name: EcoString,
    /// Title; of classes capitalized by segment.
    pub(crate) title: EcoString,
    /// The title is Ruby's symbol `:main`, which is no tag and differs from the string `main`.
    pub(crate) has_symbol_title: bool,
    /// What it is an instance of.
    pub(crate) kind: ResourceKind<'a>,
    /// How an agent finds the type.
    pub(crate) catalog_kind: Kind,
    /// Where it was declared.
    pub(crate) scope: ScopeId,
    /// Who declared it.
    pub(crate) source: SourceId,
    /// Parameters.
    pub(crate) params: Params,
    /// Tags.
    pub(crate) tags: TagSet,
    /// Display path of the declaration.
    pub(crate) file: Option<Arc<str>>,
    /// 1-based line of the declaration.
    pub(crate) line: Option<u32>,
    /// Declared with `@` or `@@` and not realized.
    pub(crate) is_virtual: bool,
    /// Declared with `@@`.
    pub(crate) exported: bool,
    /// The node that exports it, when it was collected from another.
    pub(crate) exported_by: Option<EcoString>,
    /// Its code was evaluated, or is being.
    pub(crate) evaluated: bool,
    /// Tags of the scope were added.
    pub(crate) has_scope_tags: bool,
    /// Checked, and its secrets taken out.
    pub(crate) finished: bool,
    /// Names of parameters that were `Sensitive`.
    pub(crate) sensitive: Vec<EcoString>,
}

impl ResourceData<'_> {
    /// `Type[title]`
    pub(crate) fn reference(&self) -> EcoString {
        reference(&self.type_name, &self.title)
    }

    /// Whether it is a class.
    pub(crate) fn is_class(&self) -> bool {
        matches!(
            self.kind,
            ResourceKind::Class(_) | ResourceKind::Main | ResourceKind::Settings
        )
    }

    /// Whether it is a run stage.
    pub(crate) fn is_stage(&self) -> bool {
        self.type_name == "Stage"
    }

    /// Whether there is no code to evaluate.
    pub(crate) fn is_builtin(&self) -> bool {
        matches!(self.kind, ResourceKind::Builtin(_))
    }

    /// The value of a parameter; `title` is the title (`Puppet::Parser::Resource#[]`).
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        if name == "title" {
            return Some(Value::Str(self.title.clone()));
        }
        self.params.get(name).map(|param| param.value.clone())
    }

    /// The value of a parameter that is set to something.
    pub(crate) fn set_value(&self, name: &str) -> Option<&Value> {
        self.params
            .get(name)
            .map(|param| &param.value)
            .filter(|value| !value.is_undef())
    }

    /// Sets a parameter; the values of `tag` become tags.
    pub(crate) fn set_param(&mut self, param: Param) -> Result<(), String> {
        if param.name == "tag" {
            self.tags.add_value(&param.value)?;
        }
        self.params.insert(param.name.clone(), param);
        Ok(())
    }

    /// Sets a parameter in the name of the resource itself (`resource[name] = value`).
    pub(crate) fn set(&mut self, name: &str, value: Value) -> Result<(), String> {
        let source = self.source;
        self.set_param(Param {
            name: name.into(),
            value,
            source,
            file: None,
            line: None,
            append: false,
        })
    }

    /// `$name`: the parameter `name`, else the title.
    pub(crate) fn name(&self) -> Value {
        match self.set_value("name") {
            Some(Value::Bool(false)) | None => Value::Str(self.title.clone()),
            Some(value) => value.clone(),
        }
    }
}

/// `Type[title]`
pub(crate) fn reference(type_name: &str, title: &str) -> EcoString {
    let mut text = EcoString::with_capacity(type_name.len() + title.len() + 2);
    text.push_str(type_name);
    text.push('[');
    text.push_str(title);
    text.push(']');
    text
}
