//! Functions that read or find files of modules.

use bunraku_pcore::Value;

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "file",
        dispatches: &[Dispatch::of(&[("paths", "Any")], file).repeated(1)],
    },
    Builtin {
        name: "binary_file",
        dispatches: &[Dispatch::of(&[("path", "String")], binary_file)],
    },
    Builtin {
        name: "find_file",
        dispatches: &finder(find_file),
    },
    Builtin {
        name: "find_template",
        dispatches: &finder(find_template),
    },
    Builtin {
        name: "module_directory",
        dispatches: &finder(module_directory),
    },
];

const fn finder(implementation: super::builtin::Implementation) -> [Dispatch; 2] {
    [
        Dispatch::of(&[("names", "String")], implementation).repeated(0),
        Dispatch::of(&[("names", "Array[String]")], implementation).repeated(0),
    ]
}

/// The code path that `module/rest` names in a directory of the module; an absolute path is itself.
pub(super) fn path_in_module(
    call: &mut Call<'_, '_>,
    reference: &str,
    directory: &str,
) -> Result<Option<String>> {
    if reference.starts_with('/') {
        return Ok(Some(reference.to_owned()));
    }
    let Some((module, rest)) = reference.split_once('/') else {
        return Ok(None);
    };
    if rest.split('/').any(|segment| segment == "..") {
        return Ok(None);
    }
    Ok(call
        .ev
        .module_directory(module)?
        .map(|root| format!("{root}/{directory}/{rest}")))
}

/// The first of the named files that is there: its code path and content.
fn first_file(
    call: &mut Call<'_, '_>,
    references: &[Value],
    directory: &str,
) -> Result<Option<(String, crate::inputs::FileContent)>> {
    for reference in references {
        let Some(path) = path_in_module(call, reference.as_str().unwrap_or_default(), directory)?
        else {
            continue;
        };
        if let Some(content) = call.ev.inputs.file(&path)? {
            return Ok(Some((path, content)));
        }
    }
    Ok(None)
}

fn flat_arguments(call: &Call<'_, '_>) -> Vec<Value> {
    let mut flat = Vec::new();
    super::collections::flatten_into(&call.args, &mut flat);
    flat
}

fn file(call: &mut Call<'_, '_>) -> Result<Value> {
    let references = flat_arguments(call);
    let Some((path, content)) = first_file(call, &references, "files")? else {
        let values = super::strings::join_values(&references, ", ");
        return Err(call.fail(format!("Could not find any files from {values}")));
    };
    match std::str::from_utf8(&content.bytes) {
        Ok(text) => Ok(Value::string(text)),
        Err(_) => Err(call.fail(format!(
            "The file '{path}' is not UTF-8 text: use binary_file() for its bytes, or a file resource with a source"
        ))),
    }
}

fn binary_file(call: &mut Call<'_, '_>) -> Result<Value> {
    let references = flat_arguments(call);
    match first_file(call, &references, "files")? {
        Some((_, content)) => Ok(Value::Binary(std::sync::Arc::new(content.bytes.to_vec()))),
        None => {
            let name = call.text(0);
            Err(call.fail(format!(
                "binary_file(): The given file '{name}' does not exist"
            )))
        }
    }
}

fn found_path(call: &mut Call<'_, '_>, directory: &str) -> Result<Value> {
    let references = flat_arguments(call);
    Ok(match first_file(call, &references, directory)? {
        Some((path, _)) => Value::string(&*call.ev.display_path(&path)),
        None => Value::Undef,
    })
}

fn find_file(call: &mut Call<'_, '_>) -> Result<Value> {
    found_path(call, "files")
}

fn find_template(call: &mut Call<'_, '_>) -> Result<Value> {
    found_path(call, "templates")
}

fn module_directory(call: &mut Call<'_, '_>) -> Result<Value> {
    for name in flat_arguments(call) {
        if let Some(path) = call
            .ev
            .module_directory(name.as_str().unwrap_or_default())?
        {
            return Ok(Value::string(&*call.ev.display_path(&path)));
        }
    }
    Ok(Value::Undef)
}
