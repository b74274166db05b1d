//! One run of the simulation, or many: `--help` tells.

use std::process::ExitCode;
use std::time::Instant;

use bunraku_simulation::{Fault, Report, Request, Scenario, live};
use clap::Parser;

/// Runs the whole farm in memory, with faults, and checks its promises after each step.
#[derive(Debug, Parser)]
struct Options {
    /// Where all chance comes from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, one after the other.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// How many nodes; not given: what the seed says.
    #[arg(long)]
    nodes: Option<usize>,
    /// How long the fleet lives, in simulated minutes.
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Nothing goes wrong.
    #[arg(long)]
    calm: bool,
    /// Compile with the farm's own compiler.
    #[arg(long)]
    native: bool,
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]
fn main() -> ExitCode {
    let options = Options::parse();
    for seed in options.seed..options.seed.saturating_add(options.seeds) {
        let scenario = match options.nodes {
            Some(nodes) => Scenario {
                seed,
                nodes,
                minutes: options.minutes,
                faults: !options.calm,
                native: options.native,
            },
            None => Scenario::of_seed(seed),
        };
        let began = Instant::now();
        match live(&scenario) {
            Ok(report) => {
                println!(
                    "seed {seed}: {} nodes, {:.1?}",
                    scenario.nodes,
                    began.elapsed()
                );
                if options.seeds == 1 {
                    tell(&report);
                }
            }
            Err(violation) => {
                eprintln!("{violation}\n{scenario}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

#[allow(clippy::print_stdout, reason = "a command")]
fn tell(report: &Report) {
    println!("lived {:?}, {} steps", report.lived, report.steps);
    for request in Request::ALL {
        let count = report.requests.get(&request).copied().unwrap_or(0);
        println!("{:<20} {count}", request.as_str());
    }
    for fault in Fault::ALL {
        let count = report.faults.get(&fault).copied().unwrap_or(0);
        println!("{:<20} {count}", fault.as_str());
    }
    println!("{:?}", report.counters);
    println!("{:?}", report.waits);
}
