//! `Type { attribute => value }`: defaults of a scope, seen by all that is declared below it.

use bunraku_pcore::types::capitalize_segments;
use bunraku_pcore::{Type, Value};
use bunraku_syntax::{Expr, ast};
use ecow::EcoString;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::resource::{Param, Params};
use crate::error::{Error, Result};
use crate::evaluator::Evaluator;
use crate::frame::Frame;
use crate::scope::{ScopeId, Scopes};

/// Defaults of resource types set in one scope, by type name (capitalized).
#[derive(Debug, Default)]
pub(crate) struct ResourceDefaults(FxHashMap<EcoString, Params>);

/// Defaults of a type as a scope sees them: its own, and those of all scopes above.
///
/// This is the one thing that is scoped dynamically: by where a class was first included.
pub(crate) fn lookup(scopes: &Scopes, scope: ScopeId, type_name: &str) -> Params {
    let mut chain = Vec::new();
    let mut current = Some(scope);
    while let Some(id) = current {
        let scope = scopes.get(id);
        if let Some(defaults) = scope.defaults.0.get(type_name) {
            chain.push(defaults);
        }
        current = scope.parent;
    }
    let mut found = IndexMap::with_hasher(FxBuildHasher);
    for defaults in chain.into_iter().rev() {
        for (name, param) in defaults {
            found.insert(name.clone(), param.clone());
        }
    }
    found
}

/// Whether a value is a default for the attribute in this scope or any above (`Scope#is_default?`).
pub(crate) fn is_default(
    scopes: &Scopes,
    scope: ScopeId,
    type_name: &str,
    name: &str,
    value: &Value,
) -> bool {
    let mut current = Some(scope);
    while let Some(id) = current {
        let scope = scopes.get(id);
        let known = scope
            .defaults
            .0
            .get(type_name)
            .and_then(|defaults| defaults.get(name));
        if known.is_some_and(|param| param.value == *value) {
            return true;
        }
        current = scope.parent;
    }
    false
}

impl<'a> Evaluator<'a> {
    /// `Type { a => b }`: gives the type.
    pub(crate) fn eval_resource_defaults(
        &mut self,
        node: &'a ast::ResourceDefaults,
        _expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let value = self.eval(&node.type_ref, frame)?;
        let Some(Type::Resource {
            type_name: Some(type_name),
            title: None,
        }) = value.as_type()
        else {
            let actual = Type::infer(&value).generalize();
            return Err(self.illegal_resource_type(&actual.to_string(), &node.type_ref, frame));
        };
        let type_name = capitalize_segments(type_name);
        let params = self.eval_operations(&node.operations, frame)?;
        let table = self
            .scopes
            .get_mut(frame.scope)
            .defaults
            .0
            .entry(type_name.clone())
            .or_default();
        for param in params {
            if table.contains_key(&param.name) {
                return Err(already_defined(&type_name, &param).into());
            }
            table.insert(param.name.clone(), param);
        }
        Ok(value)
    }
}

#[cold]
fn already_defined(type_name: &str, param: &Param) -> Error {
    Error::verbatim(
        format!(
            "Default already defined for {type_name} {{ {} }}; cannot redefine",
            param.name
        ),
        param.file.clone(),
        param.line,
        None,
    )
}
