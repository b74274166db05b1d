//! What describes a project: `metadata.json`, `environment.conf`.

use bunraku_syntax::environment_conf::ignored;
use serde_json::Value as Json;

use super::finding::Finding;

/// Reads JSON.
pub(crate) fn json(name: &str, bytes: &[u8]) -> Result<Json, Box<Finding>> {
    serde_json::from_slice(bytes).map_err(|error| {
        let line = u32::try_from(error.line()).ok();
        let column = u32::try_from(error.column().max(1)).ok();
        let message = format!("Unable to parse ({name}): {error}");
        Box::new(Finding::error(name, message).at(line, column))
    })
}

/// A module's `metadata.json`, by the rules of `Puppet::ModuleTool::Metadata`.
pub(crate) fn metadata(name: &str, bytes: &[u8]) -> Vec<Finding> {
    let document = match json(name, bytes) {
        Ok(document) => document,
        Err(finding) => return vec![*finding],
    };
    let Json::Object(fields) = &document else {
        return vec![Finding::error(name, "metadata.json must be an object")];
    };
    let mut found = Vec::new();
    for field in [
        "name",
        "version",
        "author",
        "license",
        "summary",
        "source",
        "dependencies",
    ] {
        if !fields.contains_key(field) {
            let finding = match field {
                "name" | "version" => Finding::error,
                _ => Finding::warning,
            };
            found.push(finding(
                name,
                format!("No {field} module metadata provided"),
            ));
        }
    }
    let text = |field: &str| fields.get(field).and_then(Json::as_str);
    if let Some(module) = text("name")
        && let Some(problem) = name_problem(module)
    {
        let message = format!("Invalid 'name' field in metadata.json: {problem}");
        // Puppet loads a module without an author, only the Forge does not take it.
        let finding = if module.contains(['-', '/']) {
            Finding::error
        } else {
            Finding::warning
        };
        found.push(finding(name, message));
    }
    if let Some(version) = text("version")
        && !is_version(version)
    {
        let message = "Invalid 'version' field in metadata.json: version string cannot be parsed as a valid Semantic Version";
        let hint = "write three numbers: `1.0.0`".to_owned();
        found.push(Finding::error(name, message).with_hint(Some(hint)));
    }
    found.extend(dependencies(name, fields.get("dependencies")));
    found
}

/// What is wrong with `author-module`.
fn name_problem(name: &str) -> Option<&'static str> {
    let Some((author, module)) = name.split_once(['-', '/']) else {
        return Some("the field must be a dash-separated username and module name");
    };
    if author.is_empty() || !author.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Some("the username contains non-alphanumeric characters");
    }
    let mut bytes = module.bytes();
    if !bytes.next().is_some_and(|first| first.is_ascii_lowercase()) {
        return Some("the module name must begin with a letter");
    }
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (!bytes.all(fits))
        .then_some("the module name contains non-alphanumeric (or underscore) characters")
}

/// `1.2.3`, with what may follow.
fn is_version(version: &str) -> bool {
    let (core, rest) = match version.find(['-', '+']) {
        Some(at) => version.split_at(at),
        None => (version, ""),
    };
    let parts: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    parts.len() == 3 && parts.iter().all(number) && rest.len() != 1 && rest.bytes().all(fits)
}

fn dependencies(name: &str, list: Option<&Json>) -> Vec<Finding> {
    let Some(list) = list else { return Vec::new() };
    let Json::Array(list) = list else {
        return vec![Finding::error(
            name,
            "The 'dependencies' field must be an array",
        )];
    };
    let mut found = Vec::new();
    let mut seen = Vec::new();
    for dependency in list {
        let Some(module) = dependency.get("name").and_then(Json::as_str) else {
            found.push(Finding::error(name, "a dependency without a 'name'"));
            continue;
        };
        if let Some(problem) = name_problem(module) {
            let message = format!("Invalid dependency '{module}' in metadata.json: {problem}");
            found.push(Finding::error(name, message));
        }
        let plain = module.replace('/', "-");
        if seen.contains(&plain) {
            let message = format!("Dependency '{module}' is listed more than once");
            found.push(Finding::error(name, message));
        }
        seen.push(plain);
    }
    found
}

/// What Puppet ignores in an `environment.conf`, each at its line.
pub(crate) fn environment_conf(name: &str, text: &str) -> Vec<Finding> {
    ignored(text)
        .into_iter()
        .map(|found| {
            let message = if found.is_section {
                format!("Invalid sections in environment.conf at '{name}'. Environment conf may not have sections. The following sections are being ignored: '{}'", found.name)
            } else {
                format!("Invalid settings in environment.conf at '{name}'. The following unknown setting(s) are being ignored: {}", found.name)
            };
            let hint = found.meant.map(|meant| format!("did you mean `{meant}`?"));
            Finding::warning(name, message).at(Some(found.line), Some(1)).with_hint(hint)
        })
        .collect()
}
