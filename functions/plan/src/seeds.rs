//! Facts that the site's code brings, for nodes that no agent has spoken for yet.

use bunraku_farm::documents::{FactsDoc, ReleaseManifest};
use bunraku_farm::facts::SiteFacts;
use bunraku_farm::{Certname, EnvironmentName, plan};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::{CONCURRENCY, Context};

/// Stores the release's facts documents where they are news; gives the nodes that they are for.
pub(crate) async fn store_seeds(
    context: &Context,
    environment: &EnvironmentName,
    manifest: &ReleaseManifest,
    now: Timestamp,
) -> anyhow::Result<Vec<Certname>> {
    let files: Vec<_> = plan::facts_files(manifest)
        .map(|(path, entry)| (path.clone(), entry.digest))
        .collect();
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
            let seed = seed(facts, environment, now);
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

fn seed(facts: SiteFacts, environment: &EnvironmentName, now: Timestamp) -> FactsDoc {
    let timestamp = facts.timestamp.unwrap_or(now);
    FactsDoc::new(facts.certname, environment.clone(), facts.values, timestamp).as_seed()
}
