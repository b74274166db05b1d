//! Looks at watchers' pointers when they may have changed, and tells what it saw.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::{Node, Pointer};
use bunraku_farm::messages::Lane;
use bunraku_store::{Key, StoreError};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::MissedTickBehavior;

use super::lane::lane;
use super::room::{Room, Turn};
use super::sweep::{Extent, Sweep};
use crate::catalog::wait::told_to_stop;
use crate::edge::Shared;
use crate::farm::News;

/// How many pointers are read at once.
const AT_ONCE: usize = 16;
/// How often the room is looked after.
const TICK: Duration = Duration::from_secs(1);

/// Attends to the watchers until the edge is told to stop, and sees them off then.
pub(crate) async fn attend(shared: Arc<Shared>) {
    let room = &shared.watching;
    let mut news = shared.farm.news();
    let mut stopping = shared.stopping.subscribe();
    let mut looks = FuturesUnordered::new();
    let mut sweeps = HashMap::new();
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        while looks.len() < AT_ONCE
            && let Some(turn) = room.next()
        {
            looks.push(look(&shared, turn));
        }
        tokio::select! {
            told = news.recv() => match told {
                Ok(News::Written(Key::Pointer { environment, certname })) => room.stir(&environment, &certname),
                Ok(News::Written(_)) => {}
                Ok(News::Missed) | Err(RecvError::Lagged(_)) => room.stir_all(None, Extent::All),
                Err(RecvError::Closed) => return,
            },
            Some((turn, looked)) = looks.next() => match looked {
                Ok((pointer, lane)) => {
                    if room.looked(&turn, pointer.as_ref(), lane) {
                        shared.counters.catalogs_told.increment();
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, node = %turn.certname, "a watcher's pointer could not be read");
                    room.not_looked(&turn);
                }
            },
            () = room.changed.notified() => {}
            _ = tick.tick() => {
                room.tick();
                sweep(&shared, room, &mut sweeps).await;
            }
            () = told_to_stop(&mut stopping) => return room.close(),
        }
    }
}

async fn look(shared: &Shared, turn: Turn) -> (Turn, Result<(Option<Pointer>, Lane), StoreError>) {
    let seen = see(shared, &turn).await;
    (turn, seen)
}

/// A watcher's pointer, and the lane of its turns from now on: new facts, another catalog or other rules may change it.
async fn see(shared: &Shared, turn: &Turn) -> Result<(Option<Pointer>, Lane), StoreError> {
    let store = &shared.farm.store;
    let pointer = store.pointer(&turn.environment, &turn.certname).await?;
    let mut node = Node::named(turn.certname.clone());
    let classes = pointer.as_ref().map(|pointer| pointer.classes.clone());
    node.learn_classes(classes.unwrap_or_default());
    let lane = lane(shared, &turn.environment, node).await?;
    Ok((pointer, lane))
}

/// Looks at nodes that nothing was told of: other processes write, and what they tell may get lost.
async fn sweep(shared: &Shared, room: &Room, sweeps: &mut HashMap<EnvironmentName, Sweep>) {
    let watched = room.environments();
    sweeps.retain(|environment, _| watched.contains(environment));
    for environment in watched {
        // That it failed, requests say already.
        let Ok(document) = shared.farm.environment(&environment).await else {
            continue;
        };
        let sequence = document.as_ref().map_or(0, |document| document.sequence);
        let now = room.now();
        let sweep = sweeps
            .entry(environment.clone())
            .or_insert_with(|| Sweep::new(sequence, now));
        if let Some(document) = document.filter(|_| sweep.is_new(sequence)) {
            room.rank(&environment, &document.settings);
        }
        if let Some(extent) = sweep.due(sequence, now, shared.farm.is_announced()) {
            room.stir_all(Some(&environment), extent);
        }
    }
}
