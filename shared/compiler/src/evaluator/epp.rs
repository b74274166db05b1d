//! EPP templates, as `EppEvaluator` calls them.

use std::sync::Arc;

use bunraku_pcore::mismatch::{self, Parameter as Described};
use bunraku_pcore::{PuppetHash, Type, Value, to_display_string};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{Epp, ExprKind, Parameter};
use ecow::EcoString;

use super::Evaluator;
use crate::code::ParsedFile;
use crate::error::{JumpKind, Result, Unwind, UnwindKind};
use crate::frame::Frame;
use crate::scope::{Binding, Locals};

impl<'a> Evaluator<'a> {
    /// Evaluates a template with parameters by name. Without any given or declared it sees the variables of `frame`.
    pub(crate) fn call_epp(
        &mut self,
        function: &str,
        file: &'a ParsedFile,
        given: Option<Arc<PuppetHash>>,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let ExprKind::Epp(epp) = &file.program.body.kind else {
            return Err(Unwind::plain(format!(
                "{function}(): the parser did not produce an EppExpression"
            )));
        };
        if !file.program.definitions.is_empty() {
            return Err(Unwind::plain(format!(
                "{function}(): The EPP template contains illegal expressions (definitions)"
            )));
        }
        let enforce = epp.parameters.is_some() || given.is_none();
        let given = given.unwrap_or_default();
        let declared: &'a [Parameter] = epp.parameters.as_deref().unwrap_or_default();
        let bound = if enforce {
            self.bind_by_name(declared, &given, frame)?
        } else {
            given
                .iter()
                .filter_map(|(key, value)| Some((EcoString::from(key.as_str()?), value.clone())))
                .collect()
        };
        let mut locals = Locals::default();
        for (name, value) in bound {
            locals.push(name, Binding::Value(value));
        }
        match self.with_locals(frame.scope, locals, |ev| ev.eval(&file.program.body, frame)) {
            Err(unwind) => match unwind.kind() {
                UnwindKind::Jump(jump) if jump.kind == JumpKind::Next => match unwind.into_kind() {
                    UnwindKind::Jump(jump) => Ok(jump.value),
                    _ => Ok(Value::Undef),
                },
                _ => Err(unwind),
            },
            ok => ok,
        }
    }

    /// Arguments by name to parameters, with defaults and types (`call_by_name_internal`).
    fn bind_by_name(
        &mut self,
        declared: &'a [Parameter],
        given: &PuppetHash,
        frame: Frame<'a>,
    ) -> Result<Vec<(EcoString, Value)>> {
        let level = self.begin_parameters(
            frame.scope,
            "lambda",
            declared.iter().map(|parameter| &parameter.name),
        );
        for (key, value) in given {
            if let Value::Str(key) = key
                && !value.is_undef()
            {
                self.assign_parameter(frame.scope, level, key, value.clone());
            }
        }
        for parameter in declared {
            if given
                .get_str(&parameter.name)
                .is_some_and(|value| !value.is_undef())
            {
                continue;
            }
            let value = match &parameter.value {
                Some(default) => {
                    match self.eval_parameter_default(level, &parameter.name, default, frame) {
                        Ok(value) => value,
                        Err(unwind) => {
                            self.restore_level(frame.scope, level);
                            return Err(unwind);
                        }
                    }
                }
                None if given.contains_str(&parameter.name) => Value::Undef,
                None => continue,
            };
            self.assign_parameter(frame.scope, level, &parameter.name, value);
        }
        let bound = self.end_parameters(frame.scope, level);
        let mut types = Vec::with_capacity(declared.len());
        for parameter in declared {
            types.push(match &parameter.type_expr {
                Some(expr) => Some(self.eval_type(expr, frame)?),
                None => None,
            });
        }
        let described: Vec<Described<'_>> = declared
            .iter()
            .zip(&types)
            .map(|(parameter, data_type)| Described {
                name: &parameter.name,
                data_type: data_type
                    .as_deref()
                    .filter(|data_type| !matches!(data_type, Type::Any)),
                has_default: parameter.value.is_some(),
            })
            .collect();
        let values: Vec<(&str, &Value)> = bound
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .collect();
        match mismatch::validate_parameters("lambda", &described, &values, false) {
            Some(message) => Err(Unwind::plain(message)),
            None => Ok(bound),
        }
    }

    /// The text of a template's body (`eval_EppExpression`); sensitive when any of its parts is.
    pub(super) fn eval_epp_body(&mut self, epp: &'a Epp, frame: Frame<'a>) -> Result<Value> {
        self.epp_output.push(Vec::new());
        let result = self.eval_option(epp.body.as_ref(), frame);
        let parts = self.epp_output.pop().unwrap_or_default();
        result?;
        let mut text = EcoString::new();
        let mut sensitive = false;
        for part in &parts {
            match part {
                Value::Sensitive(hidden) => {
                    sensitive = true;
                    text.push_str(&to_display_string(hidden));
                }
                Value::Str(part) => text.push_str(part),
                other => text.push_str(&to_display_string(other)),
            }
        }
        let text = Value::Str(text);
        Ok(if sensitive {
            Value::sensitive(text)
        } else {
            text
        })
    }

    pub(super) fn render(&mut self, part: Value) {
        if let Some(output) = self.epp_output.last_mut() {
            output.push(part);
        }
    }

    pub(super) fn eval_render(&mut self, inner: &'a Expr, frame: Frame<'a>) -> Result<Value> {
        let value = self.eval(inner, frame)?;
        let part = match value {
            Value::Sensitive(_) | Value::Str(_) => value,
            other => Value::Str(to_display_string(&other)),
        };
        self.render(part);
        Ok(Value::Undef)
    }
}
