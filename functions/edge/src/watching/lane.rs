//! Whose turn comes first: the same rules of the site that say whose catalog is compiled first.

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{Node, Unknown};
use bunraku_farm::messages::Lane;
use bunraku_store::StoreError;

use crate::edge::Shared;

/// The lane of a node. Its facts and the classes of its catalog are read where a rule asks for them, and they are not
/// known yet.
pub(super) async fn lane(
    shared: &Shared,
    environment: &EnvironmentName,
    mut node: Node,
) -> Result<Lane, StoreError> {
    let Some(document) = shared.farm.environment(environment).await? else {
        return Ok(Lane::Normal);
    };
    let store = &shared.farm.store;
    loop {
        match document.settings.lane(&node) {
            Ok(lane) => return Ok(lane),
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
