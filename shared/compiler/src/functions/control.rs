//! `break`, `next`, `return`: the functions that leave their context.

use bunraku_pcore::Value;

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::{Jump, JumpKind, Result, Unwind};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "call",
        dispatches: &[
            Dispatch::of(
                &[("function_name", "String"), ("arguments", "Any")],
                call_by_name,
            )
            .repeated(0)
            .optional_block("Callable"),
            Dispatch::of(&[("deferred", "Deferred")], call_by_name),
        ],
    },
    Builtin {
        name: "break",
        dispatches: &[Dispatch::of(&[], break_)],
    },
    Builtin {
        name: "next",
        dispatches: &[Dispatch::of(&[("value", "Any")], next).optional(1)],
    },
    Builtin {
        name: "return",
        dispatches: &[Dispatch::of(&[("value", "Any")], return_).optional(1)],
    },
];

/// `call(name, arguments...)`: the function of a name. A deferred value's function is called as if it stood here.
fn call_by_name(call: &mut Call<'_, '_>) -> Result<Value> {
    let (name, arguments) = match call.take(0) {
        Value::Deferred(deferred) => (
            deferred.name.clone(),
            deferred.arguments.clone().unwrap_or_default(),
        ),
        other => (
            other.as_str().unwrap_or_default().into(),
            call.args.split_off(1),
        ),
    };
    if let Some(variable) = name.strip_prefix('$') {
        let value = call.ev.existing_variable(variable, call.frame.scope)?;
        return super::collections::dig_into(call, value.unwrap_or_default(), &arguments);
    }
    call.ev
        .call_function(&name, arguments, call.block, call.span, call.frame)
}

fn jump(call: &mut Call<'_, '_>, kind: JumpKind) -> Unwind {
    let (file, line) = call.ev.top_of_stack();
    // As `PuppetStack` names code that is in no file.
    let file = file.or_else(|| Some(std::sync::Arc::from("unknown")));
    Unwind::jump(Jump {
        kind,
        value: call.take(0),
        file,
        line,
    })
}

fn break_(call: &mut Call<'_, '_>) -> Result<Value> {
    Err(jump(call, JumpKind::Break))
}

fn next(call: &mut Call<'_, '_>) -> Result<Value> {
    Err(jump(call, JumpKind::Next))
}

fn return_(call: &mut Call<'_, '_>) -> Result<Value> {
    Err(jump(call, JumpKind::Return))
}
