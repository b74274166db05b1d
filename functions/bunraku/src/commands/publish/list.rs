//! `bunraku publish --list`: what is published, and for how many nodes.

use std::process::ExitCode;

use bunraku_edge::api::Order;

use super::Destination;
use crate::administration::Line;
use crate::commands::desk::Desk;
use crate::commands::inventory::cells;
use crate::console;
use crate::failure::Result;

/// Lists those of the release that an environment's nodes have.
pub(super) async fn run(destination: &Destination, json: bool) -> Result<ExitCode> {
    let (store, environment) = (&destination.store, &destination.environment);
    let desk = Desk::open(store, environment, &destination.client).await?;
    let lines: Vec<Line> = desk.order(Order::Published).await?;
    console::result(json, &lines, || table(&lines));
    Ok(ExitCode::SUCCESS)
}

fn table(lines: &[Line]) -> String {
    if lines.is_empty() {
        return "Nothing is published.".to_owned();
    }
    let mut rows = vec![cells(["NAME", "DIGEST", "FOR", "NODES", "BY"])];
    rows.extend(lines.iter().map(|line| {
        vec![
            line.name.to_string(),
            line.digest.short(),
            line.selector.clone(),
            line.nodes.to_string(),
            line.by.clone(),
        ]
    }));
    console::table(&rows)
}
