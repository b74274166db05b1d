//! Operators with two operands; the values themselves are pcore's business.

use std::cmp::Ordering;

use bunraku_pcore::regex::Captures;
use bunraku_pcore::types::is_assignable;
use bunraku_pcore::{Value, numbers, ops};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{Binary, BinaryOp};

use super::{Evaluator, labels};
use crate::error::{Result, Unwind};
use crate::frame::Frame;
use crate::scope::{Ephemeral, ScopeId};

impl<'a> Evaluator<'a> {
    pub(super) fn eval_binary(
        &mut self,
        binary: &'a Binary,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let left = self.eval(&binary.left, frame)?;
        match binary.op {
            BinaryOp::And => {
                let both = left.is_truthy() && self.eval(&binary.right, frame)?.is_truthy();
                return Ok(Value::Bool(both));
            }
            BinaryOp::Or => {
                let either = left.is_truthy() || self.eval(&binary.right, frame)?.is_truthy();
                return Ok(Value::Bool(either));
            }
            _ => {}
        }
        let right = self.eval(&binary.right, frame)?;
        match binary.op {
            BinaryOp::Equal => Ok(Value::Bool(self.equal(&left, &right))),
            BinaryOp::NotEqual => Ok(Value::Bool(!self.equal(&left, &right))),
            BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => {
                self.compare(binary.op, &left, &right).map(Value::Bool)
            }
            BinaryOp::Match => self.eval_match(&left, &right, frame).map(Value::Bool),
            BinaryOp::NotMatch => self
                .eval_match(&left, &right, frame)
                .map(|matched| Value::Bool(!matched)),
            BinaryOp::In => self.eval_in(&left, &right, frame.scope).map(Value::Bool),
            _ => self.arithmetic(binary, left, right, expr, frame),
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> bool {
        match (left, right) {
            (Value::Type(left), Value::Type(right)) => left == right,
            (Value::Type(_), _) => false,
            _ => ops::equals(left, right),
        }
    }

    fn compare(&self, op: BinaryOp, left: &Value, right: &Value) -> Result<bool> {
        if let Value::Type(left_type) = left {
            if let Value::Type(right_type) = right {
                return Ok(match op {
                    BinaryOp::Less => {
                        is_assignable(right_type, left_type) && left_type != right_type
                    }
                    BinaryOp::LessEqual => is_assignable(right_type, left_type),
                    BinaryOp::Greater => {
                        is_assignable(left_type, right_type) && left_type != right_type
                    }
                    _ => is_assignable(left_type, right_type),
                });
            }
            return Ok(false);
        }
        let ordering = ops::compare(left, right).map_err(|error| {
            Unwind::issue(
                "COMPARISON_NOT_POSSIBLE",
                format!(
                    "Comparison of: {} {} {}, is not possible. Caused by '{}'.",
                    labels::value_label(left),
                    op.as_str(),
                    labels::value_label(right),
                    error.message
                ),
            )
        })?;
        Ok(match op {
            BinaryOp::Less => ordering == Ordering::Less,
            BinaryOp::LessEqual => ordering != Ordering::Greater,
            BinaryOp::Greater => ordering == Ordering::Greater,
            _ => ordering != Ordering::Less,
        })
    }

    fn eval_match(&mut self, left: &Value, right: &Value, frame: Frame<'a>) -> Result<bool> {
        let matched = ops::match_pattern(left, right)?;
        self.set_match(matched.captures, frame.scope);
        Ok(matched.matched)
    }

    /// `element in collection`; a regular expression that is found leaves its captures.
    fn eval_in(&mut self, element: &Value, collection: &Value, scope: ScopeId) -> Result<bool> {
        if let Value::Regexp(regex) = element {
            let texts = match collection {
                Value::Str(_) => std::slice::from_ref(collection),
                Value::Array(items) => items.as_slice(),
                Value::Hash(entries) => {
                    let keys: Vec<Value> = entries.keys().cloned().collect();
                    return self.eval_in(element, &Value::array(keys), scope);
                }
                _ => &[],
            };
            for text in texts.iter().filter_map(Value::as_str) {
                if let Some(captures) = regex.captures(text)? {
                    self.set_match(Some(captures), scope);
                    return Ok(true);
                }
            }
        }
        Ok(ops::includes(collection, element))
    }

    /// The captures of a match become `$0`, `$1`, ... until the enclosing condition, lambda or body ends.
    pub(crate) fn set_match(&mut self, captures: Option<Captures>, scope: ScopeId) {
        if let Some(captures) = captures {
            // Not over a former match: a guard may go back to that one.
            self.scopes
                .get_mut(scope)
                .ephemeral
                .push(Ephemeral::Match(captures));
        }
    }

    fn arithmetic(
        &mut self,
        binary: &'a Binary,
        left: Value,
        right: Value,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let collection = matches!(left, Value::Array(_) | Value::Hash(_))
            && matches!(
                binary.op,
                BinaryOp::Add | BinaryOp::Subtract | BinaryOp::ShiftLeft
            );
        let is_append =
            matches!(left, Value::Uri(_) | Value::Binary(_)) && binary.op == BinaryOp::Add;
        let (left, right) = if collection || is_append {
            (left, right)
        } else {
            (
                self.numeric(left, &binary.left, frame)?,
                self.numeric(right, &binary.right, frame)?,
            )
        };
        let result = match binary.op {
            BinaryOp::Add => ops::add(&left, &right),
            BinaryOp::Subtract => ops::subtract(&left, &right),
            BinaryOp::Multiply => ops::multiply(&left, &right),
            BinaryOp::Divide => ops::divide(&left, &right),
            BinaryOp::Modulo => ops::modulo(&left, &right),
            BinaryOp::ShiftLeft => ops::append(&left, &right),
            _ => ops::shift_right(&left, &right),
        };
        result.map_err(|error| self.locate(error.into(), expr, frame))
    }

    /// A string as the number it stands for, as far as `strict` allows it (`coerce_numeric`).
    fn numeric(&mut self, value: Value, expr: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        match &value {
            Value::Int(_) | Value::Float(_) | Value::Timespan(_) | Value::Timestamp(_) => Ok(value),
            Value::Str(text) => match numbers::parse_number(text) {
                Some(number) => {
                    self.report_coercion(text, &number, expr.span, frame)?;
                    Ok(number)
                }
                None => Err(self.not_numeric(&value, expr.span, frame)),
            },
            _ => Err(self.not_numeric(&value, expr.span, frame)),
        }
    }

    pub(super) fn eval_negate(
        &mut self,
        inner: &'a Expr,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let value = self.eval(inner, frame)?;
        // The reference blames the minus, not the operand.
        let value = self.numeric(value, expr, frame)?;
        Ok(ops::negate(&value)?)
    }

    /// Whether a value matches an option of `case` or `?`.
    pub(super) fn matches_option(
        &mut self,
        value: &Value,
        option: &Value,
        scope: ScopeId,
    ) -> Result<bool> {
        let matched = ops::match_option(value, option)?;
        self.set_match(matched.captures, scope);
        Ok(matched.matched)
    }
}
