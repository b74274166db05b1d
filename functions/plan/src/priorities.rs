//! The lane of each node, by the rules of the site.

use std::collections::BTreeSet;

use bunraku_farm::documents::{Node, SiteSettings, Unknown};
use bunraku_farm::messages::Lane;
use bunraku_farm::{Certname, EnvironmentName};
use bunraku_store::StoreError;
use futures::{StreamExt, TryStreamExt, stream};

use crate::Context;

/// How many nodes are looked at once. Documents are small, and most sites' rules ask for none.
const AT_ONCE: usize = 64;

/// Gives each node its lane. Facts and pointers are read where a rule asks for them, of the nodes
/// that no rule before decides on.
pub(crate) async fn lanes(
    context: &Context,
    environment: &EnvironmentName,
    settings: &SiteSettings,
    nodes: BTreeSet<Certname>,
) -> Result<Vec<(Certname, Lane)>, StoreError> {
    stream::iter(nodes)
        .map(|certname| lane(context, environment, settings, Node::named(certname)))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn lane(
    context: &Context,
    environment: &EnvironmentName,
    settings: &SiteSettings,
    mut node: Node,
) -> Result<(Certname, Lane), StoreError> {
    let store = &context.store;
    loop {
        match settings.lane(&node) {
            Ok(lane) => return Ok((node.into_certname(), lane)),
            Err(Unknown::Facts) => {
                let facts = store.facts(node.certname()).await?;
                node.learn_facts(facts.map(|facts| facts.values).unwrap_or_default());
            }
            Err(Unknown::Classes) => {
                let pointer = store.pointer(environment, node.certname()).await?;
                node.learn_classes(pointer.map(|pointer| pointer.classes).unwrap_or_default());
            }
        }
    }
}
