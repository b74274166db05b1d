//! What a control repo says of its nodes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::read_json;
use crate::failure::{Failure, Result};

/// The facts documents of a directory by certname: `<certname>.json`, an object of facts or an agent's
/// document `{name, values}`.
pub(crate) fn facts_documents(directory: &Path) -> Result<BTreeMap<String, Json>> {
    let mut nodes = BTreeMap::new();
    let entries = std::fs::read_dir(directory)
        .map_err(|error| Failure::input(format!("{}: {error}", directory.display())))?;
    for entry in entries {
        let path = entry.map_err(Failure::input)?.path();
        let (Some(stem), Some("json")) = (
            path.file_stem().and_then(|stem| stem.to_str()),
            path.extension().and_then(|end| end.to_str()),
        ) else {
            continue;
        };
        nodes.insert(stem.to_owned(), read_json(&path)?);
    }
    Ok(nodes)
}

/// `$trusted` of a node as an agent's certificate without extensions gives it.
pub(crate) fn trusted_of(certname: &str) -> Json {
    let (hostname, domain) = match certname.split_once('.') {
        Some((hostname, domain)) => (hostname, Some(domain)),
        None => (certname, None),
    };
    json!({
        "authenticated": "remote",
        "certname": certname,
        "extensions": {},
        "hostname": hostname,
        "domain": domain,
        "external": {},
    })
}
