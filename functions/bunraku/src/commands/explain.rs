//! `bunraku explain`

use std::collections::BTreeMap;
use std::process::ExitCode;

use bunraku_farm::documents::Prebuilt;
use bunraku_farm::{Certname, EnvironmentName, facts};
use serde_json::json;

use super::inventory::open_store;
use crate::cli::NodeArgs;
use crate::console;
use crate::failure::{Failure, Result};

/// Shows what a node's catalog rests on, and which volatile facts among it defeat reuse.
pub(crate) async fn run(args: &NodeArgs, json: bool) -> Result<ExitCode> {
    let store = open_store(&args.environment.store).await?;
    let environment = EnvironmentName::parse(args.environment.environment.as_str())?;
    let certname = Certname::parse(args.node.as_str())?;
    let Some(pointer) = store.pointer(&environment, &certname).await? else {
        return Err(Failure::input(format!(
            "{certname} has no catalog in environment {environment}"
        )));
    };
    let reads: BTreeMap<String, String> = pointer.trace.parse().map_err(Failure::input)?;
    let volatile: Vec<&String> = reads
        .keys()
        .filter(|read| {
            let path: Option<Vec<&str>> = read
                .strip_prefix("fact:")
                .map(|path| path.split('.').collect());
            path.is_some_and(|path| facts::is_volatile(&path))
        })
        .collect();
    let published = reads
        .keys()
        .find_map(|read| Prebuilt::named_by(read.strip_prefix("file:")?));
    let result = json!({
        "node": certname, "published": published, "environment": environment, "release": pointer.release,
        "catalog": pointer.catalog.map(|catalog| catalog.digest), "compiled_at": pointer.compiled_at,
        "verified_at": pointer.verified_at, "duration_ms": pointer.duration_ms, "compiler": pointer.compiler,
        "error": pointer.failure.as_ref().map(|failure| &failure.error), "volatile": volatile, "reads": reads,
    });
    console::result(json, &result, || {
        let shown = |value: Option<String>| value.unwrap_or_else(|| "never".to_owned());
        let mut lines = vec![
            format!("node       {certname} ({environment})"),
            format!(
                "catalog    {}",
                shown(pointer.catalog.map(|catalog| catalog.digest.to_hex()))
            ),
            format!(
                "release    {}",
                shown(pointer.release.map(|release| release.to_hex()))
            ),
            format!(
                "compiled   {} in {} ms by {}",
                shown(pointer.compiled_at.map(|at| at.to_string())),
                pointer.duration_ms,
                pointer.compiler
            ),
            format!(
                "verified   {}",
                shown(pointer.verified_at.map(|at| at.to_string()))
            ),
        ];
        lines.extend(published.map(|name| {
            format!(
                "published  it is the published catalog {name}; nothing is compiled for this node"
            )
        }));
        lines.extend(
            pointer
                .failure
                .as_ref()
                .map(|failure| format!("failed     {}", failure.error)),
        );
        lines.extend(
            volatile
                .iter()
                .map(|read| format!("volatile   {read} changes all the time: no reuse")),
        );
        lines.push(format!("rests on {} reads:", reads.len()));
        lines.extend(reads.keys().map(|read| format!("  {read}")));
        lines.join("\n")
    });
    Ok(ExitCode::SUCCESS)
}
