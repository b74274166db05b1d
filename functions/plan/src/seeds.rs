//! Facts that the site's code brings, for nodes that no agent has spoken for yet.

use std::collections::BTreeSet;

use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, ReleaseManifest};
use bunraku_farm::facts::SiteFacts;
use bunraku_farm::messages::PlanTask;
use bunraku_farm::{Certname, Digest, EnvironmentName, plan};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{CONCURRENCY, Context};

/// Stores the release's facts documents where they are news; gives the nodes that these are for.
/// Documents that the release before had too, of nodes that are `known`, are not even read.
pub(crate) async fn store_seeds(
    context: &Context,
    task: &PlanTask,
    environment: &EnvironmentDoc,
    manifest: &ReleaseManifest,
    known: &[Certname],
) -> anyhow::Result<BTreeSet<Certname>> {
    let before = documents_before(context, task, environment).await?;
    let known: BTreeSet<&str> = known.iter().map(Certname::as_str).collect();
    let news = |(path, digest): &(_, Digest)| {
        let path: &bunraku_farm::CodePath = path;
        // Whatever name the document gives its node: if it is the file's, the node is a member.
        let is_known = plan::node_of_facts_file(path).is_some_and(|node| known.contains(node));
        !(is_known && before.contains(digest))
    };
    let files: Vec<_> = plan::facts_files(manifest)
        .map(|(path, entry)| (path.clone(), entry.digest))
        .filter(news)
        .collect();
    let now = context.host.now();
    let name = &task.environment;
    let seeded: Vec<Option<Certname>> = stream::iter(files)
        .map(|(path, digest)| async move {
            let bytes = context.store.blob(digest).await?;
            let facts = match SiteFacts::parse(&path, &bytes) {
                Ok(facts) => facts,
                Err(error) => {
                    // Ingest has warned of it.
                    tracing::debug!(%path, %error, "not taken as facts of a node");
                    return anyhow::Ok(None);
                }
            };
            let certname = facts.certname.clone();
            let seed = seed(facts, name, now);
            if context.store.put_facts(&seed).await?.written {
                context.counters.facts_stored.increment();
            }
            Ok(Some(certname))
        })
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await?;
    Ok(seeded.into_iter().flatten().collect())
}

/// The facts documents of the release before; none when it can't be read.
async fn documents_before(
    context: &Context,
    task: &PlanTask,
    environment: &EnvironmentDoc,
) -> anyhow::Result<BTreeSet<Digest>> {
    let Some(previous) = environment.previous else {
        return Ok(BTreeSet::new());
    };
    let manifest = context
        .store
        .release_manifest(&task.environment, previous)
        .await;
    match manifest {
        Ok(manifest) => Ok(plan::facts_files(&manifest)
            .map(|(_, entry)| entry.digest)
            .collect()),
        Err(error) if error.is_retryable() => Err(error.into()),
        Err(error) => {
            tracing::warn!(%error, "the release before can't be read");
            Ok(BTreeSet::new())
        }
    }
}

fn seed(facts: SiteFacts, environment: &EnvironmentName, now: Timestamp) -> FactsDoc {
    let timestamp = facts.timestamp.unwrap_or(now);
    FactsDoc::new(facts.certname, environment.clone(), facts.values, timestamp).as_seed()
}
