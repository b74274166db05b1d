//! Functions on the catalog: classes, virtual resources, tags, and resources made from data.

use bunraku_pcore::{PuppetHash, Type, Value};
use ecow::EcoString;

use super::builtin::{Builtin, Call, Dispatch};
use super::collections::flatten_into;
use crate::catalog_builder::{Declaration, Param};
use crate::error::Result;
use crate::loader::manifests::lower;

const NAMES: &[(&str, &str)] = &[("names", "Any")];

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "include",
        dispatches: &[Dispatch::of(NAMES, include).repeated(1)],
    },
    Builtin {
        name: "require",
        dispatches: &[Dispatch::of(NAMES, require).repeated(1)],
    },
    Builtin {
        name: "contain",
        dispatches: &[Dispatch::of(NAMES, contain).repeated(1)],
    },
    Builtin {
        name: "realize",
        dispatches: &[Dispatch::of(NAMES, realize).repeated(1)],
    },
    Builtin {
        name: "tag",
        dispatches: &[Dispatch::of(NAMES, tag).repeated(1)],
    },
    Builtin {
        name: "tagged",
        dispatches: &[Dispatch::of(NAMES, tagged).repeated(1)],
    },
    Builtin {
        name: "create_resources",
        dispatches: &[Dispatch::of(
            &[("type", "Any"), ("instances", "Any"), ("defaults", "Any")],
            create_resources,
        )
        .repeated(0)],
    },
    Builtin {
        name: "defined",
        dispatches: &[Dispatch::of(
            &[(
                "vals",
                "Variant[String, Type[CatalogEntry], Type[Type[CatalogEntry]]]",
            )],
            defined,
        )
        .repeated(1)],
    },
];

fn include(call: &mut Call<'_, '_>) -> Result<Value> {
    let names = std::mem::take(&mut call.args);
    call.ev
        .include_classes(&names, call.frame)
        .map(Value::array)
}

fn require(call: &mut Call<'_, '_>) -> Result<Value> {
    let names = std::mem::take(&mut call.args);
    call.ev
        .require_classes(&names, call.frame)
        .map(Value::array)
}

fn contain(call: &mut Call<'_, '_>) -> Result<Value> {
    let names = std::mem::take(&mut call.args);
    call.ev
        .contain_classes(&names, call.frame)
        .map(Value::array)
}

fn realize(call: &mut Call<'_, '_>) -> Result<Value> {
    let references = std::mem::take(&mut call.args);
    call.ev.realize(&references, call.frame)?;
    Ok(Value::Undef)
}

fn tag(call: &mut Call<'_, '_>) -> Result<Value> {
    let tags = std::mem::take(&mut call.args);
    call.ev.tag_container(&tags, call.frame)?;
    Ok(Value::Undef)
}

fn tagged(call: &mut Call<'_, '_>) -> Result<Value> {
    let all = call
        .args
        .iter()
        .all(|tag| call.ev.is_container_tagged(tag, call.frame));
    Ok(Value::Bool(all))
}

fn create_resources(call: &mut Call<'_, '_>) -> Result<Value> {
    let count = call.args.len();
    if !(2..=3).contains(&count) {
        return Err(call.fail(format!(
            "create_resources(): wrong number of arguments ({count}; must be 2 or 3)"
        )));
    }
    let Value::Hash(instances) = call.arg(1).clone() else {
        return Err(call.fail("create_resources(): second argument must be a hash"));
    };
    let defaults = match call.args.get(2) {
        None => PuppetHash::new(),
        Some(Value::Hash(defaults)) => defaults.as_ref().clone(),
        Some(_) => {
            return Err(
                call.fail("create_resources(): third argument, if provided, must be a hash")
            );
        }
    };
    let written = call.text(0);
    let type_name = written.trim_start_matches('@');
    let ats = written.len() - type_name.len();
    if type_name.eq_ignore_ascii_case("class") && ats > 0 {
        return Err(crate::error::Unwind::issue(
            "CLASS_NOT_VIRTUALIZABLE",
            "Classes are not virtualizable",
        ));
    }
    let mut created = Vec::new();
    for (title, parameters) in instances.iter() {
        let mut merged = defaults.clone();
        match parameters {
            Value::Hash(parameters) => {
                merged.extend(
                    parameters
                        .iter()
                        .map(|(name, value)| (name.clone(), value.clone())),
                );
            }
            Value::Undef => {}
            other => {
                let class = bunraku_pcore::ruby_class(other);
                return Err(call.fail(format!("no implicit conversion of {class} into Hash")));
            }
        }
        let mut titles = Vec::new();
        flatten_into(std::slice::from_ref(title), &mut titles);
        created.extend(declare(call, type_name, &titles, &merged, ats)?);
    }
    Ok(Value::array(created))
}

/// Declares resources of a type with the parameters of a hash; `ats` counts the `@` before the type.
fn declare(
    call: &mut Call<'_, '_>,
    type_name: &str,
    titles: &[Value],
    parameters: &PuppetHash,
    ats: usize,
) -> Result<Vec<Value>> {
    let titles: Vec<EcoString> = titles
        .iter()
        .map(bunraku_pcore::to_display_string)
        .collect();
    let source = call.ev.source_id(call.frame.scope);
    let params = parameters
        .iter()
        .map(|(name, value)| Param {
            name: bunraku_pcore::to_display_string(name),
            value: value.clone(),
            source,
            file: None,
            line: None,
            append: false,
        })
        .collect();
    let (file, line) = call.ev.top_of_stack();
    let type_name = lower(type_name);
    let declaration = Declaration {
        type_name: &type_name,
        titles: &titles,
        params,
        is_virtual: ats > 0,
        exported: ats > 1,
        file,
        line,
    };
    call.ev.create_resources(declaration, call.frame)
}

/// What stdlib's `ensure_resource` does: declares a resource unless one with these parameters is there.
pub(super) fn declare_unless_defined(
    call: &mut Call<'_, '_>,
    type_name: &str,
    title: &Value,
    parameters: &PuppetHash,
) -> Result<()> {
    let name = bunraku_pcore::types::capitalize_segments(&lower(type_name));
    let title_text = bunraku_pcore::to_display_string(title);
    let reference = Type::resource(&name, &title_text);
    if let Some(present) = call.ev.resource_parameters(&reference)? {
        let agrees = parameters.iter().all(|(name, wanted)| {
            wanted.is_undef()
                || name.as_str().and_then(&present).is_some_and(|value| {
                    bunraku_pcore::to_display_string(&value)
                        == bunraku_pcore::to_display_string(wanted)
                })
        });
        if agrees {
            return Ok(());
        }
    }
    declare(call, type_name, std::slice::from_ref(title), parameters, 0).map(|_| ())
}

fn defined(call: &mut Call<'_, '_>) -> Result<Value> {
    for value in std::mem::take(&mut call.args) {
        if is_defined(call, &value)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn is_defined(call: &mut Call<'_, '_>, value: &Value) -> Result<bool> {
    match value {
        Value::Str(text) => match text.strip_prefix('$') {
            Some(variable) => Ok(call
                .ev
                .lookup_variable(variable, call.frame.scope)?
                .is_some()),
            None if text.is_empty() => Ok(false),
            None if text == "main" => Ok(true),
            None => {
                let name = lower(text.strip_prefix("::").unwrap_or(text));
                Ok(call.ev.find_resource_type(&name)?.is_some()
                    || call.ev.find_class(&name)?.is_some())
            }
        },
        Value::Type(data_type) => match &**data_type {
            Type::Resource {
                type_name: None, ..
            } => Err(call.fail("The given resource type is a reference to all kind of types")),
            Type::Resource {
                type_name: Some(name),
                title: None,
            } => Ok(call.ev.find_resource_type(&lower(name))?.is_some()),
            Type::Class { name: None } => {
                Err(call.fail("The given class type is a reference to all classes"))
            }
            reference @ (Type::Resource { .. } | Type::Class { .. }) => {
                call.ev.has_resource(reference)
            }
            Type::Type(Some(inner)) => match &**inner {
                Type::Class { name: Some(name) } => Ok(call.ev.find_class(&lower(name))?.is_some()),
                Type::Class { name: None } => {
                    Err(call.fail("The given class type is a reference to all classes"))
                }
                inner => is_defined(call, &Value::of_type(inner.clone())),
            },
            _ => Ok(false),
        },
        _ => Ok(false),
    }
}
