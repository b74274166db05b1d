//! One run of the simulation, or many: `--help` tells.

use std::process::ExitCode;
use std::time::Instant;

use bunraku_simulation::{
    Crowd, Fault, Faults, Push, Report, Request, Scenario, Stage, bill, live,
};
use clap::Parser;

/// Runs the whole farm in memory, with faults, and checks its promises after each step.
///
/// A fleet of more than 10,000 nodes gets two pushes and a rollout in good weather, and what AWS would see of
/// them is printed.
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
    /// Releases come stage by stage, too, nodes are pinned and catalogs are published.
    #[arg(long)]
    staged: bool,
    /// Of a great many nodes: how many calls of `compile` there may be at the same time.
    #[arg(long, default_value_t = 1000)]
    concurrency: usize,
}

/// More nodes than these are a crowd.
const CROWD: usize = 10_000;

fn main() -> ExitCode {
    let options = Options::parse();
    match options.nodes {
        Some(nodes) if nodes > CROWD => crowd(&options, nodes),
        _ => fleets(&options),
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]
fn fleets(options: &Options) -> ExitCode {
    let (began, mut minutes, mut faults) = (Instant::now(), 0, Faults::new());
    for seed in options.seed..options.seed.saturating_add(options.seeds) {
        let scenario = match options.nodes {
            Some(nodes) => Scenario {
                seed,
                nodes,
                minutes: options.minutes,
                faults: !options.calm,
                native: options.native,
                staged: options.staged,
            },
            None => Scenario::of_seed(seed),
        };
        match live(&scenario) {
            Ok(report) => {
                minutes += scenario.minutes;
                for (fault, count) in &report.faults {
                    *faults.entry(*fault).or_default() += count;
                }
                if options.seeds == 1 {
                    tell(&report);
                }
            }
            Err(violation) => {
                eprintln!("{violation}\nagain with: {scenario}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("Faults injected and survived:");
    for fault in Fault::ALL {
        let count = faults.get(&fault).copied().unwrap_or(0);
        println!("  {:<22} {count}", fault.as_str());
    }
    let took = began.elapsed();
    let speed = minutes as f64 / took.as_secs_f64();
    println!("{minutes} minutes of fleets in {took:.1?}: {speed:.1} a second");
    ExitCode::SUCCESS
}

#[allow(clippy::print_stdout, reason = "a command")]
fn tell(report: &Report) {
    println!("Lived {:?}, {} steps.", report.lived, report.steps);
    println!("Requests:");
    for (request, count) in &report.requests {
        println!("  {:<22} {count}", request.as_str());
    }
    println!("The longest wait in each queue:");
    for (channel, wait) in &report.waits {
        println!("  {:<22} {wait:.1?}", channel.as_str());
    }
    let counters = &report.counters;
    println!(
        "{} compiles, {} catalogs verified, {} tasks with nothing to do",
        counters.compiles, counters.catalogs_verified, counters.compiles_skipped
    );
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]
fn crowd(options: &Options, nodes: usize) -> ExitCode {
    let began = Instant::now();
    let crowd = Crowd {
        seed: options.seed,
        nodes,
        concurrency: options.concurrency,
    };
    let told = match crowd.run() {
        Ok(told) => told,
        Err(violation) => {
            eprintln!("{violation}");
            return ExitCode::FAILURE;
        }
    };
    for push in &told.pushes {
        println!("\nA push to {nodes} nodes: {}", push.name);
        println!("  {:<24} {:>14.1?}", "time to converge", push.converged);
        println!("  {:<24} {:>14}", "catalogs compiled", push.compiled);
        println!("  {:<24} {:>14}", "catalogs that still hold", push.verified);
        for (name, invoked) in &push.invocations {
            println!("  {:<24} {:>14}", format!("{name}, at once"), invoked.peak);
        }
        match bill(push) {
            Ok(lines) => {
                for line in &lines {
                    println!(
                        "  {:<24} {:>14.0} {:>10.2} $",
                        line.item, line.quantity, line.sum
                    );
                }
                let sum: f64 = lines.iter().map(|line| line.sum).sum();
                println!("  {:<24} {:>14} {sum:>10.2} $", "together", "");
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    println!("\nA rollout to {nodes} nodes: one role of 20 changes; 5 minutes between two stages");
    println!(
        "  {:<10} {:>8} {:<9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>10} {:>9}",
        "STAGE", "NODES", "", "TIME", "COMPILED", "HOLD", "S3 READS", "S3 WRITES", "SQS", "COST"
    );
    for Stage {
        name,
        nodes,
        made,
        told,
    } in &told.stages
    {
        if let Some(made) = made {
            row((name, *nodes, "catalogs"), made);
        }
        row((name, *nodes, "opened"), told);
    }
    println!("\nSimulated in {:.0?}.", began.elapsed());
    ExitCode::SUCCESS
}

/// A line of the rollout's table.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]
fn row((name, nodes, what): (&str, u64, &str), push: &Push) {
    let requests = |kinds: &[Request]| {
        let counts = kinds.iter().filter_map(|kind| push.requests.get(kind));
        counts.sum::<u64>()
    };
    let cost = match bill(push) {
        Ok(lines) => lines.iter().map(|line| line.sum).sum::<f64>(),
        Err(error) => return eprintln!("{error}"),
    };
    println!(
        "  {name:<10} {nodes:>8} {what:<9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>10} {cost:>7.2} $",
        format!("{:.0?}", push.converged),
        push.compiled,
        push.verified,
        requests(&[Request::Get, Request::List]),
        requests(&[Request::Put]),
        requests(&[Request::Send, Request::Receive, Request::Settle]),
    );
}
