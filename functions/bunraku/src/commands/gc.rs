//! `bunraku gc`: removes what nobody needs any more from the store.

use std::process::ExitCode;

use bunraku_store::{Collected, Kind};
use clap::Args;

use super::inventory::{cells, open_store};
use crate::cli::StoreArgs;
use crate::console;
use crate::failure::Result;

/// Options of `bunraku gc`.
#[derive(Debug, Args)]
#[command(
    after_help = "Kept is whatever an environment can be brought to (its release, the one before, and the 50 \
    changes of its history), every node's catalog, and what is less than a day old. `bunraku up`, \
    `bunraku work` and the farm on AWS collect once a day by themselves. A bucket has to keep versions, so that nothing is lost \
    that comes into use in the same instant; each node's pointer is read, which S3 charges (a million: $0.40).\
    \n\nExample:\n  bunraku gc --dry-run"
)]
pub(crate) struct Gc {
    #[command(flatten)]
    store: StoreArgs,
    /// Only say what would be removed.
    #[arg(long)]
    dry_run: bool,
}

/// Collects, and says what.
pub(crate) async fn run(options: &Gc, json: bool) -> Result<ExitCode> {
    let store = open_store(&options.store).await?;
    let collected = store.collect_garbage(options.dry_run).await?;
    let result = serde_json::json!({
        "dry_run": options.dry_run, "collected": collected.kinds, "cut_short": collected.cut_short,
    });
    console::result(json, &result, || table(&collected, options.dry_run));
    Ok(ExitCode::SUCCESS)
}

fn table(collected: &Collected, dry_run: bool) -> String {
    let removed = if dry_run { "WOULD GO" } else { "REMOVED" };
    let mut rows = vec![cells(["", "IN USE", "TOO YOUNG", removed, "BYTES"])];
    for (kind, swept) in &collected.kinds {
        rows.push(vec![
            name(*kind).to_owned(),
            swept.named.to_string(),
            swept.young.to_string(),
            swept.removed.to_string(),
            swept.removed_bytes.to_string(),
        ]);
    }
    let mut text = console::table(&rows);
    if collected.cut_short {
        text.push_str("\nThere was no time for all of it: run it again.");
    }
    text
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Releases => "releases",
        Kind::Blobs => "files",
        Kind::Catalogs => "catalogs",
        Kind::PoolParts => "exported resources",
        Kind::Documents => "documents of removed environments",
    }
}
