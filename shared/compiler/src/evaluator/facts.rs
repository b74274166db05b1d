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
            self.inputs.fact(&FactPath {
                root: path.root,
                keys: container.into(),
            });
        }
        Value::Undef
    }

    /// Evaluates variables and accesses without reading the facts they lead to; `None` for any other
    /// expression, of which nothing was evaluated.
    pub(crate) fn eval_traced(
        &mut self,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Option<Traced>> {
        let expr = unwind_parentheses(expr);
        match &expr.kind {
            ExprKind::Variable(name) => self.variable(name, expr.span, frame).map(Some),
            ExprKind::Access(access) => match self.eval_traced(&access.left, frame)? {
                Some(Binding::Path(path)) => {
                    let result = self.access_fact(&path, access, expr, frame);
                    result
                        .map(Some)
                        .map_err(|unwind| self.locate(unwind, expr, frame))
                }
                Some(Binding::Value(left)) => {
                    let result = self.access_with(left, access, expr, frame);
                    result
                        .map(|value| Some(Binding::Value(value)))
                        .map_err(|unwind| self.locate(unwind, expr, frame))
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
            return self
                .access_value(left, vec![key], access, expr, frame)
                .map(Binding::Value);
        }
        let left = self.read_fact(path);
        self.access_with(left, access, expr, frame)
            .map(Binding::Value)
    }

    /// One key deeper into the facts; `None` when the container must be read to know what the key means.
    pub(crate) fn step(&mut self, path: &FactPath, key: &Value) -> Option<FactPath> {
        match (self.inputs.peek_fact(path), key) {
            (Some(Value::Hash(_)), Value::Str(key)) => Some(path.join(key.clone())),
            (Some(Value::Array(items)), Value::Int(index)) => {
                let index = usize::try_from(*index)
                    .ok()
                    .filter(|index| *index < items.len())?;
                Some(path.join(index.to_string().into()))
            }
            // Facts may be given without any hash for trusted data or server facts: there is nothing in them.
            (None, Value::Str(key)) if path.keys.is_empty() => Some(path.join(key.clone())),
            _ => None,
        }
    }

    /// `dig`, `get` and `getvar` on facts, reading only the place they lead to. `None`: the call is
    /// none of these, and the function does it.
    pub(super) fn call_on_facts(
        &mut self,
        name: &str,
        root: &FactPath,
        args: &[Value],
    ) -> Option<Value> {
        let (keys, default) = match (name, args) {
            ("dig", [_, ..]) => (args.to_vec(), Value::Undef),
            ("get", []) => return None,
            ("get", [Value::Str(navigation)]) => (navigation_keys(navigation)?, Value::Undef),
            ("get", [Value::Str(navigation), default]) => {
                (navigation_keys(navigation)?, default.clone())
            }
            _ => return None,
        };
        let mut path = root.clone();
        for key in &keys {
            if !path.keys.is_empty()
                && self
                    .inputs
                    .peek_fact(&path)
                    .is_none_or(|found| found.is_undef())
            {
                break;
            }
            path = self.step(&path, key)?;
        }
        let found = self.read_fact(&path);
        Some(if found.is_undef() { default } else { found })
    }

    /// `getvar('facts.os.family')` as a place in the facts.
    pub(super) fn getvar_path(
        &mut self,
        text: &str,
        frame: Frame<'a>,
    ) -> Option<(FactPath, Value)> {
        let (name, navigation) = text.split_once('.')?;
        match self.lookup_variable(name, frame.scope) {
            Ok(Some(Binding::Path(path))) => Some((path, Value::string(navigation))),
            _ => None,
        }
    }

    /// The values that are always in the top scope: `$facts`, `$trusted`, `$server_facts`.
    pub(crate) fn bind_facts(&mut self) {
        let roots = [
            ("facts", FactRoot::Facts),
            ("trusted", FactRoot::Trusted),
            ("server_facts", FactRoot::ServerFacts),
        ];
        let top = self.scopes.get_mut(crate::scope::Scopes::TOP);
        for (name, root) in roots {
            top.set_variable(name.into(), Binding::Path(FactPath::root(root)));
        }
    }
}

/// Keys of a dotted string; `None` when it has quotes or empty segments, which the function knows about.
fn navigation_keys(navigation: &str) -> Option<Vec<Value>> {
    if navigation.is_empty() || navigation.contains(['\'', '"']) {
        return None;
    }
    let key = |segment: &str| {
        if segment.is_empty() {
            return None;
        }
        Some(
            segment
                .parse::<i64>()
                .map_or_else(|_| Value::string(segment), Value::Int),
        )
    };
    navigation.split('.').map(key).collect()
}
