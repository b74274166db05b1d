//! `bunraku infra`: the farm on AWS.

mod cost;
mod doctor;
mod package;
mod variables;

use std::process::ExitCode;

use clap::Subcommand;

use super::block_on;
use crate::failure::Result;

/// What can be done with the farm on AWS.
#[derive(Debug, Subcommand)]
pub(crate) enum InfraCommand {
    /// Build the functions and pack them for AWS Lambda, one checked zip each.
    Package(package::Package),
    /// Estimate the monthly bill by service, from list prices and request counts.
    Cost(cost::Cost),
    /// Check a deployed farm: its bucket, its queues and what lies in them.
    Doctor(doctor::Doctor),
    /// Print the environment variables of a deployed stack, for `eval`.
    Env(variables::Env),
}

/// Runs the command.
pub(crate) fn run(command: &InfraCommand, json: bool) -> Result<ExitCode> {
    match command {
        InfraCommand::Package(options) => package::run(options, json),
        InfraCommand::Cost(options) => cost::run(options, json),
        InfraCommand::Doctor(options) => block_on(doctor::run(options, json)),
        InfraCommand::Env(options) => variables::run(options, json),
    }
}
