//! `epp` and `inline_epp`, as `EppEvaluator` does it.

use std::sync::Arc;

use bunraku_pcore::{PuppetHash, Value};

use super::builtin::{Builtin, Call, Dispatch};
use crate::code::Syntax;
use crate::error::{Result, Unwind, UnwindKind};
use crate::frame::Frame;
use crate::scope::{ScopeId, ScopeKind, Scopes};

const PARAMETERS: &str = r"Hash[Pattern[/^\w+$/], Any]";

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "epp",
        dispatches: &[
            Dispatch::of(&[("path", "String"), ("parameters", PARAMETERS)], epp).optional(1),
        ],
    },
    Builtin {
        name: "inline_epp",
        dispatches: &[Dispatch::of(
            &[("template", "String"), ("parameters", PARAMETERS)],
            inline_epp,
        )
        .optional(1)],
    },
];

/// The parameters given; `None` when the argument was left out, which lets a template see more variables.
fn parameters(call: &Call<'_, '_>) -> Option<Arc<PuppetHash>> {
    call.args.get(1).map(|_| call.hash(1))
}

fn epp(call: &mut Call<'_, '_>) -> Result<Value> {
    let name = call.text(0);
    let name = if name.ends_with(".epp") || name.starts_with('/') {
        name
    } else {
        format!("{name}.epp").into()
    };
    let loaded = match super::files::path_in_module(call, &name, "templates")? {
        Some(path) => {
            let module = name.split_once('/').map(|(module, _)| module);
            let module = module.filter(|module| !module.is_empty());
            call.ev
                .load_file(&path, module, Syntax::Epp)
                .map_err(|error| invalid("epp", error))?
        }
        None => None,
    };
    let Some(file) = loaded else {
        return Err(call.fail(format!("Could not find template '{name}'")));
    };
    // A template in a file sees global variables, and none of the local ones around them.
    let scope = global_scope(&call.ev.scopes, call.frame.scope);
    let given = parameters(call);
    let outer = std::mem::take(&mut call.ev.scopes.get_mut(scope).ephemeral);
    let result = call.ev.call_epp("epp", file, given, Frame { scope, file });
    call.ev.scopes.get_mut(scope).ephemeral = outer;
    result
}

/// The node's scope where there is one, else the top scope (`Scope#find_global_scope`).
fn global_scope(scopes: &Scopes, scope: ScopeId) -> ScopeId {
    match scopes.get(scope).kind {
        ScopeKind::Top | ScopeKind::Node => scope,
        ScopeKind::Class | ScopeKind::Define => scopes.get(scope).enclosing.unwrap_or(Scopes::TOP),
    }
}

fn inline_epp(call: &mut Call<'_, '_>) -> Result<Value> {
    let text = call.text(0);
    let key = format!("inlined-epp-text:{text}");
    let file = match call.ev.code.get(&key) {
        Some(file) => file,
        None => {
            let name = Some(Arc::from("inlined-epp-text"));
            call.ev
                .load_text(&key, name, &text, Syntax::Epp)
                .map_err(|error| invalid("inline_epp", error))?
        }
    };
    let (given, scope) = (parameters(call), call.frame.scope);
    call.ev
        .call_epp("inline_epp", file, given, Frame { scope, file })
}

/// The error of a template that can't be parsed: the parser's, named as the function's.
fn invalid(function: &str, unwind: Unwind) -> Unwind {
    match unwind.into_kind() {
        UnwindKind::Error(error) => Unwind::plain(format!("{function}(): Invalid EPP: {error}")),
        _ => Unwind::plain(format!("{function}(): Invalid EPP")),
    }
}
