//! The clock of rollouts: while one goes on, somebody is to look at it now and then.
//!
//! Every farm has an edge, which reads its environments' documents anyway: where no rollout goes on this costs nothing.

use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_farm::messages::AdvanceTask;

use crate::edge::Shared;

/// How often, over a directory.
const NEARBY: Duration = Duration::from_secs(2);
/// How often elsewhere, where each look is paid for.
const AFAR: Duration = Duration::from_secs(30);

/// Reminds the farm of its rollouts as long as the edge runs.
pub(crate) async fn remind(shared: Arc<Shared>) {
    let every = shared.farm.store.root().map_or(AFAR, |_| NEARBY);
    loop {
        tokio::time::sleep(every).await;
        match shared.farm.known_environments().await {
            Ok(names) => {
                for name in names {
                    remind_of(&shared, name).await;
                }
            }
            Err(error) => tracing::warn!(%error, "the environments can't be listed"),
        }
    }
}

async fn remind_of(shared: &Shared, environment: EnvironmentName) {
    // That it failed, requests say already.
    let Ok(Some(document)) = shared.farm.environment(&environment).await else {
        return;
    };
    if !document.has_rollouts() {
        return;
    }
    let task = AdvanceTask { environment };
    if let Err(error) = shared.queue.send(task.into()).await {
        tracing::error!(%error, "the farm can't be reminded of a rollout");
    }
}
