//! `bunraku redrive`: dead letters get another chance.

use std::collections::BTreeMap;
use std::process::ExitCode;

use bunraku_queue::Channel;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use serde_json::json;

use super::queue::{self, QueueArgs};
use crate::console;
use crate::failure::Result;

/// Options of `bunraku redrive`.
#[derive(Debug, Args)]
#[command(
    after_help = "A message that failed too often is a dead letter: it waits, with the reason, until \
    somebody looks. Put them back when the cause is gone; `bunraku tasks --dead` shows them. Doing it twice \
    does no harm: a task that comes late finds its work done.\n\nExample:\n  bunraku tasks --dead && bunraku \
    redrive --lane urgent"
)]
pub(crate) struct Redrive {
    #[command(flatten)]
    queue: QueueArgs,
    /// Only the dead letters of this queue; all if none is given.
    #[arg(
        long = "lane",
        value_name = "LANE",
        value_parser = PossibleValuesParser::new(Channel::ALL.map(Channel::as_str))
            .try_map(|name| name.parse::<Channel>())
    )]
    lanes: Vec<Channel>,
}

/// Puts dead letters back and says how many.
pub(crate) async fn run(options: &Redrive, json: bool) -> Result<ExitCode> {
    let queue = queue::open(&options.queue).await?;
    let mut redriven = BTreeMap::new();
    for channel in Channel::ALL {
        if options.lanes.is_empty() || options.lanes.contains(&channel) {
            let count = queue.redrive(Some(channel)).await;
            redriven.insert(channel, count.map_err(queue::failure)?);
        }
    }
    let total: usize = redriven.values().sum();
    let by_name: BTreeMap<&str, usize> = redriven
        .iter()
        .map(|(channel, count)| (channel.as_str(), *count))
        .collect();
    let result = json!({ "redriven": by_name, "total": total });
    console::result(json, &result, || {
        if total == 0 {
            return "There are no dead letters to put back.".to_owned();
        }
        let parts: Vec<String> = redriven
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(channel, count)| format!("{channel} {count}"))
            .collect();
        format!("Put back {total}: {}", parts.join(", "))
    });
    Ok(ExitCode::SUCCESS)
}
