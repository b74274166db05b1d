//! EPP templates, as `EppEvaluator` calls them.

use std::sync::Arc;

use bunraku_pcore::mismatch::{self, Parameter as Described};
use bunraku_pcore::{PuppetHash, Type, Value, to_display_string};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{Epp, ExprKind, Parameter};
use ecow::EcoString;

use super::Evaluator;
use crate::code::{ParsedFile, Syntax};
use crate::error::{JumpKind, Result, Unwind, UnwindKind};
use crate::frame::Frame;
use crate::scope::{Binding, Locals, ScopeKind};

impl<'a> Evaluator<'a> {
    /// `epp(name, parameters)`: a template of a module (`ntp/ntp.conf.epp`, with or without `.epp`).
    /// It sees its parameters and global variables only.
    pub(crate) fn epp_file(
        &mut self,
        name: &str,
        parameters: Option<Arc<PuppetHash>>,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let name = if name.ends_with(".epp") {
            name.to_owned()
        } else {
            format!("{name}.epp")
        };
        let Some(file) = self.find_template(&name)? else {
            return Err(Unwind::plain(format!("Could not find template '{name}'")));
        };
        let mut scope = frame.scope;
        while !matches!(
            self.scopes.get(scope).kind,
            ScopeKind::Top | ScopeKind::Node
        ) {
            let found = self.scopes.get(scope);
            match found.inherited.or(found.enclosing) {
                Some(next) => scope = next,
                None => break,
            }
        }
        let outer = std::mem::take(&mut self.scopes.get_mut(scope).ephemeral);
        let result = self.call_epp("epp", file, parameters, Frame { scope, file });
        self.scopes.get_mut(scope).ephemeral = outer;
        result
    }

    /// `inline_epp(text, parameters)`: sees the caller's variables.
    pub(crate) fn inline_epp(
        &mut self,
        text: &str,
        parameters: Option<Arc<PuppetHash>>,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let key = format!("epp:{text}");
        let file = match self.code.get(&key) {
            Some(known) => known,
            None => self
                .load_text(&key, Some(Arc::from("inlined-epp-text")), text, Syntax::Epp)
                .map_err(|unwind| {
                    Unwind::plain(format!(
                        "inline_epp(): Invalid EPP: {}",
                        unwind.into_error()
                    ))
                })?,
        };
        self.call_epp(
            "inline_epp",
            file,
            parameters,
            Frame {
                scope: frame.scope,
                file,
            },
        )
    }

    fn find_template(&mut self, name: &str) -> Result<Option<&'a ParsedFile>> {
        let path = match name.split_once('/') {
            _ if name.starts_with('/') => name.to_owned(),
            Some((module, rest)) => match self.module_directory(module)? {
                Some(directory) => format!("{directory}/templates/{rest}"),
                None => format!("templates/{name}"),
            },
            None => return Ok(None),
        };
        self.load_file(&path, None, Syntax::Epp)
            .map_err(|unwind| Unwind::plain(format!("epp(): Invalid EPP: {}", unwind.into_error())))
    }

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
