//! `notice` and the other functions that log, and `fail`.

use bunraku_pcore::{Value, to_display_string};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;
use crate::log::Level;

macro_rules! logger {
    ($name:literal, $function:ident, $level:expr) => {
        Builtin {
            name: $name,
            dispatches: &[Dispatch::of(&[("values", "Any")], |call| {
                log(call, $level);
                Ok(Value::Undef)
            })
            .repeated(0)],
        }
    };
}

pub(super) const TABLE: &[Builtin] = &[
    logger!("debug", debug, Level::Debug),
    logger!("info", info, Level::Info),
    logger!("notice", notice, Level::Notice),
    logger!("warning", warning, Level::Warning),
    logger!("err", err, Level::Err),
    logger!("alert", alert, Level::Alert),
    logger!("emerg", emerg, Level::Emerg),
    logger!("crit", crit, Level::Crit),
    Builtin {
        name: "fail",
        dispatches: &[Dispatch::of(&[("values", "Any")], fail).repeated(0)],
    },
];

fn joined(call: &Call<'_, '_>) -> String {
    call.args
        .iter()
        .map(|value| to_display_string(value).to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

fn log(call: &mut Call<'_, '_>, level: Level) {
    let message = joined(call);
    call.log(level, message);
}

fn fail(call: &mut Call<'_, '_>) -> Result<Value> {
    Err(call.fail(joined(call)))
}
