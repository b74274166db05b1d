//! Checks of classes, defines, nodes, functions and types.

use ecow::eco_format;

use crate::ast::{
    ClassDefinition, DefineDefinition, Expr, ExprKind, FunctionDefinition, NodeDefinition,
    Parameter, StringPart, TypeAlias, TypeDefinition, TypeMapping,
};
use crate::span::Span;
use crate::visit::for_each_child;

use super::idem::{idem_at_end, untitled_resource};
use super::names::{
    has_illegal_host_characters, is_definition_name, is_numeric_parameter, is_parameter_name,
    is_reserved_type_name, is_type_declaration_name,
};
use super::{Container, Validator};
use crate::label::{a_an, a_an_capital, label, with_article};

impl Validator<'_> {
    /// Definitions stand at the top of a file or in classes; functions and types only at the top.
    fn top(&mut self, expr: &Expr) {
        let absolute = matches!(
            expr.kind,
            ExprKind::Function(_)
                | ExprKind::Plan(_)
                | ExprKind::TypeAlias(_)
                | ExprKind::TypeDefinition(_)
        );
        let mut containers = self.path.iter().rev().copied().peekable();
        while let Some(container) = containers.next() {
            match container {
                Container::Program | Container::Class | Container::Apply => return,
                Container::Block | Container::ApplyBlock
                    if absolute && containers.peek() != Some(&Container::Program) =>
                {
                    let message = eco_format!("{} may only appear at toplevel", a_an_capital(expr));
                    return self.report("NOT_ABSOLUTE_TOP_LEVEL", expr.span, message);
                }
                Container::Block | Container::ApplyBlock => {}
                Container::Other => {
                    let message = "Classes, definitions, and nodes may only appear at toplevel or inside other classes";
                    return self.report("NOT_TOP_LEVEL", expr.span, message);
                }
            }
        }
    }

    fn check_named(&mut self, expr: &Expr, name: &str) {
        self.top(expr);
        if !is_definition_name(name) {
            self.unacceptable_name(expr, name);
        }
        self.check_definition_location(expr, name);
        self.check_reserved_type_name(expr, name);
        self.check_future_word(expr.span, name);
    }

    fn unacceptable_name(&mut self, expr: &Expr, name: &str) {
        let message = eco_format!(
            "Unacceptable name. The name '{name}' is unacceptable as the name of {}",
            a_an(expr)
        );
        self.report("ILLEGAL_DEFINITION_NAME", expr.span, message);
    }

    fn check_reserved_type_name(&mut self, expr: &Expr, name: &str) {
        if is_reserved_type_name(name) {
            let what = a_an(expr);
            let message = eco_format!(
                "The name: '{name}' is already defined by Puppet and can not be used as the name of {what}."
            );
            self.report("RESERVED_TYPE_NAME", expr.span, message);
        }
    }

    fn check_future_word(&mut self, span: Span, name: &str) {
        if name == "plan" {
            self.deprecate(
                "FUTURE_RESERVED_WORD",
                span,
                "Use of future reserved word: 'plan'",
            );
        }
    }

    pub(super) fn check_class(&mut self, expr: &Expr, class: &ClassDefinition) {
        self.check_named(expr, &class.name);
        self.check_declared(expr, &class.parameters, class.body.as_ref());
    }

    pub(super) fn check_define(&mut self, expr: &Expr, define: &DefineDefinition) {
        self.check_named(expr, &define.name);
        self.check_declared(expr, &define.parameters, define.body.as_ref());
    }

    fn check_declared(&mut self, expr: &Expr, parameters: &[Parameter], body: Option<&Expr>) {
        let what = label(expr);
        self.check_no_capture(parameters, &what);
        self.check_unique_parameters(parameters);
        for parameter in parameters
            .iter()
            .filter(|parameter| matches!(parameter.name.as_str(), "name" | "title"))
        {
            let message = eco_format!(
                "The parameter ${} redefines a built in parameter in the {what}",
                parameter.name
            );
            self.report("RESERVED_PARAMETER", parameter.span, message);
        }
        self.check_no_value_last(expr, body);
    }

    fn check_no_value_last(&mut self, expr: &Expr, body: Option<&Expr>) {
        let Some(last) = idem_at_end(body) else {
            return;
        };
        if untitled_resource(last).is_some() && !self.options.tasks {
            return;
        }
        let message = eco_format!(
            "This {} has no effect. {} can not end with a value-producing expression without other effect",
            label(last),
            a_an_capital(expr)
        );
        self.report("IDEM_NOT_ALLOWED_LAST", last.span, message);
    }

    pub(super) fn check_function(&mut self, expr: &Expr, function: &FunctionDefinition) {
        self.check_named(expr, &function.name);
        if let Some(return_type) = &function.return_type {
            self.check_type_reference(return_type, &label(expr));
        }
        self.check_unique_parameters(&function.parameters);
    }

    // ---- parameters

    pub(super) fn check_parameter(&mut self, parameter: &Parameter) {
        let name = &parameter.name;
        if is_numeric_parameter(name) {
            let message = eco_format!(
                "The numeric parameter name '${name}' cannot be used (clashes with numeric match result variables)"
            );
            self.report("ILLEGAL_NUMERIC_PARAMETER", parameter.span, message);
        }
        if !is_parameter_name(name) {
            let message = eco_format!(
                "Illegal parameter name. The given name '{name}' does not conform to the naming rule /^[a-z_]\\w*$/"
            );
            self.report("ILLEGAL_PARAM_NAME", parameter.span, message);
        }
        if let Some(value) = &parameter.value {
            self.check_no_assignment(value);
        }
    }

    /// Defaults of parameters assign nothing, except in lambdas of their own.
    fn check_no_assignment(&mut self, expr: &Expr) {
        if matches!(expr.kind, ExprKind::Assignment(_)) {
            return self.report(
                "ILLEGAL_ASSIGNMENT_CONTEXT",
                expr.span,
                "Assignment not allowed here",
            );
        }
        for_each_child(expr, &mut |child| self.check_no_assignment(child));
    }

    pub(super) fn check_capture_last(&mut self, parameters: &[Parameter]) {
        let before_last = parameters.len().saturating_sub(1);
        for parameter in parameters
            .iter()
            .take(before_last)
            .filter(|parameter| parameter.captures_rest)
        {
            let message = eco_format!(
                "Parameter ${} is not last, and has 'captures rest'",
                parameter.name
            );
            self.report("CAPTURES_REST_NOT_LAST", parameter.span, message);
        }
    }

    pub(super) fn check_no_capture(&mut self, parameters: &[Parameter], container: &str) {
        for parameter in parameters
            .iter()
            .filter(|parameter| parameter.captures_rest)
        {
            let container = with_article(container);
            let message = eco_format!(
                "Parameter ${} has 'captures rest' - not supported in {container}",
                parameter.name
            );
            self.report("CAPTURES_REST_NOT_SUPPORTED", parameter.span, message);
        }
    }

    pub(super) fn check_unique_parameters(&mut self, parameters: &[Parameter]) {
        let mut seen = std::collections::HashSet::with_capacity(parameters.len());
        for parameter in parameters {
            if !seen.insert(&parameter.name) {
                let message = eco_format!(
                    "The parameter '{}' is declared more than once in the parameter list",
                    parameter.name
                );
                self.report("DUPLICATE_PARAMETER", parameter.span, message);
            }
        }
    }

    // ---- nodes

    pub(super) fn check_node(&mut self, expr: &Expr, node: &NodeDefinition) {
        for matcher in &node.matches {
            self.check_host_name(matcher);
        }
        self.top(expr);
        self.check_no_value_last(expr, node.body.as_ref());
        if let Some(parent) = &node.parent {
            let message = "Node inheritance is not supported in Puppet >= 4.0.0. See http://links.puppet.com/puppet-node-inheritance-deprecation";
            self.report("ILLEGAL_NODE_INHERITANCE", parent.span, message);
        }
    }

    fn check_host_name(&mut self, matcher: &Expr) {
        match &matcher.kind {
            ExprKind::String(name) if has_illegal_host_characters(name) => {
                let message = eco_format!(
                    "The hostname '{name}' contains illegal characters (only letters, digits, '_', '-', and '.' are allowed)"
                );
                self.report("ILLEGAL_HOSTNAME_CHARS", matcher.span, message);
            }
            ExprKind::Interpolated(parts) => {
                let inner = parts.iter().find_map(|part| match part {
                    StringPart::Expr(expr) => Some(expr.span),
                    StringPart::Text(..) => None,
                });
                let message = "An interpolated expression is not allowed in a hostname of a node";
                self.report(
                    "ILLEGAL_HOSTNAME_INTERPOLATION",
                    inner.unwrap_or(matcher.span),
                    message,
                );
            }
            ExprKind::Heredoc(_) => {
                self.illegal_expression(matcher, "hostname", "a Node Definition")
            }
            _ => {}
        }
    }

    // ---- types

    pub(super) fn check_type_reference(&mut self, expr: &Expr, container: &str) {
        let name = match &expr.kind {
            ExprKind::Access(access) => &access.left.kind,
            kind => kind,
        };
        match name {
            ExprKind::TypeName(name) => {
                self.check_future_word(expr.span, &name.to_ascii_lowercase())
            }
            _ => self.illegal_expression(expr, "a type reference", &with_article(container)),
        }
    }

    pub(super) fn check_type_alias(&mut self, expr: &Expr, alias: &TypeAlias) {
        self.top(expr);
        if !is_type_declaration_name(&alias.name) {
            self.unacceptable_name(expr, &alias.name);
        }
        self.check_type_reference(&alias.type_expr, "Type Alias");
    }

    pub(super) fn check_type_definition(&mut self, expr: &Expr, definition: &TypeDefinition) {
        self.top(expr);
        self.check_reserved_type_name(expr, &definition.name);
        self.unsupported(expr);
    }

    fn unsupported(&mut self, expr: &Expr) {
        let message = eco_format!(
            "Expressions of type {} are not supported in this version of Puppet",
            a_an(expr)
        );
        self.report("UNSUPPORTED_EXPRESSION", expr.span, message);
    }

    pub(super) fn check_type_mapping(&mut self, expr: &Expr, mapping: &TypeMapping) {
        self.top(expr);
        let keys = match &mapping.type_expr.kind {
            ExprKind::Access(access) if matches!(&access.left.kind, ExprKind::TypeName(name) if name == "Runtime") => {
                &access.keys
            }
            _ => return self.unsupported(expr),
        };
        let by_pattern = matches!(&**keys, [_, pattern] if is_pattern_with_replacement(pattern));
        let right_is_pattern = is_pattern_with_replacement(&mapping.mapping);
        let right_is_type = match &mapping.mapping.kind {
            ExprKind::Access(access) => matches!(access.left.kind, ExprKind::TypeName(_)),
            kind => matches!(kind, ExprKind::TypeName(_)),
        };
        let legal = if by_pattern {
            right_is_pattern
        } else {
            right_is_type
        };
        if !legal {
            let expected = if by_pattern {
                "Tuple[Regexp,String]"
            } else {
                "Type"
            };
            let what = a_an_capital(expr);
            let message = eco_format!(
                "Illegal type mapping. Expected a {expected} on the left side, got {what}"
            );
            self.report("ILLEGAL_TYPE_MAPPING", expr.span, message);
        }
    }
}

fn is_pattern_with_replacement(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Array(items) => {
            matches!(
                &**items,
                [
                    Expr {
                        kind: ExprKind::Regex(_),
                        ..
                    },
                    Expr {
                        kind: ExprKind::String(_),
                        ..
                    }
                ]
            )
        }
        _ => false,
    }
}
