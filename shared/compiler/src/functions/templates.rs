//! `epp` and `inline_epp`, as `EppEvaluator` does it.

use std::sync::Arc;

use bunraku_pcore::mismatch::{self, Parameter};
use bunraku_pcore::{PuppetHash, Type, Value};
use bunraku_syntax::ast::{Epp, ExprKind};
use ecow::EcoString;

use super::builtin::{Builtin, Call, Dispatch};
use crate::code::{ParsedFile, Syntax};
use crate::error::{JumpKind, Result, Unwind, UnwindKind};
use crate::frame::Frame;
use crate::scope::{Binding, Locals, Scopes};

const PARAMETERS: &str = r"Hash[Pattern[/^\w+$/], Any]";

pub(super) const TABLE: &[Builtin] = &[
    Builtin { name: "epp", dispatches: &[Dispatch::of(&["String", PARAMETERS], epp).optional(1)] },
    Builtin { name: "inline_epp", dispatches: &[Dispatch::of(&["String", PARAMETERS], inline_epp).optional(1)] },
];

fn epp(call: &mut Call<'_, '_>) -> Result<Value> {
    let name = call.text(0);
    let name = if name.ends_with(".epp") || name.starts_with('/') { name } else { format!("{name}.epp").into() };
    let path = super::files::path_in_module(call, &name, "templates")?;
    let loaded = match path {
        Some(path) => {
            let module = name.split_once('/').map(|(module, _)| module.to_owned()).filter(|module| !module.is_empty());
            call.ev.load_file(&path, module.as_deref(), Syntax::Epp).map_err(|error| invalid("epp", error))?
        }
        None => None,
    };
    let Some(file) = loaded else {
        return Err(call.fail(format!("Could not find template '{name}'")));
    };
    // A template in a file sees the variables of the top scope only, and none of its local ones.
    let outer = std::mem::take(&mut call.ev.scopes.get_mut(Scopes::TOP).ephemeral);
    let result = render(call, "epp", file, Frame { scope: Scopes::TOP, file });
    call.ev.scopes.get_mut(Scopes::TOP).ephemeral = outer;
    result
}

fn inline_epp(call: &mut Call<'_, '_>) -> Result<Value> {
    let text = call.text(0);
    let key = format!("inlined-epp-text:{text}");
    let name = Some(Arc::from("inlined-epp-text"));
    let file = match call.ev.code.get(&key) {
        Some(file) => file,
        None => {
            call.ev.load_text(&key, name, &text, Syntax::Epp).map_err(|error| invalid("inline_epp", error))?
        }
    };
    let scope = call.frame.scope;
    render(call, "inline_epp", file, Frame { scope, file })
}

/// The error of a template that can't be parsed: the parser's, named as the function's.
fn invalid(function: &str, unwind: Unwind) -> Unwind {
    match unwind.into_kind() {
        UnwindKind::Error(error) => Unwind::plain(format!("{function}(): Invalid EPP: {error}")),
        _ => Unwind::plain(format!("{function}(): Invalid EPP")),
    }
}

fn render<'a>(
    call: &mut Call<'_, 'a>,
    function: &str,
    file: &'a ParsedFile,
    frame: Frame<'a>,
) -> Result<Value> {
    let ExprKind::Epp(epp) = &file.program.body.kind else {
        return Err(call.fail(format!("{function}(): the parser did not produce an EppExpression")));
    };
    if !file.program.definitions.is_empty() {
        return Err(call.fail(format!("{function}(): The EPP template contains illegal expressions (definitions)")));
    }
    let given = call.hash(1);
    let enforce = epp.parameters.is_some() || call.args.len() < 2;
    let locals = if enforce {
        enforced_parameters(call, epp, &given, frame)?
    } else {
        let mut locals = Locals::default();
        for (name, value) in given.iter() {
            locals.push(name.as_str().unwrap_or_default().into(), Binding::Value(value.clone()));
        }
        locals
    };
    let body = &file.program.body;
    let rendered = call.ev.with_locals(frame.scope, locals, |ev| ev.eval(body, frame));
    match rendered {
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

/// Arguments by name, with defaults, checked against the declared types (`Closure#call_by_name`).
fn enforced_parameters<'a>(
    call: &mut Call<'_, 'a>,
    epp: &'a Epp,
    given: &PuppetHash,
    frame: Frame<'a>,
) -> Result<Locals> {
    let declared = epp.parameters.as_deref().unwrap_or_default();
    let ev = &mut *call.ev;
    let level = ev.begin_parameters(frame.scope, "lambda", declared.iter().map(|parameter| &parameter.name));
    let mut bind = || -> Result<()> {
        for (name, value) in given {
            if !value.is_undef() {
                let name: EcoString = name.as_str().unwrap_or_default().into();
                ev.assign_parameter(frame.scope, level, &name, value.clone());
            }
        }
        for parameter in declared {
            let argument = given.get_str(&parameter.name);
            if argument.is_some_and(|value| !value.is_undef()) {
                continue;
            }
            let value = match &parameter.value {
                Some(default) => ev.eval_parameter_default(level, &parameter.name, default, frame)?,
                None if argument.is_some() => Value::Undef,
                None => continue,
            };
            ev.assign_parameter(frame.scope, level, &parameter.name, value);
        }
        Ok(())
    };
    if let Err(unwind) = bind() {
        ev.restore_level(frame.scope, level);
        return Err(unwind);
    }
    let bound = ev.end_parameters(frame.scope, level);
    let mut types: Vec<Option<Arc<Type>>> = Vec::with_capacity(declared.len());
    for parameter in declared {
        types.push(match &parameter.type_expr {
            Some(expr) => Some(ev.eval_type(expr, frame)?),
            None => None,
        });
    }
    let parameters: Vec<Parameter<'_>> = declared
        .iter()
        .zip(&types)
        .map(|(parameter, data_type)| Parameter {
            name: parameter.name.as_str(),
            data_type: data_type.as_deref(),
            has_default: parameter.value.is_some(),
        })
        .collect();
    let values: Vec<(&str, &Value)> = bound.iter().map(|(name, value)| (name.as_str(), value)).collect();
    if let Some(problem) = mismatch::validate_parameters("lambda", &parameters, &values, false) {
        return Err(call.fail(problem));
    }
    let mut locals = Locals::default();
    for (name, value) in bound {
        locals.push(name, Binding::Value(value));
    }
    Ok(locals)
}
