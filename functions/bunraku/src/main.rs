//! The command line, and the whole farm in one process.

mod administration;
mod backoff;
mod cli;
mod commands;
mod console;
mod document;
mod edge_client;
mod failure;
mod farm;
mod hook;
mod local;
mod reference;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    console::start_logging();
    match commands::run(&cli) {
        Ok(code) => code,
        Err(failure) => {
            console::error(&failure);
            failure.exit_code()
        }
    }
}
