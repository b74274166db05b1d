//! Calling lambdas and functions of the Puppet language, as `Closure` does.

use std::sync::Arc;

use bunraku_pcore::mismatch::{self, Signature};
use bunraku_pcore::types::{CallableType, Size};
use bunraku_pcore::{Type, Value};
use bunraku_syntax::Expr;
use bunraku_syntax::ast::{FunctionDefinition, Parameter};
use ecow::EcoString;

use super::Evaluator;
use crate::error::{JumpKind, Result, Unwind, UnwindKind};
use crate::frame::{Closure, Frame};
use crate::loader::FunctionRef;
use crate::scope::{Binding, Locals, Scopes};

impl Closure<'_> {
    /// Least and greatest number of arguments; `None` is unbounded.
    pub(crate) fn arity(&self) -> (usize, Option<usize>) {
        arity(&self.lambda.parameters)
    }

    /// Whether the number of arguments can vary.
    pub(crate) fn has_variable_arity(&self) -> bool {
        let (least, most) = self.arity();
        most != Some(least)
    }
}

fn arity(parameters: &[Parameter]) -> (usize, Option<usize>) {
    let least = parameters
        .iter()
        .filter(|parameter| parameter.value.is_none() && !parameter.captures_rest)
        .count();
    let most = if parameters.last().is_some_and(|last| last.captures_rest) {
        None
    } else {
        Some(parameters.len())
    };
    (least, most)
}

impl<'a> Evaluator<'a> {
    /// Calls a lambda. `next` gives its value; `break` and `return` go on to whom they concern.
    pub(crate) fn call_closure(
        &mut self,
        closure: &Closure<'a>,
        args: Vec<Value>,
    ) -> Result<Value> {
        let lambda = closure.lambda;
        self.call_body(
            "lambda",
            &lambda.parameters,
            lambda.return_type.as_ref(),
            lambda.body.as_ref(),
            args,
            closure.frame,
        )
    }

    /// Calls a function of the Puppet language: it sees the top scope and its own variables.
    pub(crate) fn call_puppet_function(
        &mut self,
        function: FunctionRef<'a>,
        args: Vec<Value>,
        block: Option<Closure<'a>>,
        _caller: Frame<'a>,
    ) -> Result<Value> {
        let definition: &'a FunctionDefinition = function.definition;
        let frame = Frame {
            scope: Scopes::TOP,
            file: function.file,
        };
        let outer = std::mem::take(&mut self.scopes.get_mut(Scopes::TOP).ephemeral);
        let result = self.call_named(definition, args, block, frame);
        self.scopes.get_mut(Scopes::TOP).ephemeral = outer;
        match result {
            Err(unwind) => match unwind.kind() {
                UnwindKind::Jump(jump) if jump.kind == JumpKind::Return => match unwind.into_kind()
                {
                    UnwindKind::Jump(jump) => Ok(jump.value),
                    _ => Ok(Value::Undef),
                },
                _ => Err(unwind),
            },
            ok => ok,
        }
    }

    fn call_named(
        &mut self,
        definition: &'a FunctionDefinition,
        args: Vec<Value>,
        block: Option<Closure<'a>>,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let (least, most) = arity(&definition.parameters);
        let wrong_count = args.len() < least || most.is_some_and(|most| args.len() > most);
        if wrong_count || block.is_some() {
            let given = match &block {
                Some(closure) => Some(self.closure_type(closure)?),
                None => None,
            };
            return Err(self.signature_mismatch(
                &definition.name,
                &definition.parameters,
                &args,
                given.as_ref(),
                frame,
            )?);
        }
        self.call_body(
            &definition.name,
            &definition.parameters,
            definition.return_type.as_ref(),
            definition.body.as_ref(),
            args,
            frame,
        )
    }

    fn call_body(
        &mut self,
        name: &str,
        parameters: &'a [Parameter],
        return_type: Option<&'a Expr>,
        body: Option<&'a Expr>,
        args: Vec<Value>,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let plain = parameters.iter().all(|parameter| {
            parameter.type_expr.is_none() && parameter.value.is_none() && !parameter.captures_rest
        });
        let mut locals = Locals::with_capacity(parameters.len().saturating_add(1));
        // Arguments beyond the parameters are dropped; who counts them does so before.
        if plain && args.len() >= parameters.len() {
            for (parameter, value) in parameters.iter().zip(args) {
                locals.push(parameter.name.clone(), Binding::Value(value));
            }
        } else {
            let bound = self.bind_arguments(name, parameters, &args, frame)?;
            self.check_arguments(name, parameters, &bound, frame)?;
            for (name, value) in bound {
                locals.push(name, Binding::Value(value));
            }
        }
        let result = self.with_locals(frame.scope, locals, |ev| ev.eval_option(body, frame));
        let value = match result {
            Ok(value) => value,
            Err(unwind) => match unwind.kind() {
                UnwindKind::Jump(jump) if jump.kind == JumpKind::Next => match unwind.into_kind() {
                    UnwindKind::Jump(jump) => jump.value,
                    _ => Value::Undef,
                },
                _ => return Err(unwind),
            },
        };
        if let Some(return_type) = return_type {
            let wanted = self.eval_type(return_type, frame)?;
            if !wanted.accepts(&value) {
                let subject = format!("value returned from {name} has wrong type,");
                return Err(Unwind::plain(mismatch::describe_value(
                    &subject, &wanted, &value,
                )));
            }
        }
        Ok(value)
    }

    /// Arguments to parameters from left to right, with defaults (`combine_values_with_parameters`).
    fn bind_arguments(
        &mut self,
        name: &str,
        parameters: &'a [Parameter],
        args: &[Value],
        frame: Frame<'a>,
    ) -> Result<Vec<(EcoString, Value)>> {
        let level = self.begin_parameters(
            frame.scope,
            name,
            parameters.iter().map(|parameter| &parameter.name),
        );
        for (index, parameter) in parameters.iter().enumerate() {
            match self.argument(index, parameter, args, level, frame) {
                Ok(value) => self.assign_parameter(frame.scope, level, &parameter.name, value),
                Err(unwind) => {
                    self.restore_level(frame.scope, level);
                    return Err(unwind);
                }
            }
        }
        Ok(self.end_parameters(frame.scope, level))
    }

    fn argument(
        &mut self,
        index: usize,
        parameter: &'a Parameter,
        args: &[Value],
        level: usize,
        frame: Frame<'a>,
    ) -> Result<Value> {
        let as_list = |value: Value| {
            if matches!(value, Value::Array(_)) {
                value
            } else {
                Value::array(vec![value])
            }
        };
        match (args.get(index), &parameter.value) {
            (None, Some(default)) => {
                let value = self.eval_parameter_default(level, &parameter.name, default, frame)?;
                Ok(if parameter.captures_rest {
                    as_list(value)
                } else {
                    value
                })
            }
            (None, None) if parameter.captures_rest => Ok(Value::array(Vec::new())),
            (None, None) => Err(self.issue_at(
                "MISSING_REQUIRED_PARAMETER",
                format!(
                    "Parameter ${} is required but no value was given",
                    parameter.name
                ),
                parameter.span,
                frame,
            )),
            (Some(_), default) if parameter.captures_rest => {
                let rest = args.get(index..).unwrap_or_default();
                match (rest, default) {
                    ([Value::Undef], Some(default)) => Ok(as_list(self.eval_parameter_default(
                        level,
                        &parameter.name,
                        default,
                        frame,
                    )?)),
                    _ => Ok(Value::array(rest.to_vec())),
                }
            }
            (Some(value), _) => Ok(value.clone()),
        }
    }

    fn check_arguments(
        &mut self,
        name: &str,
        parameters: &'a [Parameter],
        bound: &[(EcoString, Value)],
        frame: Frame<'a>,
    ) -> Result<()> {
        let mut fits = true;
        for (parameter, (_, value)) in parameters.iter().zip(bound) {
            let Some(type_expr) = &parameter.type_expr else {
                continue;
            };
            let wanted = self.eval_type(type_expr, frame)?;
            fits &= if parameter.captures_rest {
                let items = value.as_array().unwrap_or_default();
                match wanted.as_ref() {
                    Type::Array { element, size } => {
                        items.iter().all(|item| element.accepts(item))
                            && size.is_none_or(|size| size.contains(items.len()))
                    }
                    other => items.iter().all(|item| other.accepts(item)),
                }
            } else {
                wanted.accepts(value)
            };
        }
        if fits {
            return Ok(());
        }
        // The reference describes the arguments after defaults were filled in.
        let mut given = Vec::with_capacity(bound.len());
        for (parameter, (_, value)) in parameters.iter().zip(bound) {
            match value {
                Value::Array(items) if parameter.captures_rest => {
                    given.extend(items.iter().cloned())
                }
                other => given.push(other.clone()),
            }
        }
        Err(self.signature_mismatch(name, parameters, &given, None, frame)?)
    }

    #[cold]
    fn signature_mismatch(
        &mut self,
        name: &str,
        parameters: &'a [Parameter],
        args: &[Value],
        block: Option<&CallableType>,
        frame: Frame<'a>,
    ) -> Result<Unwind> {
        let callable = self.callable_type(parameters, None, frame)?;
        let signature = Signature {
            callable: &callable,
            parameter_names: parameters
                .iter()
                .map(|parameter| parameter.name.to_string())
                .collect(),
            block_name: None,
        };
        Ok(Unwind::plain(mismatch::describe_signatures(
            name,
            &[signature],
            args,
            block,
        )))
    }

    /// The type of a lambda.
    pub(crate) fn closure_type(&mut self, closure: &Closure<'a>) -> Result<CallableType> {
        let lambda = closure.lambda;
        self.callable_type(
            &lambda.parameters,
            lambda.return_type.as_ref(),
            closure.frame,
        )
    }

    /// As `Closure#create_callable_type`.
    fn callable_type(
        &mut self,
        parameters: &'a [Parameter],
        return_type: Option<&'a Expr>,
        frame: Frame<'a>,
    ) -> Result<CallableType> {
        let mut types = Vec::with_capacity(parameters.len());
        let (mut from, mut to) = (0_i64, Some(0_i64));
        for parameter in parameters {
            let declared = match &parameter.type_expr {
                Some(type_expr) => self.eval_type(type_expr, frame)?,
                None => Arc::new(Type::Any),
            };
            let (data_type, least, most) = match declared.as_ref() {
                Type::Array { element, size } if parameter.captures_rest => {
                    let size = size.unwrap_or(Size { from: 0, to: None });
                    (element.as_ref().clone(), size.from, size.to)
                }
                other if parameter.captures_rest => (other.clone(), 0, None),
                other => (other.clone(), i64::from(parameter.value.is_none()), Some(1)),
            };
            types.push(data_type);
            from = from.saturating_add(least);
            to = to.zip(most).map(|(a, b)| a.saturating_add(b));
        }
        let return_type = match return_type {
            Some(expr) => Some(self.eval_type(expr, frame)?.as_ref().clone()),
            None => None,
        };
        Ok(CallableType {
            params: Some(types),
            size: Some(Size { from, to }),
            block: None,
            return_type,
        })
    }
}
