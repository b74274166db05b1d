//! Plans may not declare what only a catalog has, except in `apply` (`tasks_checker.rb`).

use ecow::eco_format;

use crate::ast::{Expr, ExprKind};

use super::{Container, Validator};
use crate::label::a_an_capital;

impl Validator<'_> {
    /// Checks an expression by the rules for plans; true if no other check is to follow.
    pub(super) fn check_tasks(&mut self, expr: &Expr) -> bool {
        let applied = self.path.contains(&Container::ApplyBlock);
        match &expr.kind {
            ExprKind::Class(_) | ExprKind::Define(_) => self.only_when_compiling(expr),
            ExprKind::Node(_)
            | ExprKind::Relationship(_)
            | ExprKind::Resource(_)
            | ExprKind::ResourceDefaults(_)
            | ExprKind::ResourceOverride(_)
                if !applied =>
            {
                self.only_when_compiling(expr);
            }
            ExprKind::Collector(_) if !applied => self.only_when_compiling(expr),
            ExprKind::Collector(collector) if collector.query.exported => {
                self.never_when_compiling(expr)
            }
            ExprKind::Apply(_) if applied => self.never_when_compiling(expr),
            _ => return false,
        }
        true
    }

    fn only_when_compiling(&mut self, expr: &Expr) {
        let message = eco_format!(
            "{} is only available when compiling a catalog",
            a_an_capital(expr)
        );
        self.report(
            "EXPRESSION_NOT_SUPPORTED_WHEN_SCRIPTING",
            expr.span,
            message,
        );
    }

    fn never_when_compiling(&mut self, expr: &Expr) {
        let message = eco_format!(
            "{} is not available when compiling a catalog",
            a_an_capital(expr)
        );
        self.report(
            "EXPRESSION_NOT_SUPPORTED_WHEN_COMPILING",
            expr.span,
            message,
        );
    }
}
