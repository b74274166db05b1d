//! `bunraku environments`: what each serves, and removing some.

use std::process::ExitCode;

use bunraku_farm::EnvironmentName;
use clap::{Args, Subcommand};
use serde_json::json;

use super::inventory::{cells, open_store};
use crate::cli::StoreArgs;
use crate::console;
use crate::failure::{Failure, Result};

/// Options of `bunraku environments`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Environments {
    #[command(subcommand)]
    command: Option<EnvironmentsCommand>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Subcommand)]
enum EnvironmentsCommand {
    /// Remove environments: their nodes get no catalogs from them any more.
    Remove(RemoveEnvironments),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Agents that ask for it are told that there is no such environment, at once or within \
    seconds. Its releases and catalogs are collected a day later (`bunraku gc`); a push before that finds \
    them.\n\nExample:\n  bunraku environments remove feature_x"
)]
struct RemoveEnvironments {
    /// The environments.
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Lists environments, or does to them what was asked.
pub(crate) async fn run(args: &Environments, json: bool) -> Result<ExitCode> {
    match &args.command {
        None => list(&args.store, json).await,
        Some(EnvironmentsCommand::Remove(options)) => remove(options, json).await,
    }
}

/// The environments and what each serves.
async fn list(args: &StoreArgs, json: bool) -> Result<ExitCode> {
    let store = open_store(args).await?;
    let mut environments = Vec::new();
    let mut rows = vec![cells(["ENVIRONMENT", "RELEASE", "SINCE", "PREVIOUS"])];
    for name in store.environments().await? {
        let Some(document) = store.environment(&name).await? else {
            continue;
        };
        rows.push(vec![
            name.to_string(),
            document.release.short(),
            document.updated_at.to_string(),
            document
                .previous
                .map(|digest| digest.short())
                .unwrap_or_default(),
        ]);
        environments.push(json!({
            "environment": name, "release": document.release, "previous": document.previous,
            "sequence": document.sequence, "updated_at": document.updated_at,
        }));
    }
    console::result(json, &environments, || console::table(&rows));
    Ok(ExitCode::SUCCESS)
}

/// Removes environments; a name that is none is an error, after all others were dealt with.
async fn remove(options: &RemoveEnvironments, json: bool) -> Result<ExitCode> {
    let store = open_store(&options.store).await?;
    let names: Vec<EnvironmentName> = options
        .names
        .iter()
        .map(|name| EnvironmentName::parse(name.as_str()))
        .collect::<Result<_, _>>()?;
    let (mut removed, mut unknown) = (Vec::new(), Vec::new());
    for name in names {
        match store.remove_environment(&name).await? {
            true => removed.push(name),
            false => unknown.push(name),
        }
    }
    let result = json!({ "removed": removed, "unknown": unknown });
    console::result(json, &result, || {
        let lines = removed.iter().map(|name| format!("Removed {name}."));
        lines.collect::<Vec<_>>().join("\n")
    });
    if unknown.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = unknown.iter().map(EnvironmentName::as_str).collect();
    Err(Failure::input(format!(
        "there is no environment {}",
        names.join(", ")
    )))
}
