//! Scopes: variables by name, as `Puppet::Parser::Scope` holds them.
//!
//! A named scope belongs to the top, a node, a class or a define. Within it lives a stack of
//! ephemeral levels: local variables of lambdas and functions, parameters while their defaults are
//! evaluated, and captures of matches.

use std::sync::Arc;

use bunraku_pcore::Value;
use bunraku_pcore::regex::Captures;
use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::catalog_builder::ResourceDefaults;

/// Addresses a scope in [`Scopes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ScopeId(u32);

/// Addresses a resource in the catalog builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ResourceId(pub(crate) u32);

/// What a scope belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// The top of everything.
    Top,
    /// A node definition.
    Node,
    /// A class.
    Class,
    /// A resource of a defined type.
    Define,
}

/// Which structure of the inputs a path leads into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FactRoot {
    /// `$facts`, and top-scope variables of facts.
    Facts,
    /// `$trusted`
    Trusted,
    /// `$server_facts`
    ServerFacts,
}

/// A place within the facts that was named but not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FactPath {
    /// The structure.
    pub(crate) root: FactRoot,
    /// Keys from the root; array indexes in decimal.
    pub(crate) keys: Arc<[EcoString]>,
}

impl FactPath {
    /// The structure as a whole.
    pub(crate) fn root(root: FactRoot) -> Self {
        Self {
            root,
            keys: Arc::from([]),
        }
    }

    /// One key deeper.
    pub(crate) fn join(&self, key: EcoString) -> Self {
        let keys = self
            .keys
            .iter()
            .cloned()
            .chain(std::iter::once(key))
            .collect();
        Self {
            root: self.root,
            keys,
        }
    }
}

/// What a variable is bound to.
#[derive(Debug, Clone)]
pub(crate) enum Binding {
    /// A value.
    Value(Value),
    /// A place within the facts: only what is looked at is read.
    Path(FactPath),
}

/// Local variables; few, so that a scan beats a hash.
#[derive(Debug, Default)]
pub(crate) struct Locals(Vec<(EcoString, Binding)>);

impl Locals {
    /// None yet, with room for `capacity`.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    /// The binding of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Binding> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, binding)| binding)
    }

    /// Adds a name that is not bound yet.
    pub(crate) fn push(&mut self, name: EcoString, binding: Binding) {
        self.0.push((name, binding));
    }
}

/// Parameters of a callee while their defaults are evaluated, in order; `None`: no value yet.
#[derive(Debug)]
pub(crate) struct ParameterLevel {
    /// Who is called, for errors.
    pub(crate) callee: EcoString,
    /// Names and values.
    pub(crate) parameters: Vec<(EcoString, Option<Value>)>,
}

/// One level of a scope's ephemeral stack.
#[derive(Debug)]
pub(crate) enum Ephemeral {
    /// Local variables.
    Local(Locals),
    /// Captures `$0`, `$1`, ... of the last match.
    Match(Captures),
    /// Parameters being assigned.
    Parameters(ParameterLevel),
}

/// A named scope.
#[derive(Debug)]
pub(crate) struct Scope {
    /// What it belongs to.
    pub(crate) kind: ScopeKind,
    /// The scope it was made in.
    pub(crate) parent: Option<ScopeId>,
    /// The nearest top or node scope above: where unqualified names are looked up next.
    pub(crate) enclosing: Option<ScopeId>,
    /// The scope of the class that this class inherits.
    pub(crate) inherited: Option<ScopeId>,
    /// The resource that is evaluated here.
    pub(crate) resource: Option<ResourceId>,
    /// Its reference (`Class[main]`), for logs; empty when there is no resource.
    pub(crate) label: EcoString,
    /// Name of the class, define or node (`source.name`).
    pub(crate) source: EcoString,
    /// The module of the code that is evaluated here (`source.module_name`).
    pub(crate) module: Option<EcoString>,
    /// Variables in order of assignment.
    pub(crate) variables: Vec<(EcoString, Binding)>,
    index: FxHashMap<EcoString, u32>,
    /// Local levels.
    pub(crate) ephemeral: Vec<Ephemeral>,
    /// Resource defaults set here.
    pub(crate) defaults: ResourceDefaults,
}

impl Scope {
    /// A variable of this scope itself, without its local levels.
    pub(crate) fn variable(&self, name: &str) -> Option<&Binding> {
        let index = *self.index.get(name)?;
        self.variables
            .get(index as usize)
            .map(|(_, binding)| binding)
    }

    /// Sets a variable of this scope itself, again if need be.
    pub(crate) fn set_variable(&mut self, name: EcoString, binding: Binding) {
        if let Some(slot) = self
            .index
            .get(&name)
            .and_then(|index| self.variables.get_mut(*index as usize))
        {
            slot.1 = binding;
            return;
        }
        let index = u32::try_from(self.variables.len()).unwrap_or(u32::MAX);
        self.index.insert(name.clone(), index);
        self.variables.push((name, binding));
    }
}

/// What a new scope is made of; see the fields of [`Scope`].
#[derive(Debug)]
pub(crate) struct NewScope {
    /// What it belongs to.
    pub(crate) kind: ScopeKind,
    /// The scope it is made in.
    pub(crate) parent: ScopeId,
    /// The scope of the inherited class.
    pub(crate) inherited: Option<ScopeId>,
    /// The resource that is evaluated.
    pub(crate) resource: Option<ResourceId>,
    /// Reference of that resource.
    pub(crate) label: EcoString,
    /// Name of the class, define or node.
    pub(crate) source: EcoString,
    /// The module of the code.
    pub(crate) module: Option<EcoString>,
}

/// All scopes of a compile.
#[derive(Debug)]
pub(crate) struct Scopes {
    scopes: Vec<Scope>,
    classes: FxHashMap<EcoString, ScopeId>,
}

impl Scopes {
    /// The top scope, always there.
    pub(crate) const TOP: ScopeId = ScopeId(0);

    /// Only the top scope.
    pub(crate) fn new() -> Self {
        let top = Scope {
            kind: ScopeKind::Top,
            parent: None,
            enclosing: None,
            inherited: None,
            resource: None,
            label: EcoString::new(),
            source: EcoString::new(),
            module: None,
            variables: Vec::new(),
            index: FxHashMap::default(),
            ephemeral: Vec::new(),
            defaults: ResourceDefaults::default(),
        };
        Self {
            scopes: vec![top],
            classes: FxHashMap::default(),
        }
    }

    /// Adds a scope.
    pub(crate) fn add(&mut self, new: NewScope) -> ScopeId {
        let id = ScopeId(u32::try_from(self.scopes.len()).unwrap_or(u32::MAX));
        let parent = self.get(new.parent);
        let enclosing = match parent.kind {
            ScopeKind::Top | ScopeKind::Node => Some(new.parent),
            ScopeKind::Class | ScopeKind::Define => parent.enclosing,
        };
        self.scopes.push(Scope {
            kind: new.kind,
            parent: Some(new.parent),
            enclosing,
            inherited: new.inherited,
            resource: new.resource,
            label: new.label,
            source: new.source,
            module: new.module,
            variables: Vec::new(),
            index: FxHashMap::default(),
            ephemeral: Vec::new(),
            defaults: ResourceDefaults::default(),
        });
        id
    }

    /// A scope. Ids only come from [`Scopes::add`], so there always is one.
    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from this arena, which only grows"
    )]
    pub(crate) fn get(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    /// A scope, to change it.
    #[expect(
        clippy::indexing_slicing,
        reason = "ids come from this arena, which only grows"
    )]
    pub(crate) fn get_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    /// The scope of an evaluated class (lower-case name without leading `::`).
    pub(crate) fn class(&self, name: &str) -> Option<ScopeId> {
        self.classes.get(name).copied()
    }

    /// Notes that a class (or node) is evaluated in a scope.
    pub(crate) fn set_class(&mut self, name: EcoString, scope: ScopeId) {
        self.classes.insert(name, scope);
    }
}
