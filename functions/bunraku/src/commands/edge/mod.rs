//! `bunraku edge`

mod options;
mod uploads;
pub(crate) mod watching;

use std::process::ExitCode;
use std::sync::Arc;

use bunraku_edge::{Edge as Server, Services, UploadPlaces};
use bunraku_farm::Counters;
use bunraku_store::{Key, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::hearing::{Listener, Places, hear};
use super::up::stop_signal;
use crate::administration::AtStore;
use crate::console;
use crate::failure::{Failure, Result};
pub(crate) use options::Edge;
use uploads::SignedUploads;

/// Serves agents until it is told to stop.
pub(crate) async fn run(options: &Edge) -> Result<ExitCode> {
    let pki = options.pki()?;
    let name = pki.credentials.certname.clone();
    let store = Store::open(&options.store).await?;
    let queue = bunraku_queue::open(&options.queue).await?;
    // Better found out now, by whoever starts the edge, than by the first agent.
    store.environments().await?;
    queue.depths().await?;
    let upload_places = store
        .s3_bucket()
        .map(|bucket| Arc::new(SignedUploads(bucket.clone())) as Arc<dyn UploadPlaces>);
    let server = Server::new(
        options.config(),
        store.clone(),
        Arc::clone(&queue),
        pki,
        Services {
            upload_places,
            administration: Some(Arc::new(AtStore(store.clone()))),
        },
        Arc::new(Counters::default()),
    )?;
    let stop = CancellationToken::new();
    let places = Places {
        store: &store,
        queue: Some((&options.queue, queue)),
        topic: options.topic(),
    };
    let hearing = hear(places, &Arc::new(server.clone()), &stop).await?;
    let unavailable = |error| Failure::unreachable(format!("{}: {error}", options.listen));
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(unavailable)?;
    let address = listener.local_addr().map_err(unavailable)?;
    console::out(&format!(
        "Bunraku serves agents on https://{address} (certificate of {name})"
    ));
    let shutdown = async {
        stop_signal().await;
        console::say("Stopping: open requests are finished first.");
    };
    server.serve(listener, shutdown).await;
    stop.cancel();
    hearing.end().await;
    Ok(ExitCode::SUCCESS)
}

impl Listener for Server {
    fn written(&self, key: Key) {
        self.announce(key);
    }

    fn any(&self) {
        self.missed();
    }

    fn live(&self, live: bool) {
        self.announcements(live);
    }
}
