//! The lane of each node, by the rules of the site.

use std::collections::BTreeSet;

use bunraku_farm::documents::{Node, SiteSettings};
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
        .map(|certname| async move {
            let node = Node::named(certname.clone());
            let lane = context.store.lane(environment, settings, node).await?;
            Ok((certname, lane))
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}
