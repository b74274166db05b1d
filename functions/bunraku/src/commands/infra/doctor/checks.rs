//! Asks the bucket and the queues how they are.

use bunraku_farm::Finding;
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::Store;

use crate::commands::queue;
use crate::failure::Result;

/// The store: whether it can be read, and whether a bucket is set up as it has to be.
pub(crate) async fn store(url: &str) -> Result<Vec<Finding>> {
    let store = Store::open(url).await?;
    let environments = store.environments().await?;
    let detail = match environments.len() {
        0 => "reachable; nothing was pushed yet".to_owned(),
        1 => "reachable; 1 environment".to_owned(),
        count => format!("reachable; {count} environments"),
    };
    let mut findings = vec![Finding::ok(url, detail)];
    if let Some(bucket) = store.s3_bucket() {
        findings.extend(bucket.check().await);
    }
    Ok(findings)
}

/// The queues of all lanes and of their dead letters.
pub(crate) async fn queues(url: &str) -> Result<Vec<Finding>> {
    let queues = SqsQueue::connect(url).await.map_err(queue::failure)?;
    queues.check().await.map_err(queue::failure)
}
