//! The direct parts of an expression, for passes that treat most kinds alike.

use crate::ast::{AttributeOperation, Expr, ExprKind, Lambda, Parameter, StringPart};

/// Calls `visit` for every expression directly in `expr`, in the order of the source's model. Trailing lambdas are not
/// entered; [`lambda_of`] gives them.
pub fn for_each_child<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Nop
        | ExprKind::Undef
        | ExprKind::Default
        | ExprKind::Boolean(_)
        | ExprKind::Integer { .. }
        | ExprKind::BigInteger(_)
        | ExprKind::Float(_)
        | ExprKind::String(_)
        | ExprKind::Regex(_)
        | ExprKind::Name(_)
        | ExprKind::TypeName(_)
        | ExprKind::Variable(_)
        | ExprKind::ReservedWord(_)
        | ExprKind::RenderString(_) => {}
        ExprKind::Interpolated(parts) => {
            for part in parts {
                if let StringPart::Expr(expr) = part {
                    visit(expr);
                }
            }
        }
        ExprKind::Heredoc(heredoc) => visit(&heredoc.text),
        ExprKind::Array(items) | ExprKind::Block(items) => items.iter().for_each(visit),
        ExprKind::Hash(entries) => {
            for entry in entries {
                visit(&entry.key);
                visit(&entry.value);
            }
        }
        ExprKind::Not(inner)
        | ExprKind::Negate(inner)
        | ExprKind::Splat(inner)
        | ExprKind::Paren(inner)
        | ExprKind::RenderExpr(inner) => visit(inner),
        ExprKind::Binary(node) => [&node.left, &node.right].into_iter().for_each(visit),
        ExprKind::Assignment(node) => [&node.target, &node.value].into_iter().for_each(visit),
        ExprKind::Relationship(node) => [&node.left, &node.right].into_iter().for_each(visit),
        ExprKind::Access(node) => {
            visit(&node.left);
            node.keys.iter().for_each(visit);
        }
        ExprKind::NamedAccess(node) => visit(&node.left),
        ExprKind::Selector(node) => {
            visit(&node.test);
            for entry in &node.entries {
                visit(&entry.matching);
                visit(&entry.value);
            }
        }
        ExprKind::If(node) | ExprKind::Unless(node) => {
            visit(&node.test);
            node.then.iter().chain(&node.otherwise).for_each(visit);
        }
        ExprKind::Case(node) => {
            visit(&node.test);
            for option in &node.options {
                option
                    .values
                    .iter()
                    .chain(&option.body)
                    .for_each(&mut *visit);
            }
        }
        ExprKind::Call(node) => {
            visit(&node.functor);
            node.args.iter().for_each(visit);
        }
        ExprKind::MethodCall(node) => {
            visit(&node.receiver);
            node.args.iter().for_each(visit);
        }
        ExprKind::Resource(node) => {
            visit(&node.type_name);
            for body in &node.bodies {
                visit(&body.title);
                body.operations
                    .iter()
                    .map(AttributeOperation::value)
                    .for_each(&mut *visit);
            }
        }
        ExprKind::ResourceDefaults(node) => {
            visit(&node.type_ref);
            node.operations
                .iter()
                .map(AttributeOperation::value)
                .for_each(visit);
        }
        ExprKind::ResourceOverride(node) => {
            visit(&node.resources);
            node.operations
                .iter()
                .map(AttributeOperation::value)
                .for_each(visit);
        }
        ExprKind::Collector(node) => {
            visit(&node.type_expr);
            node.query.expr.iter().for_each(&mut *visit);
            node.operations
                .iter()
                .map(AttributeOperation::value)
                .for_each(visit);
        }
        ExprKind::Class(node) => definition(&node.parameters, node.body.as_ref(), None, visit),
        ExprKind::Define(node) => definition(&node.parameters, node.body.as_ref(), None, visit),
        ExprKind::Function(node) | ExprKind::Plan(node) => {
            definition(
                &node.parameters,
                node.body.as_ref(),
                node.return_type.as_ref(),
                visit,
            );
        }
        ExprKind::Node(node) => node
            .parent
            .iter()
            .chain(&node.matches)
            .chain(&node.body)
            .for_each(visit),
        ExprKind::TypeAlias(node) => visit(&node.type_expr),
        ExprKind::TypeMapping(node) => [&node.type_expr, &node.mapping].into_iter().for_each(visit),
        ExprKind::TypeDefinition(node) => node.body.iter().for_each(visit),
        ExprKind::Apply(node) => node.args.iter().chain(&node.body).for_each(visit),
        ExprKind::Epp(node) => definition(
            node.parameters.as_deref().unwrap_or(&[]),
            node.body.as_ref(),
            None,
            visit,
        ),
    }
}

fn definition<'a>(
    parameters: &'a [Parameter],
    body: Option<&'a Expr>,
    return_type: Option<&'a Expr>,
    visit: &mut dyn FnMut(&'a Expr),
) {
    for parameter in parameters {
        parameter
            .value
            .iter()
            .chain(&parameter.type_expr)
            .for_each(&mut *visit);
    }
    body.into_iter().chain(return_type).for_each(visit);
}

/// The lambda at the end of a call.
#[must_use]
pub fn lambda_of(expr: &Expr) -> Option<&Lambda> {
    match &expr.kind {
        ExprKind::Call(call) => call.lambda.as_deref(),
        ExprKind::MethodCall(call) => call.lambda.as_deref(),
        _ => None,
    }
}
