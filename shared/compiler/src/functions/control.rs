//! `break`, `next`, `return`: the functions that leave their context.

use bunraku_pcore::Value;

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::{Jump, JumpKind, Result, Unwind};

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "break",
        dispatches: &[Dispatch::of(&[], break_)],
    },
    Builtin {
        name: "next",
        dispatches: &[Dispatch::of(&["Any"], next).optional(1)],
    },
    Builtin {
        name: "return",
        dispatches: &[Dispatch::of(&["Any"], return_).optional(1)],
    },
];

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
