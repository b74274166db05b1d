//! `if`, `unless`, `case` and `?`. Captures of their conditions are gone when they end.

use bunraku_pcore::Value;
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{Case, ExprKind, If, Selector};

use super::labels::ruby_text;
use super::{Evaluator, splat, unwind_parentheses};
use crate::error::Result;
use crate::frame::Frame;

impl<'a> Evaluator<'a> {
    /// `wanted` is what the condition must be for the first branch.
    pub(super) fn eval_if(
        &mut self,
        branches: &'a If,
        wanted: bool,
        frame: Frame<'a>,
    ) -> Result<Value> {
        self.guarded(frame, |ev| {
            let holds = ev.eval(&branches.test, frame)?.is_truthy() == wanted;
            let branch = if holds {
                &branches.then
            } else {
                &branches.otherwise
            };
            ev.eval_option(branch.as_ref(), frame)
        })
    }

    pub(super) fn eval_case(&mut self, case: &'a Case, frame: Frame<'a>) -> Result<Value> {
        self.guarded(frame, |ev| {
            let test = ev.eval(&case.test, frame)?;
            let mut default = None;
            for option in &case.options {
                for value in &option.values {
                    let value = unwind_parentheses(value);
                    if matches!(value.kind, ExprKind::Default) {
                        default = option.body.as_ref();
                    } else if ev.option_matches(&test, value, frame)? {
                        return ev.eval_option(option.body.as_ref(), frame);
                    }
                }
            }
            ev.eval_option(default, frame)
        })
    }

    pub(super) fn eval_selector(
        &mut self,
        selector: &'a Selector,
        frame: Frame<'a>,
    ) -> Result<Value> {
        self.guarded(frame, |ev| {
            let test = ev.eval(&selector.test, frame)?;
            let mut default = None;
            for entry in &selector.entries {
                let matching = unwind_parentheses(&entry.matching);
                if matches!(matching.kind, ExprKind::Default) {
                    default = Some(&entry.value);
                } else if ev.option_matches(&test, matching, frame)? {
                    return ev.eval(&entry.value, frame);
                }
            }
            match default {
                Some(value) => ev.eval(value, frame),
                None => Err(ev.issue_at(
                    "UNMATCHED_SELECTOR",
                    format!(
                        "No matching entry for selector parameter with value '{}'",
                        ruby_text(&test)
                    ),
                    selector.test.span,
                    frame,
                )),
            }
        })
    }

    fn option_matches(&mut self, test: &Value, option: &'a Expr, frame: Frame<'a>) -> Result<bool> {
        if let ExprKind::Splat(inner) = &option.kind {
            for value in splat(self.eval(inner, frame)?) {
                if self.matches_option(test, &value, frame.scope)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        let value = self.eval(option, frame)?;
        self.matches_option(test, &value, frame.scope)
    }

    /// Evaluates and drops the levels that were added meanwhile (`with_guarded_scope`).
    pub(crate) fn guarded<T>(
        &mut self,
        frame: Frame<'a>,
        evaluate: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let level = self.level(frame.scope);
        let result = evaluate(self);
        self.restore_level(frame.scope, level);
        result
    }
}
