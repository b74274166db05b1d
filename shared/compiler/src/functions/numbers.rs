//! Functions on numbers, and what compares.

use std::cmp::Ordering;

use bunraku_pcore::{Type, Value, numbers};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;

const COMPARER: &str = "Callable[2,2]";

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "abs",
        dispatches: &[
            Dispatch::of(&[("val", "Numeric")], abs),
            Dispatch::of(&[("val", "String")], abs),
        ],
    },
    Builtin {
        name: "ceiling",
        dispatches: &[
            Dispatch::of(&[("val", "Numeric")], ceiling),
            Dispatch::of(&[("val", "String")], ceiling),
        ],
    },
    Builtin {
        name: "floor",
        dispatches: &[
            Dispatch::of(&[("val", "Numeric")], floor),
            Dispatch::of(&[("val", "String")], floor),
        ],
    },
    Builtin {
        name: "round",
        dispatches: &[Dispatch::of(&[("val", "Numeric")], round)],
    },
    Builtin {
        name: "compare",
        dispatches: &[
            Dispatch::of(&[("a", "Numeric"), ("b", "Numeric")], compare),
            Dispatch::of(
                &[("a", "String"), ("b", "String"), ("ignore_case", "Boolean")],
                compare,
            )
            .optional(1),
            Dispatch::of(&[("a", "SemVer"), ("b", "SemVer")], compare),
            Dispatch::of(&[("a", "Timestamp"), ("b", "Timestamp")], compare),
            Dispatch::of(&[("a", "Timespan"), ("b", "Timespan")], compare),
        ],
    },
    Builtin {
        name: "max",
        dispatches: &extreme_dispatches(max),
    },
    Builtin {
        name: "min",
        dispatches: &extreme_dispatches(min),
    },
];

const fn extreme_dispatches(implementation: super::builtin::Implementation) -> [Dispatch; 3] {
    [
        Dispatch::of(&[("values", "Array")], implementation).optional_block(COMPARER),
        Dispatch::of(&[("values", "Any")], implementation)
            .repeated(0)
            .block(COMPARER),
        Dispatch::of(&[("values", "Any")], implementation).repeated(0),
    ]
}

/// The number that an argument is or, for a string, says.
fn number(call: &mut Call<'_, '_>, function: &str) -> Result<Value> {
    match call.arg(0).clone() {
        Value::Str(text) => {
            let Some(parsed) = numbers::parse_number(&text) else {
                return Err(call.fail(format!(
                    "{function}(): cannot convert given value to a floating point value."
                )));
            };
            call.warn(format!(
                    "The {function}() function's auto conversion of String to Float is deprecated - change to convert input before calling"
                ),
            );
            Ok(parsed)
        }
        other => Ok(other),
    }
}

/// A float as an integer, where it has one.
fn to_integer(call: &Call<'_, '_>, value: f64) -> Result<Value> {
    // 2^63 is exact as a float, so these bounds are the exact ones of i64.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked against the bounds above"
        )]
        return Ok(Value::Int(value as i64));
    }
    Err(call.fail(format!(
        "{} is outside of the range of an Integer",
        numbers::float_to_string(value)
    )))
}

fn abs(call: &mut Call<'_, '_>) -> Result<Value> {
    match number(call, "abs")? {
        Value::Int(value) => match value.checked_abs() {
            Some(value) => Ok(Value::Int(value)),
            None => Err(call.fail("integer overflow in abs()")),
        },
        Value::Float(value) => Ok(Value::Float(value.abs())),
        other => Ok(other),
    }
}

fn ceiling(call: &mut Call<'_, '_>) -> Result<Value> {
    match number(call, "ceiling")? {
        Value::Float(value) => to_integer(call, value.ceil()),
        other => Ok(other),
    }
}

fn floor(call: &mut Call<'_, '_>) -> Result<Value> {
    match number(call, "floor")? {
        Value::Float(value) => to_integer(call, value.floor()),
        other => Ok(other),
    }
}

fn round(call: &mut Call<'_, '_>) -> Result<Value> {
    match call.arg(0) {
        // Half goes away from zero, in Ruby as here.
        Value::Float(value) => to_integer(call, value.round()),
        other => Ok(other.clone()),
    }
}

fn compare(call: &mut Call<'_, '_>) -> Result<Value> {
    let ordering = match (call.arg(0), call.arg(1)) {
        (Value::Str(a), Value::Str(b)) if call.args.len() < 3 || call.arg(2).is_truthy() => {
            a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase())
        }
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (a, b) => call.checked(bunraku_pcore::ops::compare(a, b))?,
    };
    Ok(Value::Int(ordering as i64))
}

fn max(call: &mut Call<'_, '_>) -> Result<Value> {
    extreme(call, "max", Ordering::Greater)
}

fn min(call: &mut Call<'_, '_>) -> Result<Value> {
    extreme(call, "min", Ordering::Less)
}

fn extreme(call: &mut Call<'_, '_>, function: &str, wanted: Ordering) -> Result<Value> {
    let values: Vec<Value> = match call.args.as_slice() {
        [Value::Array(elements)] => elements.as_ref().clone(),
        several => several.to_vec(),
    };
    let mut values = values.into_iter();
    let Some(mut best) = values.next() else {
        return if call.block.is_some() {
            Ok(Value::Undef)
        } else {
            Err(call.fail(format!(
                "{function}(): Wrong number of arguments need at least one"
            )))
        };
    };
    for value in values {
        let ordering = if call.block.is_some() {
            match call.call_block(vec![value.clone(), best.clone()])? {
                Value::Int(answer) => answer.cmp(&0),
                other => {
                    return Err(call.fail(format!(
                        "comparison of {} with 0 failed",
                        Type::infer(&other).generalize()
                    )));
                }
            }
        } else {
            order(call, function, &value, &best)
        };
        if ordering == wanted {
            best = value;
        }
    }
    Ok(best)
}

fn order(call: &mut Call<'_, '_>, function: &str, a: &Value, b: &Value) -> Ordering {
    let as_float = |value: &Value| match value {
        #[expect(
            clippy::cast_precision_loss,
            reason = "as Ruby compares an Integer with a Float"
        )]
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    };
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        return a.cmp(b);
    }
    if let (Some(a), Some(b)) = (as_float(a), as_float(b)) {
        return a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    }
    let (a_text, b_text) = (
        bunraku_pcore::to_display_string(a),
        bunraku_pcore::to_display_string(b),
    );
    let numeric = |text: &str| numbers::parse_number(text).as_ref().and_then(as_float);
    if let (Some(a), Some(b)) = (numeric(&a_text), numeric(&b_text)) {
        call.warn(format!(
                "The {function}() function's auto conversion of String to Numeric is deprecated - change to convert input before calling, or use lambda"
            ),
        );
        return a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    }
    if a.as_str().is_none() || b.as_str().is_none() {
        call.warn(format!(
                "The {function}() function's auto conversion of Any to String is deprecated - change to convert input before calling, or use lambda"
            ),
        );
    }
    a_text.cmp(&b_text)
}
