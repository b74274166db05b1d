//! Facts by path: what is looked at is read, and no more.

use bunraku_pcore::Value;
use bunraku_syntax::Expr;
use bunraku_syntax::ast::ExprKind;

use super::{Evaluator, unwind_parentheses};
use crate::error::Result;
use crate::frame::Frame;
use crate::scope::{Binding, FactPath, FactRoot};

/// What an expression came to: a value, or a place in the facts that was not read yet.
pub(crate) type Traced = Binding;

impl<'a> Evaluator<'a> {
    /// Reads the value at a path and notes the read.
    pub(crate) fn read_fact(&mut self, path: &FactPath) -> Value {
        if let Some(value) = self.inputs.fact(path) {
            return value;
        }
        // The place stays absent when its container goes, but the program would fail then: the container counts.
        if let Some((_, container)) = path.keys.split_last()
            && !container.is_empty()
        {
            self.inputs.fact(&FactPath { root: path.root, keys: container.into() });
        }
        Value::Undef
    }

    /// Evaluates variables and accesses without reading the facts they lead to; `None` for any other
    /// expression, of which nothing was evaluated.
    pub(crate) fn eval_traced(&mut self, expr: &'a Expr, frame: Frame<'a>) -> Result<Option<Traced>> {
        let expr = unwind_parentheses(expr);
        match &expr.kind {
            ExprKind::Variable(name) => self.variable(name, expr.span, frame).map(Some),
            ExprKind::Access(access) => match self.eval_traced(&access.left, frame)? {
                Some(Binding::Path(path)) => {
                    let result = self.access_fact(&path, access, expr, frame);
                    result.map(Some).map_err(|unwind| self.locate(unwind, expr, frame))
                }
                Some(Binding::Value(left)) => {
                    let result = self.access_with(left, access, expr, frame);
                    result.map(|value| Some(Binding::Value(value))).map_err(|unwind| self.locate(unwind, expr, frame))
                }
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    fn access_fact(
        &mut self,
        path: &FactPath,
        access: &'a bunraku_syntax::ast::Access,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Traced> {
        if let [key] = &*access.keys
            && !matches!(key.kind, ExprKind::Splat(_))
        {
            let key = self.eval(key, frame)?;
            if let Some(deeper) = self.step(path, &key) {
                return Ok(Binding::Path(deeper));
            }
            let left = self.read_fact(path);
            return self.access_value(left, vec![key], access, expr, frame).map(Binding::Value);
        }
        let left = self.read_fact(path);
        self.access_with(left, access, expr, frame).map(Binding::Value)
    }

    /// One key deeper into the facts; `None` when the container must be read to know what the key means.
    pub(crate) fn step(&mut self, path: &FactPath, key: &Value) -> Option<FactPath> {
        match (self.inputs.peek_fact(path), key) {
            (Some(Value::Hash(_)), Value::Str(key)) => Some(path.join(key.clone())),
            (Some(Value::Array(items)), Value::Int(index)) => {
                let index = usize::try_from(*index).ok().filter(|index| *index < items.len())?;
                Some(path.join(index.to_string().into()))
            }
            // Facts may be given without any hash for trusted data or server facts: there is nothing in them.
            (None, Value::Str(key)) if path.keys.is_empty() => Some(path.join(key.clone())),
            _ => None,
        }
    }

    /// The values that are always in the top scope: `$facts`, `$trusted`, `$server_facts`.
    pub(crate) fn bind_facts(&mut self) {
        let roots =
            [("facts", FactRoot::Facts), ("trusted", FactRoot::Trusted), ("server_facts", FactRoot::ServerFacts)];
        let top = self.scopes.get_mut(crate::scope::Scopes::TOP);
        for (name, root) in roots {
            top.set_variable(name.into(), Binding::Path(FactPath::root(root)));
        }
    }
}
