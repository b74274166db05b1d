//! What all nodes export, gathered into the pool, and the nodes that this makes outdated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use bunraku_catalog::{ExportQuery, ExportedResource, Exports};
use bunraku_farm::documents::{ExchangeDoc, PoolDoc, PoolNodes};
use bunraku_farm::exchange::{self, Gathered, Outdated};
use bunraku_farm::messages::{Cause, CompileTask, GatherTask, Message};
use bunraku_farm::{Certname, Digest, EnvironmentName};
use bunraku_store::{Key, Store, StoreError, Version};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::Context;
use crate::priorities;

/// How many documents are read at once.
const AT_ONCE: usize = 64;
/// How often others may be faster.
const ATTEMPTS: usize = 8;
/// How long to wait at most before nodes that were postponed are looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Gathers what nodes export into the pool, and puts a task into the queue for each node that
/// collected something else than what the pool would answer now. While many nodes change it waits a
/// little ([`exchange::pause`]), so that they are gathered together. An error means that the store or
/// the queue failed: try again later.
pub async fn gather(context: &Context) -> anyhow::Result<()> {
    for _ in 0..ATTEMPTS {
        if attempt(context).await? {
            return Ok(());
        }
    }
    bail!("the pool of exported resources was moved by others {ATTEMPTS} times")
}

/// The pool as it lies in the store.
struct Pool {
    document: PoolDoc,
    version: Option<Version>,
    nodes: PoolNodes,
}

/// `false` when someone else gathered meanwhile.
async fn attempt(context: &Context) -> anyhow::Result<bool> {
    wait_for_others(context).await?;
    let store = &context.store;
    let before = read(store).await?;
    let listed = store.exchanges().await?;
    let changed = exchange::changes(&before.nodes, &listed);
    let documents = documents(store, changed).await?;
    let gathered = exchange::gather(before.nodes.clone(), &listed, documents);
    if gathered.nodes == before.nodes && before.document.told {
        return Ok(true);
    }
    let Some((pool, version)) = write(context, &before, &gathered).await? else {
        return Ok(false);
    };
    let exports = queried(store, &pool, &gathered.nodes).await?;
    let outdated = exchange::outdated(&gathered.nodes, &exports);
    tracing::info!(
        generation = pool.generation,
        outdated = outdated.len(),
        "gathered exported resources"
    );
    let postponed = send_tasks(context, outdated).await?;
    if let Some(left) = postponed {
        tokio::time::sleep(left.min(LONGEST_WAIT)).await;
        context.queue.send(GatherTask {}.into()).await?;
        return Ok(true);
    }
    let told = PoolDoc { told: true, ..pool };
    match store.swap(&Key::Pool, &told, Some(&version)).await {
        // Whoever was faster sees to the tasks, too.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

async fn wait_for_others(context: &Context) -> Result<(), StoreError> {
    let Some(pool) = context.store.pool().await? else {
        return Ok(());
    };
    let pool = pool.value;
    let pause = exchange::pause(pool.gathered_at, pool.streak, context.host.now());
    tokio::time::sleep(pause).await;
    Ok(())
}

/// The pool, or an empty one. One whose parts are gone or damaged is gathered from the start.
async fn read(store: &Store) -> Result<Pool, StoreError> {
    let Some(read) = store.pool().await? else {
        return Ok(Pool {
            document: PoolDoc::default(),
            version: None,
            nodes: PoolNodes::default(),
        });
    };
    let (mut document, version) = (read.value, Some(read.version));
    let nodes = match document.nodes {
        Some(digest) => intact(store.pool_part(digest).await)?,
        None => None,
    };
    let whole = store.has_pool_parts(&document).await?;
    let nodes = match nodes {
        Some(nodes) if whole => nodes,
        _ => {
            document.types.clear();
            document.told = false;
            PoolNodes::default()
        }
    };
    Ok(Pool {
        document,
        version,
        nodes,
    })
}

/// `None` for a part that can't be used.
fn intact<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(part) => Ok(Some(part)),
        Err(error @ (StoreError::NotFound { .. } | StoreError::Corrupt { .. })) => {
            tracing::warn!(%error, "the pool of exported resources is gathered anew");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The documents that changed, as far as they are there and can be read.
async fn documents(
    store: &Store,
    changed: Vec<(EnvironmentName, Certname)>,
) -> Result<Vec<(EnvironmentName, ExchangeDoc)>, StoreError> {
    let read = stream::iter(changed)
        .map(|(environment, certname)| async move {
            let key = Key::exchange(&environment, &certname);
            match intact(store.read::<ExchangeDoc>(&key).await)? {
                Some(Some(document)) => Ok(Some((environment, document))),
                _ => Ok::<_, StoreError>(None),
            }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(read.into_iter().flatten().collect())
}

/// Writes the next pool; `None` when someone else was faster.
async fn write(
    context: &Context,
    before: &Pool,
    gathered: &Gathered,
) -> Result<Option<(PoolDoc, Version)>, StoreError> {
    let store = &context.store;
    let now = context.host.now();
    let mut next = before.document.clone();
    for type_name in &gathered.types {
        let there = match before.document.types.get(type_name) {
            Some(digest) => part(store, *digest).await?,
            None => Vec::new(),
        };
        let part = gathered.part(type_name, there);
        if part.is_empty() {
            next.types.remove(type_name);
        } else {
            let part: Vec<&ExportedResource> = part.iter().map(AsRef::as_ref).collect();
            let digest = store.put_pool_part(&part).await?;
            next.types.insert(type_name.clone(), digest);
        }
    }
    if next.types != before.document.types {
        next.generation += 1;
        next.streak = exchange::streak(next.gathered_at, next.streak, now);
        next.gathered_at = now;
    }
    next.nodes = Some(store.put_pool_part(&gathered.nodes).await?);
    next.told = false;
    let (was, is) = (before.document.parts(), next.parts());
    next.former = was.difference(&is).copied().collect();
    let written = store.swap(&Key::Pool, &next, before.version.as_ref()).await;
    let version = match written {
        Ok(version) => version,
        Err(StoreError::Conflict { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    for digest in before.document.former.difference(&is) {
        store.delete(&Key::PoolPart(*digest)).await?;
    }
    Ok(Some((next, version)))
}

async fn part(store: &Store, digest: Digest) -> Result<Vec<Arc<ExportedResource>>, StoreError> {
    let part: Vec<ExportedResource> = store.pool_part(digest).await?;
    Ok(part.into_iter().map(Arc::new).collect())
}

/// The resources of the types that someone collects.
async fn queried(store: &Store, pool: &PoolDoc, nodes: &PoolNodes) -> Result<Exports, StoreError> {
    let nodes = nodes.0.values().flat_map(BTreeMap::values);
    let queries: BTreeSet<&str> = nodes
        .flat_map(|node| node.collects.keys())
        .map(AsRef::as_ref)
        .collect();
    let types: BTreeSet<_> = queries
        .into_iter()
        .filter_map(|query| query.parse::<ExportQuery>().ok())
        .map(|query| query.type_name)
        .collect();
    let mut resources = Vec::new();
    for type_name in types {
        if let Some(digest) = pool.types.get(&type_name) {
            resources.append(&mut part(store, *digest).await?);
        }
    }
    Ok(resources.into_iter().collect())
}

/// Puts a task for each outdated node into the queue, in its lane. Says when to look again at those
/// that never come to rest and were left out.
async fn send_tasks(
    context: &Context,
    outdated: Vec<Outdated>,
) -> anyhow::Result<Option<Duration>> {
    let now = context.host.now();
    let mut postponed: Option<Duration> = None;
    let mut turns: BTreeMap<EnvironmentName, BTreeSet<Certname>> = BTreeMap::new();
    for node in outdated {
        match exchange::postponed(node.rounds, node.at, now) {
            None => {
                let nodes = turns.entry(node.environment).or_default();
                nodes.insert(node.certname);
            }
            Some(left) => {
                tracing::warn!(
                    node = %node.certname,
                    environment = %node.environment,
                    rounds = node.rounds,
                    "what this node collects changes again and again, perhaps since what it exports depends on \
                     it: it is compiled ever more seldom"
                );
                postponed = Some(postponed.map_or(left, |sooner| sooner.min(left)));
            }
        }
    }
    for (environment, nodes) in turns {
        send_environment(context, &environment, nodes, now).await?;
    }
    Ok(postponed)
}

async fn send_environment(
    context: &Context,
    name: &EnvironmentName,
    nodes: BTreeSet<Certname>,
    now: Timestamp,
) -> anyhow::Result<()> {
    let Some(environment) = context.store.environment(name).await? else {
        return Ok(());
    };
    let lanes = priorities::lanes(context, name, &environment.settings, nodes).await?;
    let task = |(certname, lane)| CompileTask {
        environment: name.clone(),
        certname,
        release: environment.release,
        sequence: environment.sequence,
        lane,
        cause: Cause::Exports,
        enqueued_at: now,
    };
    let tasks: Vec<Message> = lanes.into_iter().map(task).map(Message::from).collect();
    let planned = tasks.len() as u64;
    context.queue.send_batch(tasks).await?;
    context.counters.tasks_planned.add(planned);
    Ok(())
}

#[cfg(test)]
mod tests;
