//! `bunraku edge`

pub(in crate::commands) mod announcements;
mod aws;
mod options;
pub(crate) mod watching;

use std::process::ExitCode;
use std::sync::Arc;

use bunraku_edge::{Edge as Server, UploadPlaces};
use bunraku_farm::Counters;
use bunraku_queue::sqs::SqsQueue;
use bunraku_store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::up::stop_signal;
use crate::console;
use crate::failure::{Failure, Result};
use announcements::{Source, follow_announcements};
use aws::{SignedUploads, Topic};
pub(crate) use options::Edge;

/// Serves agents until it is told to stop.
pub(crate) async fn run(options: &Edge) -> Result<ExitCode> {
    let pki = options.pki()?;
    let name = pki.credentials.certname.clone();
    let store = Store::open(&options.store).await?;
    let queue = bunraku_queue::open(&options.queue).await?;
    // Better found out now, by whoever starts the edge, than by the first agent.
    store.environments().await?;
    queue.depths().await?;
    let source = announcements(options).await?;
    let upload_places = store
        .s3_bucket()
        .map(|bucket| Arc::new(SignedUploads(bucket.clone())) as Arc<dyn UploadPlaces>);
    let server = Server::new(
        options.config(),
        store,
        queue,
        pki,
        upload_places,
        Arc::new(Counters::default()),
    )?;
    let unavailable = |error| Failure::unreachable(format!("{}: {error}", options.listen));
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    console::out(&format!(
        "Bunraku serves agents on https://{address} (certificate of {name})"
    ));
    let stop = CancellationToken::new();
    let follower = source.map(|source| {
        let (server, stop) = (server.clone(), stop.clone());
        tokio::spawn(async move {
            follow_announcements(&server, source.as_ref(), stop.cancelled_owned()).await;
        })
    });
    let shutdown = async {
        stop_signal().await;
        console::say("Stopping: open requests are finished first.");
    };
    server.serve(listener, shutdown).await;
    stop.cancel();
    if let Some(follower) = follower {
        // Its subscription is ended before the process is.
        let _ = follower.await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Where new catalogs are announced, if anywhere.
async fn announcements(options: &Edge) -> Result<Option<Box<dyn Source>>> {
    let Some(arn) = options.topic() else {
        return Ok(None);
    };
    if !options.queue.starts_with("sqs://") {
        return Err(Failure::input(
            "--events needs a queue on SQS: --queue sqs://PREFIX",
        ));
    }
    published(&options.queue, arn).await.map(Some)
}

/// The topic of published catalogs of the farm whose queues these are.
pub(in crate::commands) async fn published(queue: &str, arn: &str) -> Result<Box<dyn Source>> {
    Ok(Box::new(Topic {
        arn: arn.to_owned(),
        queue: SqsQueue::connect(queue).await?,
    }))
}
