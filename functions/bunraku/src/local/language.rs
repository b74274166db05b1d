//! The options that every command on code has, made into a compile.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_catalog::{ExportedResource, Exports};
use bunraku_compiler::release::{NodeFacts, NodeInputs, Release};
use bunraku_compiler::settings::{Settings, Strict};
use bunraku_compiler::{Compilation, Evaluation, Manifest, Request};
use bunraku_pcore::{PuppetHash, Value, rich};
use bunraku_syntax::environment_conf::{BASE_MODULE_PATH, EnvironmentConf};
use serde_json::Value as Json;

use super::{LocalFiles, trusted_of};
use crate::cli::Language;
use crate::console;
use crate::failure::{Failure, Result};

/// A program with everything that its compile depends on.
pub(crate) struct Program {
    /// What is compiled, and how.
    pub(crate) request: Request,
    release: Release<LocalFiles>,
    node: NodeFacts,
    exports: Arc<Exports>,
}

/// Reads a JSON file.
pub(crate) fn read_json(path: &Path) -> Result<Json> {
    let text = std::fs::read(path)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

/// A file's text; `-` is standard input.
pub(crate) fn read_source(path: &Path) -> Result<String> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(path).map(|content| text = content)
    };
    read.map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    Ok(text)
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))
}

/// A path as the compiler knows it: relative to the environment when it is inside.
fn code_path(root: &Path, path: &Path) -> Result<String> {
    let path = absolute(path)?;
    Ok(path
        .strip_prefix(root)
        .unwrap_or(&path)
        .display()
        .to_string())
}

fn strict(value: &str) -> Result<Strict> {
    match value {
        "off" => Ok(Strict::Off),
        "warning" => Ok(Strict::Warning),
        "error" => Ok(Strict::Error),
        other => Err(Failure::input(format!(
            "strict is off, warning or error, not '{other}'"
        ))),
    }
}

fn boolean(name: &str, value: &str) -> Result<bool> {
    match value {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        other => Err(Failure::input(format!(
            "{name} is true or false, not '{other}'"
        ))),
    }
}

/// Puppet's settings from `NAME=VALUE` options.
pub(crate) fn settings(options: &[String]) -> Result<(Settings, Vec<String>)> {
    let mut settings = Settings::default();
    let mut basemodulepath = Vec::new();
    for option in options {
        let Some((name, value)) = option.split_once('=') else {
            return Err(Failure::input(format!(
                "--setting takes NAME=VALUE, not '{option}'"
            )));
        };
        match name {
            "strict" => settings.strict = strict(value)?,
            "strict_variables" => settings.strict_variables = boolean(name, value)?,
            "tasks" => settings.tasks = boolean(name, value)?,
            "rich_data" => settings.rich_data = boolean(name, value)?,
            "static_catalogs" => settings.static_catalogs = boolean(name, value)?,
            "merge_dependency_warnings" => {
                settings.merge_dependency_warnings = boolean(name, value)?
            }
            "disable_warnings" => {
                settings.disable_warnings = value.split(',').map(str::to_owned).collect()
            }
            "basemodulepath" => basemodulepath = value.split(':').map(str::to_owned).collect(),
            other => console::say(&format!(
                "Warning: the setting '{other}' has no part in a compile and is ignored"
            )),
        }
    }
    Ok((settings, basemodulepath))
}

fn object(path: Option<&PathBuf>) -> Result<Option<Json>> {
    path.map(|path| match read_json(path)? {
        object @ Json::Object(_) => Ok(object),
        _ => Err(Failure::input(format!(
            "{}: a JSON object is wanted",
            path.display()
        ))),
    })
    .transpose()
}

fn exports(path: &Path) -> Result<Exports> {
    let list: Vec<ExportedResource> = serde_json::from_value(read_json(path)?)
        .map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    Ok(list.into_iter().collect())
}

/// The values of a facts file: the object itself, or `values` of an agent's document.
pub(crate) fn facts_values(document: Json) -> Json {
    match document {
        Json::Object(mut object)
            if object.contains_key("values") && object.contains_key("name") =>
        {
            object.remove("values").unwrap_or_default()
        }
        other => other,
    }
}

fn pairs(value: Value) -> Vec<(ecow::EcoString, Value)> {
    match value {
        Value::Hash(entries) => entries
            .iter()
            .filter_map(|(name, value)| Some((name.as_str()?.into(), value.clone())))
            .collect(),
        _ => Vec::new(),
    }
}

fn classes(document: &Json) -> Vec<(ecow::EcoString, Vec<(ecow::EcoString, Value)>)> {
    match document {
        Json::Array(names) => names
            .iter()
            .filter_map(Json::as_str)
            .map(|name| (name.into(), Vec::new()))
            .collect(),
        Json::Object(classes) => classes
            .iter()
            .map(|(name, parameters)| {
                (
                    name.as_str().into(),
                    pairs(rich::from_plain_json(parameters)),
                )
            })
            .collect(),
        _ => Vec::new(),
    }
}

impl Program {
    /// Reads what the options name.
    pub(crate) fn new(options: &Language) -> Result<Self> {
        let root = absolute(options.env_dir.as_deref().unwrap_or(Path::new(".")))?;
        let (settings, basemodulepath) = settings(&options.settings)?;
        let conf = match std::fs::read_to_string(root.join("environment.conf")) {
            Ok(text) if options.env_dir.is_some() => EnvironmentConf::parse(&text),
            _ => EnvironmentConf::default(),
        };
        let mut request = Request::new(options.node.as_str());
        request.environment.clone_from(&options.environment);
        request.environment_root = root.display().to_string();
        request.manifest = match (&options.code, &options.manifest) {
            (Some(code), _) => Manifest::Code(read_source(code)?),
            (None, Some(path)) => Manifest::Path(code_path(&root, path)?),
            (None, None) if options.env_dir.is_some() => Manifest::Path(conf.manifest),
            (None, None) => {
                return Err(Failure::input(
                    "nothing to compile: give --code, --manifest or --env-dir",
                ));
            }
        };
        request.modulepath = match &options.modulepath {
            Some(path) => {
                let parts = path.split(':').filter(|part| !part.is_empty());
                parts
                    .map(|part| code_path(&root, Path::new(part)))
                    .collect::<Result<_>>()?
            }
            None => {
                let parts = conf.modulepath.into_iter();
                parts
                    .flat_map(|part| {
                        if part == BASE_MODULE_PATH {
                            basemodulepath.clone()
                        } else {
                            vec![part]
                        }
                    })
                    .collect()
            }
        };
        request.hiera_config = options
            .hiera_config
            .as_deref()
            .map(|path| code_path(&root, path))
            .transpose()?;
        let release_strict = match settings.strict {
            Strict::Off => bunraku_hiera::Strict::Off,
            Strict::Warning => bunraku_hiera::Strict::Warning,
            Strict::Error => bunraku_hiera::Strict::Error,
        };
        request.settings = settings;
        request.variables = object(options.vars.as_ref())?
            .map(|vars| {
                rich::from_json(&vars)
                    .map(pairs)
                    .map_err(|error| Failure::input(error.message))
            })
            .transpose()?
            .unwrap_or_default();
        request.classes = options
            .classes
            .as_deref()
            .map(read_json)
            .transpose()?
            .map(|list| classes(&list))
            .unwrap_or_default();
        let facts = object(options.facts.as_ref())?.map(facts_values);
        let trusted =
            object(options.trusted.as_ref())?.unwrap_or_else(|| trusted_of(&options.node));
        let server_facts = object(options.server_facts.as_ref())?;
        let exports = options.exports.as_deref().map(exports).transpose()?;
        let empty = || Value::hash(PuppetHash::new());
        Ok(Self {
            request,
            release: Release::new(LocalFiles::new(root), release_strict),
            node: NodeFacts {
                facts: facts.map_or_else(empty, |facts| rich::from_plain_json(&facts)),
                trusted: rich::from_plain_json(&trusted),
                server_facts: server_facts
                    .map_or_else(empty, |facts| rich::from_plain_json(&facts)),
            },
            exports: Arc::new(exports.unwrap_or_default()),
        })
    }

    /// Compiles it.
    pub(crate) fn compile(&self) -> Compilation {
        bunraku_compiler::compile(&self.request, &self.inputs(), self.release.code())
    }

    /// Evaluates a program in the place of the main manifest.
    pub(crate) fn evaluate(&self, source: &bunraku_compiler::Program) -> Evaluation {
        bunraku_compiler::evaluate(&self.request, source, &self.inputs(), self.release.code())
    }

    fn inputs(&self) -> NodeInputs<'_, LocalFiles> {
        let now = jiff::Timestamp::now().as_nanosecond();
        let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), now);
        NodeInputs::new(&self.release, self.node.clone(), now, random)
            .with_exports(self.request.certname.as_str(), self.exports.as_ref())
    }
}
