//! Functions that puppetlabs-stdlib brings in Ruby, for code that calls the most common of them.
//!
//! They exist only where the module does: [`super::find`] asks for the file that defines them there.

use bunraku_pcore::{PuppetHash, Value};

use super::builtin::{Builtin, Call, Dispatch, Implementation};
use crate::error::Result;

/// A function of the 3.x API: any arguments, checked by itself.
const fn any_arguments(name: &'static str, dispatches: &'static [Dispatch]) -> Builtin {
    Builtin { name, dispatches }
}

const fn varargs(implementation: Implementation) -> [Dispatch; 1] {
    [Dispatch::of(&[("args", "Any")], implementation).repeated(0)]
}

pub(super) const TABLE: &[Builtin] = &[
    any_arguments("pick", &varargs(pick)),
    any_arguments("pick_default", &varargs(pick_default)),
    any_arguments("any2array", &varargs(any2array)),
    any_arguments("member", &varargs(member)),
    any_arguments("concat", &varargs(concat)),
    any_arguments("union", &varargs(union)),
    any_arguments("has_key", &varargs(has_key)),
    any_arguments("deep_merge", &varargs(deep_merge)),
    any_arguments("delete", &varargs(delete)),
    any_arguments("delete_undef_values", &varargs(delete_undef_values)),
    any_arguments("bool2str", &varargs(bool2str)),
    any_arguments("str2bool", &varargs(str2bool)),
    any_arguments("dirname", &varargs(dirname)),
    any_arguments("assert_private", &varargs(assert_private)),
    any_arguments("ensure_resource", &varargs(ensure_resource)),
    any_arguments("ensure_resources", &varargs(ensure_resources)),
    Builtin {
        name: "ensure_packages",
        dispatches: &[Dispatch::of(
            &[
                (
                    "packages",
                    "Variant[String[1], Array[String[1]], Hash[String[1], Any]]",
                ),
                ("default_attributes", "Hash"),
            ],
            ensure_packages,
        )
        .optional(1)],
    },
    Builtin {
        name: "merge",
        dispatches: &[Dispatch::of(
            &[("args", "Variant[Hash[Scalar,Any], Undef, String[0,0]]")],
            merge,
        )
        .repeated(0)],
    },
    Builtin {
        name: "is_a",
        dispatches: &[Dispatch::of(&[("value", "Any"), ("type", "Type")], is_a)],
    },
];

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Undef => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    }
}

fn pick(call: &mut Call<'_, '_>) -> Result<Value> {
    match call.args.iter().find(|value| !is_blank(value)) {
        Some(value) => Ok(value.clone()),
        None => Err(call.fail("pick(): must receive at least one non empty value")),
    }
}

fn pick_default(call: &mut Call<'_, '_>) -> Result<Value> {
    let Some(default) = call.args.last() else {
        return Err(call.fail("Must receive at least one argument."));
    };
    let picked = call
        .args
        .iter()
        .take(call.args.len() - 1)
        .find(|value| !is_blank(value));
    Ok(picked.unwrap_or(default).clone())
}

fn any2array(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(match call.args.as_slice() {
        [] => Value::array(Vec::new()),
        [array @ Value::Array(_)] => array.clone(),
        [Value::Str(text)] if text.is_empty() => Value::array(Vec::new()),
        [Value::Hash(entries)] => Value::array(
            entries
                .iter()
                .flat_map(|(key, value)| [key.clone(), value.clone()])
                .collect(),
        ),
        several => Value::array(several.to_vec()),
    })
}

fn member(call: &mut Call<'_, '_>) -> Result<Value> {
    if call.args.len() < 2 {
        let given = call.args.len();
        return Err(call.fail(format!(
            "member(): Wrong number of arguments given ({given} for 2)"
        )));
    }
    let Value::Array(array) = call.arg(0).clone() else {
        return Err(call.fail("member(): Requires array to work with"));
    };
    let wanted = match call.arg(1) {
        item @ (Value::Str(_) | Value::Int(_)) => vec![item.clone()],
        Value::Array(items) => items.to_vec(),
        _ => {
            return Err(
                call.fail("member(): Item to search for must be a string, fixnum, or array")
            );
        }
    };
    if wanted.is_empty() {
        return Err(call.fail("member(): You must provide item to search for within array given"));
    }
    Ok(Value::Bool(wanted.iter().all(|item| array.contains(item))))
}

fn concat(call: &mut Call<'_, '_>) -> Result<Value> {
    let given = call.args.len();
    if given < 2 {
        return Err(call.fail(format!(
            "concat(): Wrong number of arguments given ({given} for < 2)"
        )));
    }
    let Value::Array(first) = call.arg(0) else {
        return Err(call.fail("concat(): Requires array to work with"));
    };
    let mut joined = first.to_vec();
    for argument in call.args.iter().skip(1) {
        match argument {
            Value::Array(elements) => joined.extend(elements.iter().cloned()),
            other => joined.push(other.clone()),
        }
    }
    Ok(Value::array(joined))
}

fn union(call: &mut Call<'_, '_>) -> Result<Value> {
    let given = call.args.len();
    if given < 2 {
        return Err(call.fail(format!(
            "union(): Wrong number of arguments given ({given} for < 2)"
        )));
    }
    let mut seen = indexmap::IndexSet::new();
    for argument in &call.args {
        let Value::Array(elements) = argument else {
            return Err(call.fail("union(): Every parameter must be an array"));
        };
        seen.extend(elements.iter().cloned());
    }
    Ok(Value::array(seen.into_iter().collect()))
}

fn has_key(call: &mut Call<'_, '_>) -> Result<Value> {
    if call.args.len() != 2 {
        let given = call.args.len();
        return Err(call.fail(format!(
            "has_key(): wrong number of arguments ({given}; must be 2)"
        )));
    }
    match call.arg(0) {
        Value::Hash(entries) => Ok(Value::Bool(entries.contains_key(call.arg(1)))),
        other => {
            let class = bunraku_pcore::ruby_class(other);
            Err(call.fail(format!(
                "has_key(): expects the first argument to be a hash, got {} which is of type {class}",
                bunraku_pcore::format::to_program_string(other)
            )))
        }
    }
}

fn merged(base: &PuppetHash, over: &PuppetHash) -> PuppetHash {
    let mut result = base.clone();
    for (key, value) in over {
        let value = match (result.get(key), value) {
            (Some(Value::Hash(old)), Value::Hash(new)) => Value::hash(merged(old, new)),
            _ => value.clone(),
        };
        result.insert(key.clone(), value);
    }
    result
}

fn deep_merge(call: &mut Call<'_, '_>) -> Result<Value> {
    let given = call.args.len();
    if given < 2 {
        return Err(call.fail(format!(
            "deep_merge(): wrong number of arguments ({given}; must be at least 2)"
        )));
    }
    let mut result = PuppetHash::new();
    for argument in &call.args {
        match argument {
            Value::Hash(entries) => result = merged(&result, entries),
            Value::Str(text) if text.is_empty() => {}
            other => {
                return Err(call.fail(format!(
                    "deep_merge: unexpected argument type {}, only expects hash arguments",
                    bunraku_pcore::ruby_class(other)
                )));
            }
        }
    }
    Ok(Value::hash(result))
}

fn merge(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut result = PuppetHash::new();
    for entries in call.args.iter().filter_map(Value::as_hash) {
        result.extend(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
    Ok(Value::hash(result))
}

fn delete(call: &mut Call<'_, '_>) -> Result<Value> {
    let given = call.args.len();
    if given != 2 {
        return Err(call.fail(format!(
            "delete(): Wrong number of arguments given {given} for 2"
        )));
    }
    let unwanted = match call.arg(1) {
        Value::Array(items) => items.to_vec(),
        Value::Undef => Vec::new(),
        item => vec![item.clone()],
    };
    match call.arg(0) {
        Value::Array(elements) => Ok(Value::array(
            elements
                .iter()
                .filter(|element| !unwanted.contains(element))
                .cloned()
                .collect(),
        )),
        Value::Hash(entries) => Ok(Value::hash(
            entries
                .iter()
                .filter(|(key, _)| !unwanted.contains(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )),
        Value::Str(text) => {
            let deleted = unwanted.iter().fold(text.to_string(), |text, item| {
                text.replace(item.as_str().unwrap_or_default(), "")
            });
            Ok(Value::string(deleted))
        }
        other => {
            let class = bunraku_pcore::ruby_class(other);
            Err(call.fail(format!(
                "delete(): First argument must be an Array, String, or Hash. Given an argument of class {class}."
            )))
        }
    }
}

fn delete_undef_values(call: &mut Call<'_, '_>) -> Result<Value> {
    match call.arg(0) {
        Value::Array(elements) => Ok(Value::array(
            elements
                .iter()
                .filter(|element| !element.is_undef())
                .cloned()
                .collect(),
        )),
        Value::Hash(entries) => Ok(Value::hash(
            entries
                .iter()
                .filter(|(_, value)| !value.is_undef())
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )),
        other => {
            let class = bunraku_pcore::ruby_class(other);
            let shown = bunraku_pcore::to_display_string(other);
            Err(call.fail(format!(
                "delete_undef_values(): expected an array or hash, got {shown} type  {class} "
            )))
        }
    }
}

fn bool2str(call: &mut Call<'_, '_>) -> Result<Value> {
    let given = call.args.len();
    if given != 1 && given != 3 {
        return Err(call.fail(format!(
            "bool2str(): Wrong number of arguments given ({given} for 3)"
        )));
    }
    let Value::Bool(value) = call.arg(0) else {
        return Err(call.fail("bool2str(): Requires a boolean to work with"));
    };
    let (position, default) = if *value { (1, "true") } else { (2, "false") };
    match call.arg(position) {
        Value::Undef => Ok(Value::string(default)),
        text @ Value::Str(_) => Ok(text.clone()),
        _ => Err(call.fail("bool2str(): Requires strings to convert to")),
    }
}

fn str2bool(call: &mut Call<'_, '_>) -> Result<Value> {
    match call.args.first() {
        None => Err(call.fail("str2bool(): Wrong number of arguments given (0 for 1)")),
        Some(value @ Value::Bool(_)) => Ok(value.clone()),
        Some(Value::Str(text)) => match text.to_lowercase().as_str() {
            "1" | "t" | "y" | "true" | "yes" => Ok(Value::Bool(true)),
            "" | "0" | "f" | "n" | "false" | "no" | "undef" | "undefined" => Ok(Value::Bool(false)),
            _ => Err(call.fail("str2bool(): Unknown type of boolean given")),
        },
        Some(_) => Err(call.fail("str2bool(): Requires string to work with")),
    }
}

fn dirname(call: &mut Call<'_, '_>) -> Result<Value> {
    match call.args.as_slice() {
        [] => Err(call.fail("dirname(): No arguments given")),
        [Value::Str(path)] if path.is_empty() => {
            Err(call.fail("dirname(): Requires a non-empty string as argument"))
        }
        [Value::Str(path)] => {
            let trimmed = path.trim_end_matches('/');
            Ok(Value::string(match trimmed.rsplit_once('/') {
                Some((parent, _)) if parent.trim_end_matches('/').is_empty() => "/",
                Some((parent, _)) => parent.trim_end_matches('/'),
                None if trimmed.is_empty() => "/",
                None => ".",
            }))
        }
        [_] => Err(call.fail("dirname(): Requires string as argument")),
        several => {
            let given = several.len();
            Err(call.fail(format!("dirname(): Too many arguments given ({given})")))
        }
    }
}

fn is_a(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::Bool(
        call.arg(1)
            .as_type()
            .is_some_and(|wanted| wanted.accepts(call.arg(0))),
    ))
}

fn assert_private(call: &mut Call<'_, '_>) -> Result<Value> {
    let (module, caller) = call.ev.module_and_caller(call.frame);
    if module == caller {
        return Ok(Value::Undef);
    }
    match call.arg(0) {
        Value::Str(message) => Err(call.fail(message.as_str())),
        _ => {
            let (kind, name) = call.ev.describe_source(call.frame);
            Err(call.fail(format!("{kind} {name} is private")))
        }
    }
}

fn ensure_resource(call: &mut Call<'_, '_>) -> Result<Value> {
    let type_name = call.text(0);
    if type_name.is_empty() {
        return Err(call.fail("Must specify a type"));
    }
    if call.arg(1).is_undef() {
        return Err(call.fail("Must specify a title"));
    }
    let parameters = call.hash(2);
    let mut titles = Vec::new();
    super::collections::flatten_into(std::slice::from_ref(call.arg(1)), &mut titles);
    for title in titles {
        super::catalog::declare_unless_defined(call, &type_name, &title, &parameters)?;
    }
    Ok(Value::Undef)
}

fn ensure_all(
    call: &mut Call<'_, '_>,
    type_name: &str,
    resources: &PuppetHash,
    defaults: &PuppetHash,
) -> Result<()> {
    for (title, parameters) in resources {
        let mut merged = defaults.clone();
        if let Value::Hash(parameters) = parameters {
            merged.extend(
                parameters
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        super::catalog::declare_unless_defined(call, type_name, title, &merged)?;
    }
    Ok(())
}

fn ensure_resources(call: &mut Call<'_, '_>) -> Result<Value> {
    let type_name = call.text(0);
    if !matches!(call.arg(1), Value::Hash(_)) {
        return Err(call.fail("ensure_resources(): Requires second argument to be a Hash"));
    }
    let (resources, defaults) = (call.hash(1), call.hash(2));
    ensure_all(call, &type_name, &resources, &defaults)?;
    Ok(Value::Undef)
}

fn ensure_packages(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut defaults = PuppetHash::new();
    defaults.insert(Value::string("ensure"), Value::string("installed"));
    for (key, value) in call.hash(1).iter() {
        let value = match (key.as_str(), value.as_str()) {
            (Some("ensure"), Some("present")) => Value::string("installed"),
            _ => value.clone(),
        };
        defaults.insert(key.clone(), value);
    }
    let resources: PuppetHash = match call.arg(0) {
        Value::Hash(packages) => packages.as_ref().clone(),
        Value::Array(names) => names
            .iter()
            .map(|name| (name.clone(), Value::Undef))
            .collect(),
        name => [(name.clone(), Value::Undef)].into_iter().collect(),
    };
    ensure_all(call, "package", &resources, &defaults)?;
    Ok(Value::Undef)
}
