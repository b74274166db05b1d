//! The edge as a whole: what all requests share, and its life.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::Counters;
use bunraku_pki::{Ca, Credentials, PkiError, ServerTls};
use bunraku_queue::Queue;
use bunraku_store::Store;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::config::EdgeConfig;
use crate::counters::EdgeCounters;
use crate::farm::Farm;
use crate::server;

/// What the edge needs of the PKI.
#[derive(Clone)]
pub struct EdgePki {
    /// The authority that clients' certificates are of.
    pub ca: Ca,
    /// The edge's own certificate, as from [`Ca::server_credentials`].
    pub credentials: Credentials,
}

/// The edge: serves agents from the store, and compiles nothing.
pub struct Edge {
    shared: Arc<Shared>,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: EdgeConfig,
    pub(crate) farm: Farm,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) ca: Ca,
    pub(crate) tls: ServerTls,
    pub(crate) counters: Arc<EdgeCounters>,
    pub(crate) farm_counters: Arc<Counters>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) waiting: Semaphore,
    pub(crate) connections: Arc<Semaphore>,
}

/// How often the revocation list is looked at for changes of other processes.
const CRL_POLL: Duration = Duration::from_secs(2);

impl Edge {
    /// Makes an edge over a store, a queue and an authority. `farm_counters` are those of the process.
    ///
    /// # Errors
    /// When TLS can't be set up with the certificates.
    pub fn new(
        config: EdgeConfig,
        store: Store,
        queue: Arc<dyn Queue>,
        pki: EdgePki,
        farm_counters: Arc<Counters>,
    ) -> Result<Self, PkiError> {
        let tls = ServerTls::new(&pki.ca, pki.credentials)?;
        let shared = Shared {
            farm: Farm::new(store, &config),
            queue,
            ca: pki.ca,
            tls,
            counters: Arc::default(),
            farm_counters,
            requests: Arc::new(Semaphore::new(config.max_requests)),
            waiting: Semaphore::new(config.max_waiting),
            connections: Arc::new(Semaphore::new(config.max_connections)),
            config,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The edge's own counters.
    #[must_use]
    pub fn counters(&self) -> Arc<EdgeCounters> {
        Arc::clone(&self.shared.counters)
    }

    /// Serves connections until `shutdown` completes, then lets open requests end (`drain` of the configuration).
    /// Failures of single connections are logged, never returned.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let follower = {
            let shared = Arc::clone(&self.shared);
            // Opened before the first request is read: no write is missed.
            let events = shared.farm.store.subscribe();
            tokio::spawn(async move { shared.farm.follow(events).await })
        };
        let refresher = tokio::spawn(refresh_crl(Arc::clone(&self.shared)));
        server::serve(&self.shared, listener, shutdown).await;
        follower.abort();
        refresher.abort();
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Takes over a changed revocation list, for new connections; open ones are checked at each request.
    pub(crate) fn reload_tls(&self) {
        if let Err(error) = self.tls.reload(&self.ca) {
            tracing::error!(%error, "the revocation list could not be taken over");
        }
    }
}

/// Sees what other processes (`bunraku ca revoke`) and other holders of the authority revoke.
async fn refresh_crl(shared: Arc<Shared>) {
    let mut seen = shared.ca.crl().modified;
    loop {
        tokio::time::sleep(CRL_POLL).await;
        let ca = shared.ca.clone();
        match tokio::task::spawn_blocking(move || ca.refresh()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the revocation list could not be read"),
            Err(_) => return,
        }
        let modified = shared.ca.crl().modified;
        if modified != seen {
            seen = modified;
            shared.reload_tls();
        }
    }
}
