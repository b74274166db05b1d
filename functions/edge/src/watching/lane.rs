//! Whose turn comes first: the same rules of the site that say whose catalog is compiled first.

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::Node;
use bunraku_farm::messages::Lane;
use bunraku_store::StoreError;

use crate::edge::Shared;

/// The lane of a node. Its facts and the classes of its catalog are read where a rule asks for them, and they are not
/// known yet.
pub(super) async fn lane(
    shared: &Shared,
    environment: &EnvironmentName,
    node: Node,
) -> Result<Lane, StoreError> {
    let Some(document) = shared.farm.environment(environment).await? else {
        return Ok(Lane::Normal);
    };
    let store = &shared.farm.store;
    store.lane(environment, &document.settings, node).await
}
