//! Calls of functions, methods and types.

use bunraku_pcore::Value;
use bunraku_syntax::ast::{Call, ExprKind, Lambda, MethodCall};
use bunraku_syntax::{Expr, Span};

use super::{Evaluator, Place, labels};
use crate::error::{Result, Unwind};
use crate::frame::{Closure, Frame};
use crate::functions;
use crate::scope::Binding;

/// Functions of the reference that are not there yet.
const NOT_SUPPORTED: &[&str] = &[
    "template",
    "inline_template",
    "generate",
    "hiera",
    "hiera_array",
    "hiera_hash",
    "hiera_include",
    "scanf",
    "strftime",
    "yaml_data",
    "json_data",
    "hocon_data",
    "eyaml_lookup_key",
];

/// What the arguments of a call on facts came to.
enum Receiver {
    /// The call is done.
    Answer(Value),
    /// The function is to be called with these.
    Arguments(Vec<Value>),
}

impl<'a> Evaluator<'a> {
    pub(super) fn eval_call(
        &mut self,
        call: &'a Call,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
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
                    labels::a_an_capital(functor),
                    labels::a_an(expr)
                ),
                functor.span,
                frame,
            ));
        };
        let args = match call.args.split_first() {
            Some((first, rest))
                if call.lambda.is_none() && matches!(name.as_str(), "dig" | "get") =>
            {
                match self.receiver(name, first, rest, frame)? {
                    Receiver::Answer(value) => return Ok(value),
                    Receiver::Arguments(args) => args,
                }
            }
            _ => self.unfold(Vec::new(), &call.args, frame)?,
        };
        if name == "getvar"
            && call.lambda.is_none()
            && let Some(Value::Str(text)) = args.first()
            && let Some((path, navigation)) = self.getvar_path(text, frame)
        {
            let mut rest = vec![navigation];
            rest.extend(args.get(1..).unwrap_or_default().iter().cloned());
            if let Some(value) = self.call_on_facts("get", &path, &rest) {
                return Ok(value);
            }
        }
        self.call_with_lambda(name, args, call.lambda.as_deref(), expr.span, frame)
    }

    /// Evaluates the arguments of `dig` and `get`; on facts this may already be the answer.
    fn receiver(
        &mut self,
        name: &str,
        first: &'a Expr,
        rest: &'a [Expr],
        frame: Frame<'a>,
    ) -> Result<Receiver> {
        match self.eval_traced(first, frame)? {
            Some(Binding::Path(path)) => {
                let keys = self.unfold(Vec::new(), rest, frame)?;
                if let Some(value) = self.call_on_facts(name, &path, &keys) {
                    return Ok(Receiver::Answer(value));
                }
                let mut args = vec![self.read_fact(&path)];
                args.extend(keys);
                Ok(Receiver::Arguments(args))
            }
            Some(Binding::Value(value)) => Ok(Receiver::Arguments(self.unfold(
                vec![value],
                rest,
                frame,
            )?)),
            None => {
                let first = self.unfold(Vec::new(), std::slice::from_ref(first), frame)?;
                Ok(Receiver::Arguments(self.unfold(first, rest, frame)?))
            }
        }
    }

    pub(super) fn eval_method_call(
        &mut self,
        call: &'a MethodCall,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let args = if call.lambda.is_none() && matches!(call.name.as_str(), "dig" | "get") {
            match self.receiver(&call.name, &call.receiver, &call.args, frame)? {
                Receiver::Answer(value) => return Ok(value),
                Receiver::Arguments(args) => args,
            }
        } else {
            let receiver = self.unfold(Vec::new(), std::slice::from_ref(&call.receiver), frame)?;
            self.unfold(receiver, &call.args, frame)?
        };
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
        let place = Place {
            file: frame.file,
            offset: span.start,
        };
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
        if let Some(builtin) = self.stdlib_function(name)? {
            self.stack.push(place);
            let result = builtin.call(self, frame, span, args, block);
            self.stack.pop();
            return result;
        }
        if let Some(path) = self.find_ruby_function(name)? {
            return Err(Unwind::plain(format!(
                "the function '{name}' is written in Ruby ({path}), which is not supported"
            )));
        }
        if NOT_SUPPORTED.contains(&name) {
            return Err(Unwind::plain(format!(
                "the function '{name}' is not supported"
            )));
        }
        if name == "import" {
            let message = "Use of 'import' has been discontinued in favor of a manifest directory. See http://links.puppet.com/puppet-import-deprecation";
            return Err(self.issue_at("DISCONTINUED_IMPORT", message, span, frame));
        }
        Err(self.issue_at(
            "UNKNOWN_FUNCTION",
            format!("Unknown function: '{name}'."),
            span,
            frame,
        ))
    }

    /// The function of stdlib of a name, where that module is there and has it.
    fn stdlib_function(
        &mut self,
        name: &str,
    ) -> Result<Option<&'static functions::builtin::Registered>> {
        let Some(builtin) = functions::find_in_stdlib(name) else {
            return Ok(None);
        };
        if self.loader.stdlib_functions.contains(name) {
            return Ok(Some(builtin));
        }
        let Some(module) = self.module_directory("stdlib")? else {
            return Ok(None);
        };
        for kind in ["functions", "parser/functions"] {
            if self
                .inputs
                .exists(&format!("{module}/lib/puppet/{kind}/{name}.rb"))?
            {
                self.loader.stdlib_functions.insert(name.into());
                return Ok(Some(builtin));
            }
        }
        Ok(None)
    }
}
