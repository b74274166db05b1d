//! Who said something: the class, define or node whose code is evaluated (`scope.source`).
//!
//! Whether a parameter may be overridden depends on it: a class that inherits may change what its
//! parents declared.

use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::scope::ScopeKind;

/// Addresses a source in [`Sources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SourceId(u32);

impl SourceId {
    /// Nobody of this compile: what another node has set.
    pub(crate) const NOBODY: Self = Self(u32::MAX);
}

#[derive(Debug)]
struct Source {
    kind: ScopeKind,
    name: EcoString,
    parent: Option<EcoString>,
    /// Set for good by a collector that overrides from here (`source.override = true`).
    may_override: bool,
}

/// All sources of a compile.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Source>,
    index: FxHashMap<(u8, EcoString), SourceId>,
}

impl Sources {
    /// The source of a kind and name; made when it is new.
    pub(crate) fn of(
        &mut self,
        kind: ScopeKind,
        name: &str,
        parent: Option<EcoString>,
    ) -> SourceId {
        let space = match kind {
            ScopeKind::Top | ScopeKind::Class => 0,
            ScopeKind::Node => 1,
            ScopeKind::Define => 2,
        };
        let key = (space, EcoString::from(name));
        if let Some(known) = self.index.get(&key) {
            return *known;
        }
        let id = SourceId(u32::try_from(self.list.len()).unwrap_or(u32::MAX));
        self.list.push(Source {
            kind,
            name: name.into(),
            parent,
            may_override: false,
        });
        self.index.insert(key, id);
        id
    }

    /// Lets everything said from here override anything from now on.
    pub(crate) fn allow_override(&mut self, id: SourceId) {
        if let Some(source) = self.list.get_mut(id.0 as usize) {
            source.may_override = true;
        }
    }

    /// `Puppet::Resource::Type#child_of?`.
    pub(crate) fn is_child_of(&self, id: SourceId, ancestor: SourceId) -> bool {
        let mut current = id;
        // A class can't inherit from itself; the bound is for sources that were never evaluated.
        for _ in 0..self.list.len() {
            let Some(source) = self.list.get(current.0 as usize) else {
                return false;
            };
            if source.may_override {
                return true;
            }
            let Some(parent) = source
                .parent
                .as_ref()
                .and_then(|name| self.index.get(&(0, name.clone())))
            else {
                return false;
            };
            if *parent == ancestor {
                return true;
            }
            current = *parent;
        }
        false
    }

    /// How messages name it; empty for nobody. The reference prints a Ruby object's address here.
    pub(crate) fn describe(&self, id: SourceId) -> String {
        let Some(source) = self.list.get(id.0 as usize) else {
            return String::new();
        };
        match source.kind {
            ScopeKind::Top => "Class[main]".to_owned(),
            ScopeKind::Class => format!(
                "Class[{}]",
                bunraku_pcore::types::capitalize_segments(&source.name)
            ),
            ScopeKind::Node => format!("Node[{}]", source.name),
            ScopeKind::Define => {
                bunraku_pcore::types::capitalize_segments(&source.name).to_string()
            }
        }
    }
}
