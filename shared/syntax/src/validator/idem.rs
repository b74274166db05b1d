//! Expressions that are known to have no effect but their value.

use crate::ast::{BinaryOp, Expr, ExprKind};

/// Whether nothing changes when `expr` is evaluated. Functions may do anything, so calls are not.
pub(super) fn is_idem(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Nop
        | ExprKind::Undef
        | ExprKind::Default
        | ExprKind::Boolean(_)
        | ExprKind::Integer { .. }
        | ExprKind::BigInteger(_)
        | ExprKind::Float(_)
        | ExprKind::String(_)
        | ExprKind::Interpolated(_)
        | ExprKind::Heredoc(_)
        | ExprKind::Regex(_)
        | ExprKind::Name(_)
        | ExprKind::TypeName(_)
        | ExprKind::Variable(_)
        | ExprKind::ReservedWord(_)
        | ExprKind::Array(_)
        | ExprKind::Hash(_)
        | ExprKind::Not(_)
        | ExprKind::Negate(_)
        | ExprKind::Splat(_)
        | ExprKind::Access(_)
        | ExprKind::NamedAccess(_)
        | ExprKind::Selector(_) => true,
        ExprKind::Paren(inner) => is_idem(inner),
        // A match sets the match variables.
        ExprKind::Binary(binary) => !matches!(binary.op, BinaryOp::Match | BinaryOp::NotMatch),
        ExprKind::Block(statements) => statements.iter().all(is_idem),
        ExprKind::If(conditional) | ExprKind::Unless(conditional) => {
            is_idem(&conditional.test)
                && all(conditional.then.as_ref())
                && all(conditional.otherwise.as_ref())
        }
        ExprKind::Case(case) => {
            is_idem(&case.test)
                && case
                    .options
                    .iter()
                    .all(|option| option.values.iter().all(is_idem) && all(option.body.as_ref()))
        }
        ExprKind::Assignment(_)
        | ExprKind::Relationship(_)
        | ExprKind::Call(_)
        | ExprKind::MethodCall(_)
        | ExprKind::Resource(_)
        | ExprKind::ResourceDefaults(_)
        | ExprKind::ResourceOverride(_)
        | ExprKind::Collector(_)
        | ExprKind::Class(_)
        | ExprKind::Define(_)
        | ExprKind::Node(_)
        | ExprKind::Function(_)
        | ExprKind::Plan(_)
        | ExprKind::TypeAlias(_)
        | ExprKind::TypeMapping(_)
        | ExprKind::TypeDefinition(_)
        | ExprKind::Apply(_)
        | ExprKind::Epp(_)
        | ExprKind::RenderString(_)
        | ExprKind::RenderExpr(_) => false,
    }
}

fn all(expr: Option<&Expr>) -> bool {
    expr.is_none_or(is_idem)
}

/// The last expression of a body if it has no effect.
pub(super) fn idem_at_end(body: Option<&Expr>) -> Option<&Expr> {
    let body = body?;
    let last = match &body.kind {
        ExprKind::Block(statements) => statements.last()?,
        _ => body,
    };
    is_idem(last).then_some(last)
}

/// A block of a name and a hash: what becomes of a resource without a title.
pub(super) fn untitled_resource(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Block(statements) => match &**statements {
            [
                Expr {
                    kind: ExprKind::Name(name),
                    ..
                },
                Expr {
                    kind: ExprKind::Hash(_),
                    ..
                },
            ] => Some(name),
            _ => None,
        },
        _ => None,
    }
}
