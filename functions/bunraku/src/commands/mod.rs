//! The commands, one module each.

mod ca;
mod compile;
mod desk;
mod diagnostics;
mod diff;
mod dump;
pub(crate) mod edge;
pub(crate) mod environments;
mod eval;
pub(crate) mod events;
mod explain;
pub(crate) mod export;
pub(crate) mod gc;
mod hearing;
pub(crate) mod infra;
mod inventory;
pub(crate) mod nodes;
pub(crate) mod publish;
pub(crate) mod push;
mod queue;
pub(crate) mod redrive;
mod replay;
pub(crate) mod rollout;
pub(crate) mod tasks;
mod up;
mod validate;
mod verify;
pub(crate) mod watch;
pub(crate) mod work;

use std::process::ExitCode;

use crate::cli::{Cli, Command};
use crate::failure::{Failure, Result};

/// Runs the command.
pub(crate) fn run(cli: &Cli) -> Result<ExitCode> {
    let json = cli.json;
    match &cli.command {
        Command::Compile(options) => compile::run(options, json),
        Command::Eval(options) => eval::run(options, json),
        Command::Validate(options) => validate::run(options, json),
        Command::Dump(options) => dump::run(options, json),
        Command::Diff(options) => diff::run(options, json),
        Command::Verify(options) => verify::run(options, json),
        Command::Ca(command) => ca::run(command, json),
        Command::Up(options) => block_on(up::run(options)),
        Command::Work(options) => block_on(work::run(options)),
        Command::Edge(options) => block_on(edge::run(options)),
        Command::Push(options) => block_on(push::run(options, json)),
        Command::Publish(options) => block_on(publish::publish(options, json)),
        Command::Unpublish(options) => block_on(publish::unpublish(options, json)),
        Command::Rollout(command) => block_on(rollout::run(command, json)),
        Command::Status(options) => block_on(inventory::status(options, json)),
        Command::Nodes(options) => block_on(nodes::run(options, json)),
        Command::Releases(options) => block_on(inventory::releases(options, json)),
        Command::Environments(options) => block_on(environments::run(options, json)),
        Command::Watch(options) => block_on(watch::run(options, json)),
        Command::Events(options) => block_on(events::run(options, json)),
        Command::Export(options) => block_on(export::run(options, json)),
        Command::Explain(options) => block_on(explain::run(options, json)),
        Command::Replay(options) => block_on(replay::run(options, json)),
        Command::Tasks(options) => block_on(tasks::run(options, json)),
        Command::Redrive(options) => block_on(redrive::run(options, json)),
        Command::Gc(options) => block_on(gc::run(options, json)),
        Command::Infra(command) => infra::run(command, json),
    }
}

/// Runs what waits for the store or the network.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Failure::unreachable(format!("no runtime: {error}")))?;
    let outcome = runtime.block_on(work);
    // A compile that was given back may still run: nobody waits for it.
    runtime.shutdown_background();
    outcome
}
