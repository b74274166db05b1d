//! Types in code: names, aliases of the environment, types of parameters.

use std::sync::Arc;

use bunraku_pcore::types::type_by_name;
use bunraku_pcore::{RubyRegex, Type, Value};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::ExprKind;
use ecow::EcoString;
use rustc_hash::FxHashMap;

use super::Evaluator;
use crate::error::Result;
use crate::frame::Frame;

/// Types and regular expressions that were made once.
#[derive(Default)]
pub(super) struct TypeCache<'a> {
    names: FxHashMap<EcoString, Value>,
    expressions: FxHashMap<ExprId<'a>, Arc<Type>>,
    pub(super) regexes: FxHashMap<EcoString, Arc<RubyRegex>>,
    /// While an alias is resolved, an unknown name is a reference instead of an error (`TypeParser`).
    pub(super) lenient: bool,
}

/// An expression by identity: where it lives in the code.
#[derive(Clone, Copy)]
struct ExprId<'a>(&'a Expr);

impl PartialEq for ExprId<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for ExprId<'_> {}

impl std::hash::Hash for ExprId<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn eval_type_name(
        &mut self,
        name: &EcoString,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        if let Some(known) = self.types.names.get(name) {
            return Ok(known.clone());
        }
        let Some(found) = self.find_type(name, frame)? else {
            if self.types.lenient {
                return Ok(Value::of_type(Type::Reference(Some(name.clone()))));
            }
            return Err(self.issue_at(
                "UNKNOWN_RESOURCE_TYPE",
                format!(
                    "Resource type not found: {}",
                    name.strip_prefix("::").unwrap_or(name)
                ),
                expr.span,
                frame,
            ));
        };
        let value = Value::of_type(found);
        self.types.names.insert(name.clone(), value.clone());
        Ok(value)
    }

    /// The type of a name: a core type, an alias, or a resource type; `None` when there is none.
    pub(crate) fn find_type(&mut self, name: &str, frame: Frame<'a>) -> Result<Option<Type>> {
        let name = name.strip_prefix("::").unwrap_or(name);
        if let Some(core) = type_by_name(name) {
            return Ok(Some(core));
        }
        // Resource types come first, as the loader of Puppet 3's types is the parent of the others.
        if self.find_resource_type(name)?.is_some() {
            let type_name = bunraku_pcore::types::capitalize_segments(name);
            return Ok(Some(Type::Resource {
                type_name: Some(type_name),
                title: None,
            }));
        }
        if let Some(alias) = self.find_type_alias(name, frame)? {
            return Ok(Some(Type::Alias(alias)));
        }
        Ok(None)
    }

    /// The type that an expression means, kept when the expression always means the same.
    pub(crate) fn eval_type(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Arc<Type>> {
        if let Some(known) = self.types.expressions.get(&ExprId(expr)) {
            return Ok(Arc::clone(known));
        }
        let data_type = match self.eval(expr, frame)? {
            Value::Type(data_type) => data_type,
            other => {
                return Err(crate::error::Unwind::plain(format!(
                    "The expression is no data type, got {}",
                    super::labels::value_a_an(&other)
                )));
            }
        };
        if is_constant(expr) {
            self.types
                .expressions
                .insert(ExprId(expr), Arc::clone(&data_type));
        }
        Ok(data_type)
    }
}

/// Whether an expression depends on nothing but names of types.
fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::TypeName(_)
        | ExprKind::String(_)
        | ExprKind::Name(_)
        | ExprKind::Integer { .. }
        | ExprKind::Float(_)
        | ExprKind::Boolean(_)
        | ExprKind::Regex(_)
        | ExprKind::Undef
        | ExprKind::Default => true,
        ExprKind::Access(access) => {
            is_constant(&access.left) && access.keys.iter().all(is_constant)
        }
        ExprKind::Array(items) => items.iter().all(is_constant),
        ExprKind::Hash(entries) => entries
            .iter()
            .all(|entry| is_constant(&entry.key) && is_constant(&entry.value)),
        ExprKind::Paren(inner) | ExprKind::Negate(inner) => is_constant(inner),
        _ => false,
    }
}
