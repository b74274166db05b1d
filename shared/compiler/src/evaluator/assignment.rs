//! `=`, also to several variables at once.

use bunraku_pcore::{Type, Value};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{AssignOp, Assignment, ExprKind};

use super::{Evaluator, labels, unwind_parentheses};
use crate::error::{Result, Unwind};
use crate::frame::Frame;
use crate::scope::Binding;

impl<'a> Evaluator<'a> {
    pub(super) fn eval_assignment(
        &mut self,
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        match self.assign_traced(assignment, expr, frame)? {
            Binding::Value(value) => Ok(value),
            Binding::Path(path) => Ok(self.read_fact(&path)),
        }
    }

    /// An assignment whose value nobody wants: facts that are only given a name are not read.
    pub(super) fn assign_statement(
        &mut self,
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<()> {
        let result = self.assign_traced(assignment, expr, frame);
        result
            .map(drop)
            .map_err(|unwind| self.locate(unwind, expr, frame))
    }

    fn assign_traced(
        &mut self,
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Binding> {
        if assignment.op != AssignOp::Set {
            return Err(Unwind::issue(
                "UNSUPPORTED_OPERATOR",
                format!(
                    "The operator '{}' is not supported.",
                    assignment.op.as_str()
                ),
            ));
        }
        self.check_target(&assignment.target, frame)?;
        if matches!(assignment.target.kind, ExprKind::Variable(_)) {
            let binding = match self.eval_traced(&assignment.value, frame)? {
                Some(binding) => binding,
                None => Binding::Value(self.eval(&assignment.value, frame)?),
            };
            self.assign(&assignment.target, binding.clone(), assignment, expr, frame)?;
            return Ok(binding);
        }
        let value = self.eval(&assignment.value, frame)?;
        self.assign(
            &assignment.target,
            Binding::Value(value.clone()),
            assignment,
            expr,
            frame,
        )?;
        Ok(Binding::Value(value))
    }

    /// As the reference's `lvalue`, which looks at the target before the value is evaluated.
    fn check_target(&mut self, target: &'a Expr, frame: Frame<'a>) -> Result<()> {
        match &target.kind {
            ExprKind::Variable(_) => Ok(()),
            ExprKind::Array(targets) => targets
                .iter()
                .try_for_each(|target| self.check_target(target, frame)),
            _ => Err(self.issue_at(
                "ILLEGAL_ASSIGNMENT",
                format!(
                    "Illegal attempt to assign to '{}'. Not an assignable reference",
                    labels::a_an(target)
                ),
                target.span,
                frame,
            )),
        }
    }

    fn assign(
        &mut self,
        target: &'a Expr,
        binding: Binding,
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<()> {
        match &target.kind {
            ExprKind::Variable(name) if name.contains("::") => Err(self.issue_at(
                "CROSS_SCOPE_ASSIGNMENT",
                format!("Illegal attempt to assign to '{name}'. Cannot assign to variables in other namespaces"),
                assignment.target.span,
                frame,
            )),
            ExprKind::Variable(name) if name.starts_with(|c: char| c.is_ascii_digit()) => Err(self.issue_at(
                "ILLEGAL_NUMERIC_ASSIGNMENT",
                format!(
                    "Illegal attempt to assign to the numeric match result variable '${name}'. Numeric variables are not assignable"
                ),
                assignment.target.span,
                frame,
            )),
            ExprKind::Variable(name) => self.set_variable(name, binding, expr.span, frame),
            ExprKind::Array(targets) => {
                let value = match binding {
                    Binding::Value(value) => value,
                    Binding::Path(path) => self.read_fact(&path),
                };
                self.assign_several(targets, value, assignment, expr, frame)
            }
            _ => Ok(()),
        }
    }

    fn assign_several(
        &mut self,
        targets: &'a [Expr],
        value: Value,
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<()> {
        match &value {
            Value::Hash(entries) => {
                for target in targets {
                    let key = target_key(target);
                    let Some(value) = entries.get(&key) else {
                        return Err(self.issue_at(
                            "MISSING_MULTI_ASSIGNMENT_KEY",
                            format!("No value for required key '{key}' in assignment to variables from hash"),
                            expr.span,
                            frame,
                        ));
                    };
                    self.assign(
                        target,
                        Binding::Value(value.clone()),
                        assignment,
                        expr,
                        frame,
                    )?;
                }
                Ok(())
            }
            Value::Type(data_type) => match data_type.as_ref() {
                Type::Class { name: Some(name) } => {
                    self.assign_from_class(targets, name, assignment, expr, frame)
                }
                _ => self.assign_list(
                    targets,
                    std::slice::from_ref(&value),
                    assignment,
                    expr,
                    frame,
                ),
            },
            Value::Array(values) => self.assign_list(targets, values, assignment, expr, frame),
            other => self.assign_list(
                targets,
                std::slice::from_ref(other),
                assignment,
                expr,
                frame,
            ),
        }
    }

    fn assign_list(
        &mut self,
        targets: &'a [Expr],
        values: &[Value],
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<()> {
        if targets.len() != values.len() {
            return Err(self.issue_at(
                "ILLEGAL_MULTI_ASSIGNMENT_SIZE",
                format!(
                    "Mismatched number of assignable entries and values, expected {}, got {}",
                    targets.len(),
                    values.len()
                ),
                expr.span,
                frame,
            ));
        }
        for (target, value) in targets.iter().zip(values) {
            self.assign(
                target,
                Binding::Value(value.clone()),
                assignment,
                expr,
                frame,
            )?;
        }
        Ok(())
    }

    /// `[$a, $b] = Class['x']`: the variables of the same names in the class.
    fn assign_from_class(
        &mut self,
        targets: &'a [Expr],
        class: &str,
        assignment: &'a Assignment,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<()> {
        if !self.has_class(class) {
            return Err(self.issue_at(
                "UNKNOWN_RESOURCE",
                format!("Resource not found: Class['{class}']"),
                assignment.value.span,
                frame,
            ));
        }
        for target in targets {
            let ExprKind::Variable(name) = &unwind_parentheses(target).kind else {
                continue;
            };
            let qualified = format!("{class}::{name}");
            let Some(binding) = self.lookup_variable(&qualified, frame.scope)? else {
                return Err(self.issue_at(
                    "MISSING_MULTI_ASSIGNMENT_VARIABLE",
                    format!("No value for required variable '${qualified}' in assignment to variables from class reference"),
                    target.span,
                    frame,
                ));
            };
            self.assign(target, binding, assignment, expr, frame)?;
        }
        Ok(())
    }
}

/// The key that a target takes from a hash: its name, or a list of names.
fn target_key(target: &Expr) -> Value {
    match &target.kind {
        ExprKind::Variable(name) => Value::Str(name.clone()),
        ExprKind::Array(targets) => Value::array(targets.iter().map(target_key).collect()),
        _ => Value::Undef,
    }
}
