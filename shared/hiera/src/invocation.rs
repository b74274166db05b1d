//! What one lookup carries along: the world, the caller's values, and the keys being looked up.

use std::cell::RefCell;

use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;

use crate::key::{Segment, VariablePath};
use crate::session::Hiera;
use crate::world::World;
use crate::{ErrorKind, LookupError, Result};

/// Most lookups and interpolations within one another; Ruby's stack ends sooner or later too.
const MAX_NESTING: usize = 100;

/// One lookup; interpolations and nested lookups share it or derive from it.
///
/// An explainer has its place here (`puppet lookup --explain`): every step takes the invocation.
#[derive(Clone, Copy)]
pub(crate) struct Invocation<'a> {
    pub(crate) hiera: &'a Hiera,
    pub(crate) world: &'a dyn World,
    pub(crate) overrides: &'a PuppetHash,
    pub(crate) defaults: &'a PuppetHash,
    /// Variables that a configuration's interpolations read, while it is resolved.
    pub(crate) memory: Option<&'a RefCell<Vec<Remembered>>>,
    /// The variable that `mapped_paths` sets.
    pub(crate) local: Option<(&'a str, &'a Value)>,
}

/// A variable that a resolved hierarchy depends on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remembered {
    pub(crate) key: EcoString,
    pub(crate) root: EcoString,
    pub(crate) segments: Vec<Segment>,
    pub(crate) value: Option<Value>,
}

impl Remembered {
    /// Whether a compile can't change it: these hashes are set once, and no scope may shadow them.
    pub(crate) fn is_constant(&self) -> bool {
        let root = self.root.strip_prefix("::").unwrap_or(&self.root);
        matches!(root, "facts" | "trusted" | "server_facts")
    }

    /// Whether the variable still has the value.
    pub(crate) fn is_stable(&self, world: &dyn World) -> Result<bool> {
        let path = VariablePath {
            key: &self.key,
            root: &self.root,
            segments: &self.segments,
        };
        let value = world.variable(&path)?.filter(|value| !value.is_undef());
        Ok(value == self.value)
    }
}

impl Invocation<'_> {
    /// Runs `action` with `name` among the names being looked up (`Invocation#check`).
    pub(crate) fn check<T>(&self, name: &str, action: impl FnOnce() -> Result<T>) -> Result<T> {
        let stack = &self.hiera.stack;
        {
            let mut names = stack.borrow_mut();
            if names.iter().any(|other| other == name) {
                let message = format!("Recursive lookup detected in [{}]", names.join(", "));
                return Err(LookupError::new(ErrorKind::Recursive, message));
            }
            if names.len() >= MAX_NESTING {
                let message =
                    format!("Lookups are nested deeper than {MAX_NESTING} levels, at '{name}'");
                return Err(LookupError::new(ErrorKind::Lookup, message));
            }
            names.push(name.into());
        }
        let result = action();
        stack.borrow_mut().pop();
        result.map_err(|error| match error.kind {
            // Any other Puppet::Error becomes a LookupError with the same text.
            ErrorKind::Puppet => LookupError::new(ErrorKind::Lookup, error.to_string()),
            _ => error,
        })
    }
}
