//! What is published, and for how many nodes.

use bunraku_edge::OrderError;
use bunraku_farm::documents::{Node, Patterns, Prebuilt, PrebuiltCatalogs};
use bunraku_farm::{Certname, Digest, EnvironmentName, PrebuiltName};
use bunraku_store::{Store, StoreError};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::no_environment;

/// How many nodes are looked at at once.
const AT_ONCE: usize = 64;

/// A published catalog, as `bunraku publish --list --json` prints it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) name: PrebuiltName,
    pub(crate) digest: Digest,
    /// The nodes it is for.
    pub(crate) selector: String,
    template: bool,
    pub(crate) by: String,
    /// Nodes that have it: of several for a node the newest counts.
    pub(crate) nodes: usize,
}

/// Those of the release that an environment's nodes have.
pub(super) async fn lines(
    store: &Store,
    environment: &EnvironmentName,
) -> Result<Vec<Line>, OrderError> {
    let Some(document) = store.environment(environment).await? else {
        return Err(no_environment(environment));
    };
    let manifest = store
        .release_manifest(environment, document.release)
        .await?;
    let Some(list) = manifest.file(PrebuiltCatalogs::PATH) else {
        return Ok(Vec::new());
    };
    let text = store.blob(list.digest).await?;
    let list: PrebuiltCatalogs =
        serde_json::from_slice(&text).map_err(|error| StoreError::Invalid {
            reason: format!("{}: {error}", PrebuiltCatalogs::PATH),
        })?;
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
) -> Result<Option<usize>, StoreError> {
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
