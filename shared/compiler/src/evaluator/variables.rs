//! Variables: looking them up and setting them, as `Puppet::Parser::Scope` does.

use bunraku_pcore::Value;
use bunraku_syntax::{Expr, Span};
use ecow::EcoString;

use super::Evaluator;
use crate::error::{Error, Result, Unwind, UnwindKind};
use crate::frame::Frame;
use crate::log::Level;
use crate::scope::{
    Binding, Ephemeral, FactPath, FactRoot, Locals, ParameterLevel, ScopeId, ScopeKind, Scopes,
};
use crate::settings::Strict;

impl<'a> Evaluator<'a> {
    pub(super) fn eval_variable(
        &mut self,
        name: &str,
        expr: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        match self.variable(name, expr.span, frame)? {
            Binding::Value(value) => Ok(value),
            Binding::Path(path) => Ok(self.read_fact(&path)),
        }
    }

    /// What a variable is bound to; an unknown one is an issue at `span` or `undef`, as the settings say.
    pub(crate) fn variable(&mut self, name: &str, span: Span, frame: Frame<'a>) -> Result<Binding> {
        if let Some(binding) = self.lookup_variable(name, frame.scope)? {
            return Ok(binding);
        }
        if is_numeric(name) {
            return Ok(Binding::Value(Value::Undef));
        }
        let message = format!("Unknown variable: '{name}'.");
        let settings = &self.request.settings;
        if settings.strict_variables || settings.strict == Strict::Error {
            return Err(self.issue_at("UNKNOWN_VARIABLE", message, span, frame));
        }
        if settings.strict == Strict::Warning {
            self.log_at(
                Level::Warning,
                message,
                Some("UNKNOWN_VARIABLE"),
                frame,
                span,
            );
        }
        Ok(Binding::Value(Value::Undef))
    }

    /// What a variable is bound to, seen from a scope; `None` when there is no such variable (`lookupvar`).
    pub(crate) fn lookup_variable(
        &mut self,
        name: &str,
        scope: ScopeId,
    ) -> Result<Option<Binding>> {
        if name.contains("::") {
            return self.lookup_qualified(name.strip_prefix("::").unwrap_or(name));
        }
        let mut scope = scope;
        loop {
            let found = self.scopes.get(scope);
            if let Some(binding) = local_variable(&found.ephemeral, name)? {
                return Ok(Some(binding));
            }
            if let Some(binding) = found.variable(name) {
                return Ok(Some(binding.clone()));
            }
            match found.inherited.or(found.enclosing) {
                Some(next) => scope = next,
                None => break,
            }
        }
        if name == "module_name" || name == "caller_module_name" {
            return Ok(Some(Binding::Value(Value::Undef)));
        }
        Ok(self.fact_variable(name))
    }

    /// The fact of a name, which is a variable of the top scope.
    fn fact_variable(&mut self, name: &str) -> Option<Binding> {
        if is_numeric(name) {
            return None;
        }
        let path = FactPath::root(FactRoot::Facts).join(name.into());
        if self.inputs.peek_fact(&path).is_some() {
            return Some(Binding::Path(path));
        }
        // That it is absent matters.
        self.inputs.fact(&path);
        None
    }

    /// `$a::b` without leading `::`: a variable of a class that was evaluated, or of a class that it inherits.
    fn lookup_qualified(&mut self, name: &str) -> Result<Option<Binding>> {
        let Some((class, leaf)) = name.rsplit_once("::") else {
            let top = self.scopes.get(Scopes::TOP);
            if let Some(binding) = top.variable(name) {
                return Ok(Some(binding.clone()));
            }
            return Ok(self.fact_variable(name));
        };
        let mut scope = self
            .scopes
            .class(class)
            .or_else(|| self.scopes.class(&class.to_lowercase()));
        while let Some(id) = scope {
            let found = self.scopes.get(id);
            if let Some(binding) = found.variable(leaf) {
                return Ok(Some(binding.clone()));
            }
            if let Some(binding) = local_variable(&found.ephemeral, leaf)? {
                return Ok(Some(binding));
            }
            scope = found.inherited;
        }
        Ok(None)
    }

    /// Sets a variable in the innermost local level or the scope itself (`Runtime3Support#set_variable`).
    pub(crate) fn set_variable(
        &mut self,
        name: &EcoString,
        binding: Binding,
        span: Span,
        frame: Frame<'a>,
    ) -> Result<()> {
        let reserved = || format!("Attempt to assign to a reserved variable name: '${name}'");
        if name == "server_facts" {
            return Err(self.issue_at("ILLEGAL_RESERVED_ASSIGNMENT", reserved(), span, frame));
        }
        if self.is_bound(name, frame.scope) {
            if name == "trusted" || name == "facts" {
                return Err(self.issue_at("ILLEGAL_RESERVED_ASSIGNMENT", reserved(), span, frame));
            }
            let message = if name == "name" || name == "title" {
                format!("Cannot reassign built in (or already assigned) variable '${name}'")
            } else {
                format!("Cannot reassign variable '${name}'")
            };
            return Err(self.issue_at("ILLEGAL_REASSIGNMENT", message, span, frame));
        }
        if name == "trusted" || name == "facts" {
            return Err(Unwind::plain(format!(
                "Attempt to assign to a reserved variable name: '{name}'"
            )));
        }
        let scope = self.scopes.get_mut(frame.scope);
        for level in scope.ephemeral.iter_mut().rev() {
            match level {
                Ephemeral::Local(locals) => {
                    locals.push(name.clone(), binding);
                    return Ok(());
                }
                Ephemeral::Parameters(_) => {
                    return Err(Unwind::plain(format!(
                        "Attempt to assign variable {name} when evaluating parameters"
                    )));
                }
                Ephemeral::Match(_) => {}
            }
        }
        scope.set_variable(name.clone(), binding);
        Ok(())
    }

    /// Whether a name is bound where an assignment would bind it (`Scope#bound?`).
    fn is_bound(&mut self, name: &str, scope: ScopeId) -> bool {
        let found = self.scopes.get(scope);
        for level in found.ephemeral.iter().rev() {
            match level {
                Ephemeral::Local(locals) => return locals.get(name).is_some(),
                Ephemeral::Parameters(level) => {
                    return level.parameters.iter().any(|(key, _)| key == name);
                }
                Ephemeral::Match(_) => {}
            }
        }
        found.variable(name).is_some()
            || (found.kind == ScopeKind::Top && self.fact_variable(name).is_some())
    }

    /// Number of ephemeral levels, to go back to with [`Evaluator::restore_level`] (`ephemeral_level`).
    pub(crate) fn level(&self, scope: ScopeId) -> usize {
        self.scopes.get(scope).ephemeral.len()
    }

    /// Drops the ephemeral levels above `level`.
    pub(crate) fn restore_level(&mut self, scope: ScopeId, level: usize) {
        self.scopes.get_mut(scope).ephemeral.truncate(level);
    }

    /// Evaluates with a new level of local variables, which are gone afterwards.
    pub(crate) fn with_locals<T>(
        &mut self,
        scope: ScopeId,
        locals: Locals,
        evaluate: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let level = self.level(scope);
        self.scopes
            .get_mut(scope)
            .ephemeral
            .push(Ephemeral::Local(locals));
        let result = evaluate(self);
        self.restore_level(scope, level);
        result
    }

    /// Begins to assign parameters: until [`Evaluator::end_parameters`] they are visible in `scope`,
    /// and reading one without a value is an error. Gives the level to name in the other calls.
    pub(crate) fn begin_parameters<'n>(
        &mut self,
        scope: ScopeId,
        callee: &str,
        names: impl Iterator<Item = &'n EcoString>,
    ) -> usize {
        let level = self.level(scope);
        self.scopes
            .get_mut(scope)
            .ephemeral
            .push(Ephemeral::Parameters(ParameterLevel {
                callee: callee.into(),
                parameters: names.map(|name| (name.clone(), None)).collect(),
            }));
        level
    }

    /// Gives a parameter its value; a name that is not declared is added.
    pub(crate) fn assign_parameter(
        &mut self,
        scope: ScopeId,
        level: usize,
        name: &EcoString,
        value: Value,
    ) {
        if let Some(Ephemeral::Parameters(at)) = self.scopes.get_mut(scope).ephemeral.get_mut(level)
        {
            match at.parameters.iter_mut().find(|(key, _)| key == name) {
                Some((_, slot)) => *slot = Some(value),
                None => at.parameters.push((name.clone(), Some(value))),
            }
        }
    }

    /// Evaluates the default of a parameter where the parameters before it are visible (`ParameterScope#evaluate`).
    pub(crate) fn eval_parameter_default(
        &mut self,
        level: usize,
        name: &EcoString,
        default: &'a Expr,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let result = self.eval(default, frame);
        self.restore_level(frame.scope, level + 1);
        result.map_err(|unwind| match unwind.kind() {
            UnwindKind::UnassignedParameter(wanted) => {
                match self.scopes.get(frame.scope).ephemeral.get(level) {
                    Some(Ephemeral::Parameters(at)) => unassigned(at, name, wanted).into(),
                    _ => unwind,
                }
            }
            _ => unwind,
        })
    }

    /// Ends what [`Evaluator::begin_parameters`] began: the parameters that have a value.
    pub(crate) fn end_parameters(
        &mut self,
        scope: ScopeId,
        level: usize,
    ) -> Vec<(EcoString, Value)> {
        let ephemeral = &mut self.scopes.get_mut(scope).ephemeral;
        ephemeral.truncate(level + 1);
        match ephemeral.pop() {
            Some(Ephemeral::Parameters(at)) => at
                .parameters
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// The error when the default of `from` reads `wanted`, which has no value yet (`parameter_reference_failure`).
#[cold]
fn unassigned(level: &ParameterLevel, from: &str, wanted: &str) -> Error {
    let position = |name: &str| level.parameters.iter().position(|(key, _)| key == name);
    let callee = &level.callee;
    if position(wanted) < position(from) {
        return Error::plain(format!("{callee}: expects a value for parameter ${wanted}"));
    }
    Error::plain(format!(
        "{callee}: default expression for ${from} tries to illegally access not yet evaluated ${wanted}"
    ))
}

/// A variable of the ephemeral levels, from the innermost.
fn local_variable(ephemeral: &[Ephemeral], name: &str) -> Result<Option<Binding>> {
    for level in ephemeral.iter().rev() {
        match level {
            Ephemeral::Local(locals) => {
                if let Some(binding) = locals.get(name) {
                    return Ok(Some(binding.clone()));
                }
            }
            Ephemeral::Match(captures) if is_numeric(name) => {
                let group = name
                    .parse::<usize>()
                    .ok()
                    .and_then(|number| captures.groups.get(number));
                let text = group.cloned().flatten();
                return Ok(Some(Binding::Value(
                    text.map_or(Value::Undef, Value::string),
                )));
            }
            Ephemeral::Match(_) => {}
            Ephemeral::Parameters(level) => {
                if let Some((key, value)) = level.parameters.iter().find(|(key, _)| key == name) {
                    return match value {
                        Some(value) => Ok(Some(Binding::Value(value.clone()))),
                        None => Err(Unwind::unassigned_parameter(key.clone())),
                    };
                }
            }
        }
    }
    Ok(None)
}

fn is_numeric(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit())
}
