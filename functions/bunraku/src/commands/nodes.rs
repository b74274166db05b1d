//! `bunraku nodes`: what the farm knows of nodes, and forgetting some.

use std::process::ExitCode;

use bunraku_farm::messages::GatherTask;
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_queue::QueueError;
use clap::{Args, Subcommand};
use serde_json::json;

use super::inventory::{cells, is_current, open_store};
use super::queue;
use super::queue::QueueArgs;
use crate::cli::{EnvironmentArgs, StoreArgs};
use crate::console;
use crate::failure::{Failure, Result};

/// Options of `bunraku nodes`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Nodes {
    #[command(subcommand)]
    command: Option<NodesCommand>,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Only nodes whose last compile failed.
    #[arg(long)]
    failed: bool,
}

#[derive(Debug, Subcommand)]
enum NodesCommand {
    /// Forget nodes: their facts and catalogs, and what they export, which is taken from the nodes that
    /// collected it.
    Remove(RemoveNodes),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Certificates and reports are left: `bunraku ca revoke` ends the one, the store's lifecycle the others. \
    A node whose agent comes again is known again.\n\nExample:\n  bunraku nodes remove web7.example.com"
)]
struct RemoveNodes {
    /// The nodes' certnames.
    #[arg(value_name = "NODE", required = true)]
    nodes: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    queue: QueueArgs,
}

/// Lists nodes, or does to them what was asked.
pub(crate) async fn run(args: &Nodes, json: bool) -> Result<ExitCode> {
    match &args.command {
        None => list(args, json).await,
        Some(NodesCommand::Remove(options)) => remove(options, json).await,
    }
}

/// The nodes of an environment.
async fn list(args: &Nodes, json: bool) -> Result<ExitCode> {
    let store = open_store(&args.environment.store).await?;
    let environment = EnvironmentName::parse(args.environment.environment.as_str())?;
    let current = store.environment(&environment).await?;
    let mut nodes = Vec::new();
    let mut rows = vec![cells(["NODE", "STATE", "CATALOG", "COMPILED", "MS"])];
    let mut known = store.pointers(&environment).await?;
    known.extend(store.known_nodes_in(&environment).await?);
    known.sort_unstable();
    known.dedup();
    for certname in known {
        let Some(pointer) = store.pointer(&environment, &certname).await? else {
            if !args.failed {
                rows.push(cells([certname.as_str(), "new", "", "", ""]));
                nodes.push(json!({ "node": certname, "state": "new" }));
            }
            continue;
        };
        if args.failed && pointer.failure.is_none() {
            continue;
        }
        let is_current = current
            .as_ref()
            .is_some_and(|document| is_current(document, &pointer));
        let state = match (&pointer.failure, is_current) {
            (Some(_), _) => "failed",
            (None, true) => "current",
            (None, false) => "behind",
        };
        let catalog = pointer.catalog.map(|catalog| catalog.digest);
        rows.push(vec![
            certname.to_string(),
            state.to_owned(),
            catalog.map(|digest| digest.short()).unwrap_or_default(),
            pointer
                .compiled_at
                .map(|at| at.to_string())
                .unwrap_or_default(),
            pointer.duration_ms.to_string(),
        ]);
        nodes.push(json!({
            "node": certname, "state": state, "catalog": catalog, "release": pointer.release,
            "compiled_at": pointer.compiled_at, "verified_at": pointer.verified_at,
            "duration_ms": pointer.duration_ms, "compiler": pointer.compiler,
            "error": pointer.failure.map(|failure| failure.error),
        }));
    }
    console::result(json, &nodes, || console::table(&rows));
    Ok(ExitCode::SUCCESS)
}

/// Forgets nodes; a name that nobody knows is an error, after all others were dealt with.
async fn remove(options: &RemoveNodes, json: bool) -> Result<ExitCode> {
    let store = open_store(&options.store).await?;
    let names: Vec<Certname> = options
        .nodes
        .iter()
        .map(|name| Certname::parse(name.as_str()))
        .collect::<Result<_, _>>()?;
    let (mut removed, mut unknown) = (Vec::new(), Vec::new());
    for certname in names {
        match store.remove_node(&certname).await? {
            found if found.is_empty() => unknown.push(certname),
            found => removed.push(json!({ "node": certname, "environments": found })),
        }
    }
    if !removed.is_empty() {
        tell(options).await?;
    }
    let result = json!({ "removed": removed, "unknown": unknown });
    console::result(json, &result, || {
        let names = removed.iter().filter_map(|line| line["node"].as_str());
        let lines = names.map(|name| format!("Removed {name}."));
        lines.collect::<Vec<_>>().join("\n")
    });
    if unknown.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = unknown.iter().map(Certname::as_str).collect();
    Err(Failure::input(format!(
        "the farm knows no node {}",
        names.join(", ")
    )))
}

/// Has what the nodes exported taken from those who collected it. A farm that has the queue's file
/// itself, or will make one, looks by itself.
async fn tell(options: &RemoveNodes) -> Result<()> {
    if options.queue.missing().is_some() {
        return Ok(());
    }
    match bunraku_queue::open(&options.queue.queue).await {
        Ok(queue) => queue
            .send(GatherTask {}.into())
            .await
            .map_err(queue::failure),
        Err(QueueError::InUse { .. }) => {
            console::say(
                "The farm that runs takes what they exported from other nodes within half a minute.",
            );
            Ok(())
        }
        Err(error) => Err(queue::failure(error)),
    }
}
