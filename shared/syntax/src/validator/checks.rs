//! Checks of single expressions.

use ecow::{EcoString, eco_format};

use crate::ast::{
    AssignOp, AttributeOp, AttributeOperation, BinaryOp, Call, Case, Expr, ExprKind, HashEntry,
    ResourceBody, ResourceForm, Selector,
};

use super::idem::{is_idem, untitled_resource};
use super::literal::literal;
use super::names::{is_match_variable, is_variable_name};
use super::{Check, Validator};
use crate::diagnostic::Diagnostic;
use crate::label::{a_an, a_an_capital, label, with_article};
use crate::parser::{KEYWORDS, STATEMENT_CALLS};
use crate::similar::nearest;

impl Validator<'_> {
    /// The check of one node, without its children.
    pub(super) fn check(&mut self, expr: &Expr) -> Check {
        if self.options.tasks && self.check_tasks(expr) {
            return Ok(());
        }
        match &expr.kind {
            ExprKind::Variable(name) => self.check_variable(expr, name),
            ExprKind::BigInteger(big) => {
                let hex = hexadecimal(&big.decimal);
                let message = eco_format!(
                    "{} resulted in a value outside of Puppet Integer max range, got '+0x{hex}'",
                    a_an_capital(expr)
                );
                self.report("NUMERIC_OVERFLOW", expr.span, message);
            }
            ExprKind::ReservedWord(word) => {
                let message = eco_format!(
                    "Use of reserved word: {word}, must be quoted if intended to be a String value"
                );
                self.report("RESERVED_WORD", expr.span, message);
            }
            ExprKind::Array(items) => items.iter().for_each(|item| self.rvalue(item)),
            ExprKind::Hash(entries) => self.check_hash(entries),
            ExprKind::Block(statements) => self.check_block(expr, statements),
            ExprKind::Heredoc(heredoc) => self.check_heredoc(heredoc)?,
            ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Splat(inner)
            | ExprKind::Paren(inner)
            | ExprKind::RenderExpr(inner) => self.rvalue(inner),
            ExprKind::Binary(binary) => {
                self.rvalue(&binary.left);
                self.rvalue(&binary.right);
            }
            ExprKind::Assignment(assignment) if assignment.op == AssignOp::Set => {
                self.assign(&assignment.target);
                self.rvalue(&assignment.value);
            }
            ExprKind::Assignment(assignment) => {
                let op = assignment.op.as_str();
                let message = eco_format!(
                    "The operator '{op}' is no longer supported. See http://links.puppet.com/remove-plus-equals"
                );
                self.report("APPENDS_DELETES_NO_LONGER_SUPPORTED", expr.span, message);
            }
            ExprKind::Relationship(relationship) => {
                self.relation(&relationship.left);
                self.relation(&relationship.right);
            }
            ExprKind::Selector(selector) => self.check_selector(expr, selector),
            ExprKind::If(conditional) | ExprKind::Unless(conditional) => {
                self.rvalue(&conditional.test)
            }
            ExprKind::Case(case) => self.check_case(expr, case),
            ExprKind::Call(call) => self.check_call(expr, call),
            ExprKind::Resource(resource) => {
                let is_class =
                    matches!(&resource.type_name.kind, ExprKind::Name(name) if name == "class");
                if resource.form != ResourceForm::Regular && is_class {
                    self.report(
                        "CLASS_NOT_VIRTUALIZABLE",
                        expr.span,
                        "Classes are not virtualizable",
                    );
                }
            }
            ExprKind::ResourceDefaults(defaults) => self.check_form(expr, defaults.form),
            ExprKind::ResourceOverride(overridden) => self.check_form(expr, overridden.form),
            ExprKind::Collector(collector)
                if !matches!(collector.type_expr.kind, ExprKind::TypeName(_)) =>
            {
                self.illegal_expression(&collector.type_expr, "type name", &a_an(expr));
            }
            ExprKind::Class(class) => self.check_class(expr, class),
            ExprKind::Define(define) => self.check_define(expr, define),
            ExprKind::Node(node) => self.check_node(expr, node),
            ExprKind::Function(function) | ExprKind::Plan(function) => {
                self.check_function(expr, function)
            }
            ExprKind::TypeAlias(alias) => self.check_type_alias(expr, alias),
            ExprKind::TypeMapping(mapping) => self.check_type_mapping(expr, mapping),
            ExprKind::TypeDefinition(definition) => self.check_type_definition(expr, definition),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn illegal_expression(&mut self, expr: &Expr, feature: &str, container: &str) {
        let what = a_an_capital(expr);
        let message =
            eco_format!("Illegal expression. {what} is unacceptable as {feature} in {container}");
        self.report("ILLEGAL_EXPRESSION", expr.span, message);
    }

    /// Reports what yields no value although one is needed.
    pub(super) fn rvalue(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Not(inner)
            | ExprKind::Negate(inner)
            | ExprKind::Splat(inner)
            | ExprKind::Paren(inner)
            | ExprKind::RenderExpr(inner) => self.rvalue(inner),
            ExprKind::Collector(_)
            | ExprKind::Class(_)
            | ExprKind::Define(_)
            | ExprKind::Node(_)
            | ExprKind::Function(_)
            | ExprKind::Plan(_)
            | ExprKind::TypeAlias(_)
            | ExprKind::TypeMapping(_)
            | ExprKind::TypeDefinition(_) => {
                let message = eco_format!(
                    "Invalid use of expression. {} does not produce a value",
                    a_an_capital(expr)
                );
                self.report("NOT_RVALUE", expr.span, message);
            }
            _ => {}
        }
    }

    fn relation(&mut self, expr: &Expr) {
        if !matches!(
            expr.kind,
            ExprKind::Collector(_) | ExprKind::Relationship(_)
        ) {
            self.rvalue(expr);
        }
    }

    fn assign(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Variable(name) => {
                if is_match_variable(name) {
                    let message = eco_format!(
                        "Illegal attempt to assign to the numeric match result variable '${name}'. Numeric variables are not assignable"
                    );
                    self.report("ILLEGAL_NUMERIC_ASSIGNMENT", target.span, message);
                }
                if name.contains("::") {
                    let message = eco_format!(
                        "Illegal attempt to assign to '{name}'. Cannot assign to variables in other namespaces"
                    );
                    self.report("CROSS_SCOPE_ASSIGNMENT", target.span, message);
                }
            }
            ExprKind::Access(_) => {
                let message =
                    "Illegal attempt to assign via [index/key]. Not an assignable reference";
                self.report("ILLEGAL_INDEXED_ASSIGNMENT", target.span, message);
            }
            ExprKind::Array(items) => items.iter().for_each(|item| self.assign(item)),
            _ => {
                let message = eco_format!(
                    "Illegal attempt to assign to '{}'. Not an assignable reference",
                    a_an(target)
                );
                self.report("ILLEGAL_ASSIGNMENT", target.span, message);
            }
        }
    }

    fn check_variable(&mut self, expr: &Expr, name: &str) {
        let is_literal =
            matches!(name, "true" | "false") && !self.source.slice(expr.span).starts_with('$');
        if name.starts_with(|ch: char| ch.is_ascii_digit()) {
            if !is_match_variable(name) {
                let message = eco_format!(
                    "Illegal numeric variable name, The given name '{name}' must be a decimal value if it starts with a digit 0-9"
                );
                self.report("ILLEGAL_NUMERIC_VAR_NAME", expr.span, message);
            }
        } else if is_literal || !is_variable_name(name) {
            // The reference takes `${true}` for a variable with a name that is no string, and fails with an error of Ruby's.
            let message = eco_format!(
                "Illegal variable name, The given name '{name}' does not conform to the naming rule /^((::)?[a-z]\\w*)*((::)?[a-z_]\\w*)$/"
            );
            self.report("ILLEGAL_VAR_NAME", expr.span, message);
        }
    }

    fn check_hash(&mut self, entries: &[HashEntry]) {
        // Most hashes are small: comparing beats hashing.
        let mut seen: Vec<String> = Vec::new();
        let mut index: std::collections::HashSet<String> = std::collections::HashSet::new();
        for entry in entries {
            let Some(key) = literal(&entry.key) else {
                continue;
            };
            let duplicate = if index.is_empty() {
                seen.contains(&key.identity)
            } else {
                index.contains(&key.identity)
            };
            if duplicate {
                let message = eco_format!("The key '{}' is declared more than once", key.shown);
                self.report_strict("DUPLICATE_KEY", entry.span, message);
            } else if index.is_empty() && seen.len() < 16 {
                seen.push(key.identity);
            } else {
                index.extend(seen.drain(..));
                index.insert(key.identity);
            }
        }
    }

    fn check_block(&mut self, expr: &Expr, statements: &[Expr]) {
        match untitled_resource(expr) {
            Some(name) if !self.options.tasks => {
                let message = eco_format!(
                    "This expression is invalid. Did you try declaring a '{name}' resource without a title?"
                );
                self.report("RESOURCE_WITHOUT_TITLE", expr.span, message);
            }
            _ => self.check_statements(statements),
        }
    }

    /// Only the last statement may be there for its value.
    pub(super) fn check_statements(&mut self, statements: &[Expr]) {
        let before_last = statements.len().saturating_sub(1);
        if let Some(idle) = statements
            .iter()
            .take(before_last)
            .find(|statement| is_idem(statement))
        {
            let message = eco_format!(
                "This {} has no effect. A value was produced and then forgotten (one or more preceding expressions may have the wrong form)",
                label(idle)
            );
            let finding = Diagnostic::error("IDEM_EXPRESSION_NOT_LAST", message, Some(idle.span));
            self.found.push(match meant_word(idle) {
                Some(name) => finding.with_hint(eco_format!("did you mean `{name}`?")),
                None => finding,
            });
        }
    }

    fn check_selector(&mut self, expr: &Expr, selector: &Selector) {
        self.rvalue(&selector.test);
        let mut defaults = selector
            .entries
            .iter()
            .filter(|entry| entry.matching.kind == ExprKind::Default);
        if let Some(second) = defaults.nth(1) {
            self.duplicate_default(&second.matching, expr);
        }
    }

    fn check_case(&mut self, expr: &Expr, case: &Case) {
        self.rvalue(&case.test);
        let values = case.options.iter().flat_map(|option| option.values.iter());
        for value in values
            .filter(|value| value.kind == ExprKind::Default)
            .skip(1)
        {
            self.duplicate_default(value, expr);
        }
    }

    fn duplicate_default(&mut self, value: &Expr, container: &Expr) {
        let message = eco_format!(
            "This {} already has a 'default' entry - this is a duplicate",
            label(container)
        );
        self.report("DUPLICATE_DEFAULT", value.span, message);
    }

    fn check_call(&mut self, expr: &Expr, call: &Call) {
        match &call.functor.kind {
            ExprKind::Name(_) | ExprKind::TypeName(_) => {}
            ExprKind::Access(access) if matches!(access.left.kind, ExprKind::TypeName(_)) => {}
            ExprKind::RenderString(_) => {
                let message = "Ambiguous EPP parameter expression. Probably missing '<%-' before parameters to remove leading whitespace";
                self.report("ILLEGAL_EPP_PARAMETERS", expr.span, message);
            }
            _ => self.illegal_expression(&call.functor, "function name", &a_an(expr)),
        }
    }

    fn check_form(&mut self, expr: &Expr, form: ResourceForm) {
        if form != ResourceForm::Regular {
            self.report(
                "NOT_VIRTUALIZEABLE",
                expr.span,
                "Resource Defaults are not virtualizable",
            );
        }
    }

    pub(super) fn check_resource_body(&mut self, body: &ResourceBody) {
        for operation in body
            .operations
            .iter()
            .filter(|operation| matches!(operation, AttributeOperation::Splat { .. }))
            .skip(1)
        {
            let message =
                "Unfolding of attributes from Hash can only be used once per resource body";
            self.report("MULTIPLE_ATTRIBUTES_UNFOLD", operation.span(), message);
        }
    }

    pub(super) fn check_operation(&mut self, operation: &AttributeOperation, closed: Option<&str>) {
        if let (
            AttributeOperation::Attribute {
                name,
                op: AttributeOp::Append,
                span,
                ..
            },
            Some(parent),
        ) = (operation, closed)
        {
            let parent = with_article(parent);
            let message = eco_format!(
                "Illegal +> operation on attribute {name}. This operator can not be used in {parent}"
            );
            self.report("ILLEGAL_ATTRIBUTE_APPEND", *span, message);
        }
        self.rvalue(operation.value());
    }

    /// Queries compare attributes and combine comparisons, nothing else.
    pub(super) fn check_query(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::And | BinaryOp::Or) => {
                self.check_query(&binary.left);
                self.check_query(&binary.right);
            }
            ExprKind::Binary(binary)
                if matches!(binary.op, BinaryOp::Equal | BinaryOp::NotEqual) => {}
            ExprKind::Paren(inner) => self.check_query(inner),
            ExprKind::Variable(_)
            | ExprKind::Name(_)
            | ExprKind::Integer { .. }
            | ExprKind::BigInteger(_)
            | ExprKind::Float(_)
            | ExprKind::String(_)
            | ExprKind::RenderString(_)
            | ExprKind::Boolean(_) => {}
            _ => {
                let message = eco_format!(
                    "Illegal query expression. {} cannot be used in a query",
                    a_an_capital(expr)
                );
                self.report("ILLEGAL_QUERY_EXPRESSION", expr.span, message);
            }
        }
    }
}

/// The function or keyword that a name which does nothing was most likely to be.
fn meant_word(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Name(name) => nearest(name, STATEMENT_CALLS.into_iter().chain(KEYWORDS)),
        _ => None,
    }
}

/// Decimal digits of any length in base 16.
fn hexadecimal(decimal: &str) -> EcoString {
    let mut limbs = vec![0_u64];
    for digit in decimal.bytes().take(4096).filter(u8::is_ascii_digit) {
        let mut carry = u64::from(digit - b'0');
        for limb in &mut limbs {
            let value = *limb * 10 + carry;
            *limb = value & 0xffff_ffff;
            carry = value >> 32;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut out = EcoString::new();
    for (index, limb) in limbs.iter().rev().enumerate() {
        out.push_str(&if index == 0 {
            format!("{limb:x}")
        } else {
            format!("{limb:08x}")
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn large_numbers_turn_hexadecimal() {
        assert_eq!(hexadecimal("9223372036854775808"), "8000000000000000");
        assert_eq!(
            hexadecimal("1208925819614629174706175"),
            "ffffffffffffffffffff"
        );
    }
}
