//! The edge as a whole: what all requests share, and its life.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::Counters;
use bunraku_pki::{Ca, Credentials, PkiError, ServerTls, Trust};
use bunraku_queue::Queue;
use bunraku_store::{Key, Store};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::config::EdgeConfig;
use crate::counters::EdgeCounters;
use crate::farm::Farm;
use crate::orders::Administration;
use crate::rollouts;
use crate::server;
use crate::status::StoreWatch;
use crate::uploads::UploadPlaces;
use crate::watching::attendant::attend;
use crate::watching::room::Room;

/// Where certificates are signed, and so whom clients' certificates are of.
#[derive(Clone, Debug)]
pub enum Authority {
    /// By this edge.
    Here(Ca),
    /// Elsewhere: nothing is known of the authority but its certificates and revocation lists.
    Elsewhere(Trust),
}

impl Authority {
    /// Its certificates and revocation lists.
    #[must_use]
    pub fn trust(&self) -> &Trust {
        match self {
            Self::Here(ca) => ca.trust(),
            Self::Elsewhere(trust) => trust,
        }
    }
}

/// What the edge needs of the PKI.
#[derive(Clone, Debug)]
pub struct EdgePki {
    /// The authority that clients' certificates are of.
    pub authority: Authority,
    /// The edge's own certificate, as from [`Ca::server_credentials`] or [`Credentials::open`].
    pub credentials: Credentials,
}

/// What an edge has others do for it; each may be left out.
#[derive(Clone, Debug, Default)]
pub struct Services {
    /// Where uploads go that need not pass through the edge.
    pub upload_places: Option<Arc<dyn UploadPlaces>>,
    /// What carries out administrators' orders.
    pub administration: Option<Arc<dyn Administration>>,
}

/// The edge: serves agents from the store, and compiles nothing. Cheap to clone; clones are the same edge.
#[derive(Clone)]
pub struct Edge {
    shared: Arc<Shared>,
}

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: EdgeConfig,
    pub(crate) farm: Farm,
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) authority: Authority,
    pub(crate) tls: ServerTls,
    pub(crate) services: Services,
    pub(crate) counters: Arc<EdgeCounters>,
    pub(crate) farm_counters: Arc<Counters>,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) waiting: Semaphore,
    pub(crate) connections: Arc<Semaphore>,
    pub(crate) store_watch: StoreWatch,
    pub(crate) watching: Arc<Room>,
    /// Whether the edge was told to stop.
    pub(crate) stopping: watch::Sender<bool>,
}

/// How often the revocation list is looked at for changes of other processes.
const CRL_POLL: Duration = Duration::from_secs(1);

impl Edge {
    /// Makes an edge over a store, a queue and an authority; `farm_counters` are those of the process.
    ///
    /// # Errors
    /// When TLS can't be set up with the certificates.
    pub fn new(
        config: EdgeConfig,
        store: Store,
        queue: Arc<dyn Queue>,
        pki: EdgePki,
        services: Services,
        farm_counters: Arc<Counters>,
    ) -> Result<Self, PkiError> {
        let tls = ServerTls::new(pki.authority.trust(), pki.credentials)?;
        let shared = Shared {
            farm: Farm::new(store, &config),
            queue,
            authority: pki.authority,
            tls,
            services,
            counters: Arc::default(),
            farm_counters,
            requests: Arc::new(Semaphore::new(config.max_requests)),
            waiting: Semaphore::new(config.max_waiting),
            connections: Arc::new(Semaphore::new(config.max_connections)),
            store_watch: StoreWatch::default(),
            watching: Arc::new(Room::new(&config)),
            stopping: watch::Sender::new(false),
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

    /// Tells of an object that another process wrote: what is remembered of it is forgotten, and who waits for it
    /// looks, as after a write of this process.
    pub fn announce(&self, key: Key) {
        self.shared.farm.written(key);
    }

    /// Tells that other processes may have written anything.
    pub fn missed(&self) {
        self.shared.farm.missed();
    }

    /// Says whether [`Edge::announce`] is told of every new pointer from now on. If so, waiting agents look at the
    /// store less often by themselves. What was written before must be looked for: all that is remembered of
    /// documents is forgotten, and who waits looks.
    pub fn announcements(&self, live: bool) {
        self.shared.farm.set_announced(live);
    }

    /// Serves connections until `shutdown` completes; then says so in its status, takes connections for `grace` on,
    /// and lets open requests end within `drain` (both of the configuration).
    /// Failures of single connections are logged, never returned.
    pub async fn serve(&self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let follower = {
            let shared = Arc::clone(&self.shared);
            // Opened before the first request is read: no write is missed.
            let events = shared.farm.store.subscribe();
            tokio::spawn(async move { shared.farm.follow(events).await })
        };
        let refresher = tokio::spawn(refresh_crl(Arc::clone(&self.shared)));
        let attendant = tokio::spawn(attend(Arc::clone(&self.shared)));
        let clock = tokio::spawn(rollouts::remind(Arc::clone(&self.shared)));
        server::serve(&self.shared, listener, shutdown).await;
        follower.abort();
        refresher.abort();
        attendant.abort();
        clock.abort();
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
    /// Takes over a changed revocation list, for new connections; open ones are checked at each request, and streams
    /// now.
    pub(crate) fn reload_tls(&self) {
        if let Err(error) = self.tls.reload(self.authority.trust()) {
            tracing::error!(%error, "the revocation list could not be taken over");
        }
        let trust = self.authority.trust();
        self.watching.expel(|identity| trust.is_revoked(identity));
    }
}

/// Sees what other processes (`bunraku ca revoke`) and other holders of the authority revoke.
async fn refresh_crl(shared: Arc<Shared>) {
    let trust = shared.authority.trust();
    let mut seen = trust.crl().modified;
    loop {
        tokio::time::sleep(CRL_POLL).await;
        let trusted = trust.clone();
        match tokio::task::spawn_blocking(move || trusted.refresh()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the revocation list could not be read"),
            Err(_) => return,
        }
        let modified = trust.crl().modified;
        if modified != seen {
            seen = modified;
            shared.reload_tls();
        }
    }
}
