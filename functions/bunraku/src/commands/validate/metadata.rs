//! A module's `metadata.json`: what Puppet refuses when it loads the module (`Puppet::Module#load_metadata`) or packs it
//! (`Puppet::ModuleTool::Metadata`) is an error; what only the Forge and `metadata-json-lint` miss is a warning.

use std::path::Path;

use bunraku_farm::documents::Severity;
use bunraku_pcore::{SemVer, SemVerRange};
use serde_json::{Map, Value as Json};

use super::finding::Finding;

/// Fields that a module can't be loaded without, in the order in which Puppet asks for them.
const NEEDED: [&str; 5] = ["source", "author", "version", "license", "dependencies"];

/// Fields that a module should have.
const WANTED: [&str; 2] = ["name", "summary"];

/// What is wrong with the document of the file `name`.
pub(super) fn check(name: &str, document: &Json) -> Vec<Finding> {
    let mut check = Check {
        name,
        found: Vec::new(),
    };
    match document {
        Json::Object(fields) => check.document(fields),
        _ => check.error("metadata.json must be an object"),
    }
    check.found
}

struct Check<'n> {
    name: &'n str,
    found: Vec<Finding>,
}

impl Check<'_> {
    fn error(&mut self, message: impl Into<String>) {
        self.found.push(Finding::error(self.name, message));
    }

    fn hinted(&mut self, message: impl Into<String>, hint: &str) {
        let hint = Some(hint.to_owned());
        self.found
            .push(Finding::error(self.name, message).with_hint(hint));
    }

    fn warning(&mut self, message: impl Into<String>) {
        self.found.push(Finding {
            severity: Severity::Warning,
            ..Finding::error(self.name, message)
        });
    }

    fn document(&mut self, fields: &Map<String, Json>) {
        let given = |field: &str| fields.get(field).filter(|value| !value.is_null());
        let module = self.module(given("name"));
        for field in NEEDED {
            let message = format!("No {field} module metadata provided for {module}");
            match given(field) {
                // Puppet takes an empty object for no metadata at all.
                None if fields.is_empty() => self.warning(message),
                None => self.error(message),
                Some(_) => {}
            }
        }
        for field in WANTED {
            if given(field).is_none() {
                self.warning(format!("No {field} module metadata provided for {module}"));
            }
        }
        let is_set = |value: &&Json| **value != Json::Bool(false);
        if let Some(name) = given("name").filter(is_set) {
            self.module_name(name);
        }
        if let Some(version) = given("version").filter(is_set) {
            self.version(version);
        }
        if let Some(provider) = given("data_provider").filter(is_set) {
            self.data_provider(provider);
        }
        match given("dependencies") {
            Some(Json::Array(list)) => self.dependencies(list),
            Some(other) => {
                let shown = other
                    .as_str()
                    .map_or_else(|| other.to_string(), str::to_owned);
                self.error(format!("The value for the key dependencies in the file metadata.json of the module {module} must be an array, not: '{shown}'"));
            }
            None => {}
        }
    }

    /// The name that the module is loaded by: its directory's, or what stands behind the author.
    fn module(&self, name: Option<&Json>) -> String {
        let full = name.and_then(Json::as_str);
        let behind = full.and_then(|full| Some(full.split_once(['-', '/'])?.1));
        let directory = Path::new(self.name).parent().and_then(Path::file_name);
        let directory = directory.map(|directory| directory.to_string_lossy().into_owned());
        behind
            .map(str::to_owned)
            .or(directory)
            .unwrap_or_else(|| "the module".to_owned())
    }

    fn module_name(&mut self, name: &Json) {
        let hint = "write the author and the module, such as `puppetlabs-ntp`";
        match name.as_str().map(name_problem) {
            None => self.hinted(
                "Invalid 'name' field in metadata.json: it must be a string",
                hint,
            ),
            Some(Some(problem)) => {
                self.hinted(
                    format!("Invalid 'name' field in metadata.json: {problem}"),
                    hint,
                );
            }
            Some(None) => {}
        }
    }

    fn version(&mut self, version: &Json) {
        let version = version.as_str().map(SemVer::parse);
        if !matches!(version, Some(Ok(_))) {
            let message = "Invalid 'version' field in metadata.json: version string cannot be parsed as a valid Semantic Version";
            self.hinted(message, "write three numbers in a string: `\"1.0.0\"`");
        }
    }

    fn data_provider(&mut self, provider: &Json) {
        let Some(provider) = provider.as_str() else {
            return self.error("field 'data_provider' must be a string");
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !provider.starts_with(|first: char| first.is_ascii_alphabetic()) {
            self.error("field 'data_provider' must begin with a letter");
        } else if !provider.bytes().all(fits) {
            self.error("field 'data_provider' contains non-alphanumeric characters");
        }
    }

    fn dependencies(&mut self, list: &[Json]) {
        let mut seen: Vec<(&str, Option<&str>)> = Vec::new();
        for dependency in list {
            let Some(name) = dependency.get("name").and_then(Json::as_str) else {
                let hint =
                    "write `{\"name\": \"author-module\", \"version_requirement\": \">= 1.0.0\"}`";
                self.hinted("a dependency without a 'name' that is a string", hint);
                continue;
            };
            if let Some(problem) = name_problem(name) {
                let message = format!("Invalid 'name' field in metadata.json: {problem}");
                self.hinted(message, &format!("it is the dependency `{name}`"));
            }
            let required = dependency.get("version_requirement");
            let range = required.and_then(Json::as_str);
            match (required, range.map(SemVerRange::parse)) {
                (None | Some(Json::Null), _) => {
                    self.warning(format!("Dependency {name} has no version_requirement"));
                }
                (Some(_), None) => self.error(format!(
                    "the version_requirement of dependency {name} must be a string"
                )),
                (_, Some(Err(_))) => self.hinted(
                    format!("Invalid 'version_range' field in metadata.json: Unparsable version range: {:?}", range.unwrap_or_default()),
                    "write bounds with a blank between them: `>= 1.0.0 < 2.0.0`",
                ),
                (_, Some(Ok(_))) => {}
            }
            let same = seen.iter().find(|(known, _)| *known == name);
            match same {
                Some((_, other)) if *other != range => self.error(format!(
                    "Dependency conflict for : Dependency {name} was given conflicting version requirements {} and {}. Verify that there are no duplicates in the metadata.json.",
                    range.unwrap_or_default(),
                    other.unwrap_or_default()
                )),
                Some(_) => self.warning(format!("Dependency {name} is listed more than once")),
                None => {}
            }
            seen.push((name, range));
        }
    }
}

/// What is wrong with `author-module`, in the words of Puppet's module tool.
fn name_problem(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix('\n').unwrap_or(name);
    let (author, module) = name.split_once(['-', '/']).unwrap_or((name, ""));
    let fits = |ch: char| ch.is_ascii_alphanumeric() || ch == '_';
    if author.is_empty() || module.is_empty() {
        Some("the field must be a namespaced module name")
    } else if !module.chars().all(fits) {
        Some("the module name contains non-alphanumeric (or underscore) characters")
    } else if !module.starts_with(|first: char| first.is_ascii_alphabetic()) {
        Some("the module name must begin with a letter")
    } else if !author.chars().all(|ch| ch.is_ascii_alphanumeric()) {
        Some("the namespace contains non-alphanumeric characters")
    } else {
        None
    }
}
