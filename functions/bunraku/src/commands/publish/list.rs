//! `bunraku publish --list`: what is published, and for how many nodes.

use std::process::ExitCode;

use bunraku_farm::documents::{Node, Patterns, Prebuilt, PrebuiltCatalogs};
use bunraku_farm::{Certname, Digest, EnvironmentName, PrebuiltName};
use bunraku_store::Store;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::Destination;
use crate::cli::StoreArgs;
use crate::commands::inventory::{cells, open_store};
use crate::console;
use crate::failure::{Failure, Result};

/// How many nodes are looked at at once.
const AT_ONCE: usize = 64;

/// A published catalog, as `--json` prints it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    name: PrebuiltName,
    digest: Digest,
    /// The nodes it is for.
    selector: String,
    template: bool,
    by: String,
    /// Nodes that have it: of several for a node the newest counts.
    nodes: usize,
}

/// Lists those of the release that an environment's nodes have.
pub(super) async fn run(destination: &Destination, json: bool) -> Result<ExitCode> {
    if destination.store.starts_with("https://") {
        return Err(Failure::input(
            "the list is read from the farm's store: name a directory or a bucket with --store",
        ));
    }
    let args = StoreArgs {
        store: destination.store.clone(),
    };
    let store = open_store(&args).await?;
    let environment = EnvironmentName::parse(destination.environment.as_str())?;
    let lines = lines(&store, &environment).await?;
    console::result(json, &lines, || table(&lines));
    Ok(ExitCode::SUCCESS)
}

async fn lines(store: &Store, environment: &EnvironmentName) -> Result<Vec<Line>> {
    let Some(document) = store.environment(environment).await? else {
        return Err(Failure::input(format!(
            "there is no environment {environment}"
        )));
    };
    let manifest = store
        .release_manifest(environment, document.release)
        .await?;
    let Some(list) = manifest.file(PrebuiltCatalogs::PATH) else {
        return Ok(Vec::new());
    };
    let text = store.blob(list.digest).await?;
    let list: PrebuiltCatalogs = serde_json::from_slice(&text).map_err(Failure::input)?;
    let mut lines: Vec<Line> = list.catalogs.iter().map(line).collect();
    let known = store.known_nodes_in(environment).await?;
    let catalogs = list.catalogs.as_slice();
    let mut chosen = stream::iter(known)
        .map(|certname| chosen(store, environment, catalogs, certname))
        .buffer_unordered(AT_ONCE);
    while let Some(place) = chosen.try_next().await? {
        if let Some(line) = place.and_then(|place| lines.get_mut(place)) {
            line.nodes += 1;
        }
    }
    Ok(lines)
}

/// The first catalog that is for a node.
async fn chosen(
    store: &Store,
    environment: &EnvironmentName,
    catalogs: &[Prebuilt],
    certname: Certname,
) -> Result<Option<usize>> {
    let mut node = Node::named(certname);
    for (place, prebuilt) in catalogs.iter().enumerate() {
        let selector = prebuilt.selector();
        if store.is_meant(environment, &selector, &mut node).await? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn line(prebuilt: &Prebuilt) -> Line {
    let facts = prebuilt.fact.iter();
    let facts = facts.map(|(path, patterns): (&String, &Patterns)| format!("{path}={patterns}"));
    let selector = std::iter::once(prebuilt.certname.to_string()).chain(facts);
    Line {
        name: prebuilt.name.clone(),
        digest: prebuilt.catalog,
        selector: selector.collect::<Vec<_>>().join(", "),
        template: prebuilt.template,
        by: prebuilt.by.clone(),
        nodes: 0,
    }
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
