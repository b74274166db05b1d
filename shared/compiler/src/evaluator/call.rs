//! Calls of functions, methods and types.

use bunraku_pcore::Value;
use bunraku_syntax::ast::{Call, ExprKind, Lambda, MethodCall};
use bunraku_syntax::{Expr, Span};

use super::{Evaluator, Place, labels};
use crate::error::{Result, Unwind};
use crate::frame::{Closure, Frame};
use crate::functions;

impl<'a> Evaluator<'a> {
    pub(super) fn eval_call(&mut self, call: &'a Call, expr: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        let functor = &call.functor;
        let is_type = match &functor.kind {
            ExprKind::TypeName(_) => true,
            ExprKind::Access(access) => matches!(access.left.kind, ExprKind::TypeName(_)),
            _ => false,
        };
        if is_type {
            let data_type = self.eval(functor, frame)?;
            let args = self.unfold(vec![data_type], &call.args, frame)?;
            return self.call_with_lambda("new", args, call.lambda.as_deref(), expr.span, frame);
        }
        let ExprKind::Name(name) = &functor.kind else {
            if matches!(functor.kind, ExprKind::RenderString(_)) {
                return Err(Unwind::issue(
                    "ILLEGAL_EPP_PARAMETERS",
                    "Ambiguous EPP parameter expression. Probably missing '<%-' before parameters to remove leading whitespace",
                ));
            }
            return Err(self.issue_at(
                "ILLEGAL_EXPRESSION",
                format!(
                    "Illegal expression. {} is unacceptable as function name in {}",
                    labels::a_an_uc(functor),
                    labels::a_an(expr)
                ),
                functor.span,
                frame,
            ));
        };
        let args = self.unfold(Vec::new(), &call.args, frame)?;
        self.call_with_lambda(name, args, call.lambda.as_deref(), expr.span, frame)
    }

    pub(super) fn eval_method_call(&mut self, call: &'a MethodCall, expr: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        let receiver = self.unfold(Vec::new(), std::slice::from_ref(&call.receiver), frame)?;
        let args = self.unfold(receiver, &call.args, frame)?;
        self.call_with_lambda(&call.name, args, call.lambda.as_deref(), expr.span, frame)
    }

    fn call_with_lambda(
        &mut self,
        name: &str,
        args: Vec<Value>,
        lambda: Option<&'a Lambda>,
        span: Span,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let block = lambda.map(|lambda| Closure { lambda, frame });
        self.call_function(name, args, block, span, frame)
    }

    /// Calls a function by name: built-in, or in the Puppet language of the environment or a module.
    pub(crate) fn call_function(
        &mut self,
        name: &str,
        args: Vec<Value>,
        block: Option<Closure<'a>>,
        span: Span,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let name = name.strip_prefix("::").unwrap_or(name);
        let place = Place { file: frame.file, offset: span.start };
        if let Some(builtin) = functions::find(name) {
            self.stack.push(place);
            let result = builtin.call(self, frame, span, args, block);
            self.stack.pop();
            return result;
        }
        if let Some(function) = self.find_function(name)? {
            self.stack.push(place);
            let result = self.call_puppet_function(function, args, block, frame);
            self.stack.pop();
            return result;
        }
        if let Some(path) = self.find_ruby_function(name)? {
            return Err(Unwind::plain(format!(
                "the function '{name}' is written in Ruby ({path}), which is not supported"
            )));
        }
        Err(self.issue_at("UNKNOWN_FUNCTION", format!("Unknown function: '{name}'."), span, frame))
    }

    /// Whether a function of this name can be called.
    pub(crate) fn function_exists(&mut self, name: &str) -> Result<bool> {
        let name = name.strip_prefix("::").unwrap_or(name);
        Ok(functions::find(name).is_some() || self.find_function(name)?.is_some())
    }
}
