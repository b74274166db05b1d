//! `bunraku edge`

mod announcements;
mod options;

use std::process::ExitCode;
use std::sync::Arc;

use bunraku_edge::Edge as Server;
use bunraku_farm::Counters;
use bunraku_queue::{EmbeddedQueue, Queue, QueueOptions};
use bunraku_store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::up::stop_signal;
use crate::console;
use crate::failure::{Failure, Result};
use announcements::{Source, follow_announcements};
pub(crate) use options::Edge;

/// Serves agents until it is told to stop.
pub(crate) async fn run(options: &Edge) -> Result<ExitCode> {
    let pki = options.pki()?;
    let name = pki.credentials.certname.clone();
    let store = Store::open(&options.store).await?;
    let queue = open_queue(&options.queue)?;
    // Better found out now, by whoever starts the edge, than by the first agent.
    store.environments().await?;
    queue.depths().await?;
    let source = announcements(options)?;
    let server = Server::new(
        options.config(),
        store,
        queue,
        pki,
        None,
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

/// The queue of a URL.
fn open_queue(url: &str) -> Result<Arc<dyn Queue>> {
    let path = url.strip_prefix("file://").unwrap_or(url);
    Ok(Arc::new(EmbeddedQueue::open(
        path,
        QueueOptions::default(),
    )?))
}

/// Where new catalogs are announced, if anywhere.
fn announcements(options: &Edge) -> Result<Option<Box<dyn Source>>> {
    match options.topic() {
        None => Ok(None),
        Some(_) => Err(Failure::input(
            "--events needs a queue on SQS: --queue sqs://PREFIX",
        )),
    }
}
