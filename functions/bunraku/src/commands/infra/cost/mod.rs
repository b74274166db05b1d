//! `bunraku infra cost`: what the farm costs on AWS, before it is deployed.

mod levers;
mod model;
mod prices;
mod requests;
mod table;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::console;
use crate::failure::Result;
use model::Site;
use prices::{Architecture, PriceTable};
use requests::Assumptions;

/// Options of `bunraku infra cost`.
#[derive(Debug, Args)]
#[command(
    after_help = "List prices, without free tiers, discounts, taxes, support, and traffic out of AWS or \
    between zones. The requests of each step are what the tests count (--json: assumptions); times, sizes and log volumes \
    are those of a usual site.\n\nExample:\n  bunraku infra cost --nodes 1000 --runs-per-day 48 \
    --changes-per-day 10"
)]
pub(crate) struct Cost {
    /// Nodes that run an agent.
    #[arg(long, value_name = "N")]
    nodes: u32,
    /// Runs of each node's agent in a day; Puppet's default, every half an hour, is 48.
    #[arg(long, value_name = "R", value_parser = count)]
    runs_per_day: f64,
    /// Pushes in a day, over all environments.
    #[arg(long, value_name = "C", value_parser = count)]
    changes_per_day: f64,
    /// The region whose prices hold.
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    region: String,
    /// Of the nodes, those that a usual push gives a new catalog, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value = "0.3", value_parser = share)]
    share_of_nodes_changed: f64,
    /// Edges on Fargate behind a load balancer; 0 when they run on machines of yours.
    #[arg(long, value_name = "K", default_value_t = 2)]
    edges: u32,
    /// Size of a usual catalog as it is stored, compressed, in kB.
    #[arg(long, value_name = "S", default_value = "60", value_parser = count)]
    catalog_kb: f64,
    /// Of the pushes in a day, those that come to the nodes stage by stage (bunraku rollout).
    #[arg(long, value_name = "N", default_value = "0", value_parser = count)]
    rollouts_per_day: f64,
    /// How long a rollout goes on, in hours; the default plan takes 5.
    #[arg(long, value_name = "H", default_value = "5", value_parser = count)]
    hours_per_rollout: f64,
    /// Of the nodes that a push gives a new catalog, those that then export something else, from 0 to 1. Nodes that
    /// collect it are changed nodes.
    #[arg(long, value_name = "SHARE", default_value = "0", value_parser = share)]
    share_of_nodes_exporting: f64,
    /// Exports of the fleet's catalogs to a mirror in a day (bunraku export).
    #[arg(long, value_name = "N", default_value = "0", value_parser = count)]
    exports_per_day: f64,
    /// Instruction set of the functions and edges.
    #[arg(long, value_name = "SET", default_value = "x86_64")]
    architecture: Architecture,
    /// A table of prices in place of the one that is built in (infra/prices.json shows its form).
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

/// A number that is not negative.
fn count(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("a number from 0 up is wanted".to_owned()),
    }
}

/// A number from 0 to 1.
fn share(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("a number from 0 to 1 is wanted: 0.3 is 30 %".to_owned()),
    }
}

/// Prints the bill.
pub(crate) fn run(options: &Cost, json: bool) -> Result<ExitCode> {
    let table = PriceTable::load(options.prices.as_deref())?;
    let prices = table.of(&options.region, options.architecture)?;
    let site = Site {
        nodes: f64::from(options.nodes),
        runs_per_day: options.runs_per_day,
        changes_per_day: options.changes_per_day,
        share_of_nodes_changed: options.share_of_nodes_changed,
        edges: f64::from(options.edges),
        catalog_kb: options.catalog_kb,
        rollouts_per_day: options.rollouts_per_day,
        hours_per_rollout: options.hours_per_rollout,
        share_of_nodes_exporting: options.share_of_nodes_exporting,
        exports_per_day: options.exports_per_day,
    };
    let lines = model::bill(&site, &prices);
    let result = json!({
        "region": options.region, "currency": table.currency, "prices_as_of": table.as_of, "site": site,
        "lines": lines, "total": model::total(&lines), "biggest_lever": table::lever(&lines),
        "assumptions": Assumptions::now(),
    });
    console::result(json, &result, || {
        format!(
            "{}Prices of {} as of {}\n",
            table::table(&lines, &table.currency),
            options.region,
            table.as_of
        )
    });
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_checked() {
        assert_eq!(count("4.5"), Ok(4.5));
        for wrong in ["-1", "inf", "NaN", "x", ""] {
            assert!(count(wrong).is_err(), "{wrong}");
            assert!(share(wrong).is_err(), "{wrong}");
        }
        assert_eq!(share("1"), Ok(1.0));
        assert!(share("30").is_err());
    }
}
