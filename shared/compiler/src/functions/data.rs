//! `lookup`, and the variables that a name or a path names.

use bunraku_hiera::{Found, LookupError, LookupOptions};
use bunraku_pcore::{PuppetHash, Type, Value, mismatch};

use super::builtin::{Builtin, Call, Dispatch};
use super::collections;
use crate::error::Result;

const NAME: &str = "Variant[String, Array[String]]";
const MERGE: &str = "Variant[String[1], Hash[String, Scalar]]";
const BLOCK: &str = "Callable[Variant[String, Array[String]]]";
const OPTIONS_WITH_NAME: &str = "Struct[{name => Variant[String, Array[String]], value_type => Optional[Type], \
     default_value => Optional[Any], override => Optional[Hash[String,Any]], \
     default_values_hash => Optional[Hash[String,Any]], merge => Optional[Variant[String[1], Hash[String, Scalar]]]}]";
const OPTIONS_WITHOUT_NAME: &str = "Struct[{value_type => Optional[Type], default_value => Optional[Any], \
     override => Optional[Hash[String,Any]], default_values_hash => Optional[Hash[String,Any]], \
     merge => Optional[Variant[String[1], Hash[String, Scalar]]]}]";

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "lookup",
        dispatches: &[
            Dispatch::of(
                &[("name", NAME), ("value_type", "Type"), ("merge", MERGE)],
                lookup,
            )
            .optional(2),
            Dispatch::of(
                &[
                    ("name", NAME),
                    ("value_type", "Optional[Type]"),
                    (
                        "merge",
                        "Optional[Variant[String[1], Hash[String, Scalar]]]",
                    ),
                    ("default_value", "Any"),
                ],
                lookup,
            ),
            Dispatch::of(
                &[("name", NAME), ("value_type", "Type"), ("merge", MERGE)],
                lookup,
            )
            .optional(2)
            .block(BLOCK),
            Dispatch::of(&[("options_hash", OPTIONS_WITH_NAME)], lookup_with_options)
                .optional_block(BLOCK),
            Dispatch::of(
                &[("name", NAME), ("options_hash", OPTIONS_WITHOUT_NAME)],
                lookup_with_options,
            )
            .optional_block(BLOCK),
        ],
    },
    Builtin {
        name: "getvar",
        dispatches: &[Dispatch::of(
            &[
                (
                    "get_string",
                    r"Pattern[/\A(?:::)?(?:[a-z]\w*::)*[a-z_]\w*(?:\.|\Z)/]",
                ),
                ("default_value", "Any"),
            ],
            getvar,
        )
        .optional(1)
        .optional_block("Callable[1,1]")],
    },
];

fn names_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        other => other.as_str().map(str::to_owned).into_iter().collect(),
    }
}

fn lookup(call: &mut Call<'_, '_>) -> Result<Value> {
    let names = names_of(call.arg(0));
    let value_type = call.arg(1).as_type().cloned();
    let options = LookupOptions {
        merge: Some(call.arg(2).clone()).filter(|merge| !merge.is_undef()),
        default: call.args.get(3).cloned(),
        ..LookupOptions::default()
    };
    find(call, &names, value_type.as_ref(), &options)
}

fn lookup_with_options(call: &mut Call<'_, '_>) -> Result<Value> {
    let given = if call.args.len() == 1 {
        call.hash(0)
    } else {
        call.hash(1)
    };
    let names = if call.args.len() == 1 {
        given.get_str("name").map(names_of).unwrap_or_default()
    } else {
        names_of(call.arg(0))
    };
    let hash =
        |key: &str| -> Option<PuppetHash> { given.get_str(key).and_then(Value::as_hash).cloned() };
    let options = LookupOptions {
        merge: given
            .get_str("merge")
            .filter(|merge| !merge.is_undef())
            .cloned(),
        default: given.get_str("default_value").cloned(),
        default_values_hash: hash("default_values_hash"),
        override_values: hash("override"),
    };
    let value_type = given
        .get_str("value_type")
        .and_then(Value::as_type)
        .cloned();
    find(call, &names, value_type.as_ref(), &options)
}

fn find(
    call: &mut Call<'_, '_>,
    names: &[String],
    value_type: Option<&Type>,
    options: &LookupOptions,
) -> Result<Value> {
    let found = match call.ev.lookup(names, options, call.frame)? {
        Some(found) => found,
        None if call.block.is_some() => {
            let argument = match names {
                [name] => Value::string(name.as_str()),
                several => Value::array(
                    several
                        .iter()
                        .map(|name| Value::string(name.as_str()))
                        .collect(),
                ),
            };
            let value = call.call_block(vec![argument])?;
            checked(
                call,
                "Value returned from default block has wrong type,",
                value_type,
                value.clone(),
            )?;
            return Ok(value);
        }
        None => {
            return Err(crate::data_lookup::lookup_failure(LookupError::not_found(
                names,
            )));
        }
    };
    let subject = format!("{} has wrong type,", Found::subject(&found));
    checked(call, &subject, value_type, found.value)
}

/// The value, if it is of the type that was asked for.
fn checked(
    call: &Call<'_, '_>,
    subject: &str,
    value_type: Option<&Type>,
    value: Value,
) -> Result<Value> {
    match value_type {
        Some(wanted) if !wanted.accepts(&value) => {
            Err(call.fail(mismatch::describe_value(subject, wanted, &value)))
        }
        _ => Ok(value),
    }
}

fn getvar(call: &mut Call<'_, '_>) -> Result<Value> {
    let text = call.text(0);
    let default = call.take(1);
    let name_end = text.find('.').unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let Some(value) = call.ev.existing_variable(name, call.frame.scope)? else {
        return Ok(default);
    };
    collections::navigate(call, value, rest.strip_prefix('.').unwrap_or(rest), default)
}
