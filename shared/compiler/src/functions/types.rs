//! Functions on types and conversions.

use bunraku_pcore::{Type, Value, convert, mismatch};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "assert_type",
        dispatches: &[
            Dispatch::of(&[("type", "Type"), ("value", "Any")], assert_type)
                .optional_block("Callable[Type, Type]"),
            Dispatch::of(&[("type_string", "String"), ("value", "Any")], assert_type)
                .optional_block("Callable[Type, Type]"),
        ],
    },
    Builtin {
        name: "new",
        dispatches: &[Dispatch::of(&[("type", "Type"), ("args", "Any")], new)
            .repeated(0)
            .optional_block("Callable")],
    },
    Builtin {
        name: "convert_to",
        dispatches: &[Dispatch::of(
            &[("value", "Any"), ("type", "Type"), ("args", "Any")],
            convert_to,
        )
        .repeated(0)
        .optional_block("Callable[1,1]")],
    },
    Builtin {
        name: "type",
        dispatches: &[
            Dispatch::of(
                &[("value", "Any"), ("inference_method", "Enum[detailed]")],
                type_detailed,
            )
            .optional(1),
            Dispatch::of(
                &[("value", "Any"), ("inference_method", "Enum[reduced]")],
                type_reduced,
            ),
            Dispatch::of(
                &[("value", "Any"), ("inference_method", "Enum[generalized]")],
                type_generalized,
            ),
        ],
    },
    Builtin {
        name: "unwrap",
        dispatches: &[
            Dispatch::of(&[("arg", "Sensitive")], unwrap).optional_block("Callable"),
            Dispatch::of(&[("arg", "Any")], unwrap).optional_block("Callable"),
        ],
    },
];

/// The type that an argument is, or that its text names.
fn type_argument(call: &mut Call<'_, '_>, index: usize) -> Result<Type> {
    match call.arg(index) {
        Value::Type(data_type) => Ok(data_type.as_ref().clone()),
        _ => {
            let text = call.text(index);
            call.ev.type_from_text(&text, call.frame)
        }
    }
}

fn assert_type(call: &mut Call<'_, '_>) -> Result<Value> {
    let wanted = type_argument(call, 0)?;
    let value = call.arg(1).clone();
    if wanted.accepts(&value) {
        return Ok(value);
    }
    let actual = Type::infer_detailed(&value);
    if call.block.is_some() {
        return call.call_block(vec![Value::of_type(wanted), Value::of_type(actual)]);
    }
    Err(call.fail(mismatch::describe_type("assert_type():", &wanted, &actual)))
}

/// `Type.new(arguments)`, checked against the type that was asked for.
pub(crate) fn new_instance(
    call: &Call<'_, '_>,
    wanted: &Type,
    arguments: &[Value],
) -> Result<Value> {
    if let ([value], false) = (arguments, matches!(wanted, Type::Init(_)))
        && wanted.accepts(value)
    {
        return Ok(value.clone());
    }
    let made = call.checked(convert::new_instance(wanted, arguments))?;
    if wanted.accepts(&made) {
        return Ok(made);
    }
    Err(call.fail(mismatch::describe_value(
        &format!("Converted value from {wanted}.new()"),
        wanted,
        &made,
    )))
}

/// The value, or what the block makes of it.
fn through_block(call: &mut Call<'_, '_>, value: Value) -> Result<Value> {
    if call.block.is_some() {
        call.call_block(vec![value])
    } else {
        Ok(value)
    }
}

fn new(call: &mut Call<'_, '_>) -> Result<Value> {
    let wanted = type_argument(call, 0)?;
    let made = new_instance(call, &wanted, call.args.get(1..).unwrap_or_default())?;
    through_block(call, made)
}

fn convert_to(call: &mut Call<'_, '_>) -> Result<Value> {
    let wanted = type_argument(call, 1)?;
    let mut arguments = vec![call.arg(0).clone()];
    arguments.extend(call.args.iter().skip(2).cloned());
    let made = new_instance(call, &wanted, &arguments)?;
    through_block(call, made)
}

fn type_detailed(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::of_type(Type::infer_detailed(call.arg(0))))
}

fn type_reduced(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::of_type(Type::infer(call.arg(0))))
}

fn type_generalized(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::of_type(Type::infer(call.arg(0)).generalize()))
}

fn unwrap(call: &mut Call<'_, '_>) -> Result<Value> {
    let value = match call.take(0) {
        Value::Sensitive(inner) => inner.as_ref().clone(),
        other => other,
    };
    through_block(call, value)
}
