//! The whole farm in one process: the same handlers as in the cloud, over an embedded store and queue.

mod collections;
mod filter;
mod functions;
mod gatherings;
mod substitutes;
mod uploads;
mod worker;
mod workers;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bunraku_edge::{Authority, Edge, EdgeConfig, EdgePki, Services};
use bunraku_farm::Counters;
use bunraku_farm::messages::Lane;
use bunraku_pki::{Autosign, Ca, CaOptions};
use bunraku_queue::{EmbeddedQueue, Queue, QueueOptions};
use bunraku_store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::administration::AtStore;
use crate::commands::edge::watching::Watching;
use crate::failure::{Failure, Result};
pub(crate) use functions::{Function, Functions};
pub(crate) use substitutes::Substitutes;
pub(crate) use workers::{Workers, jobs};

/// What a farm is started with.
pub(crate) struct FarmOptions {
    /// Where it keeps everything.
    pub(crate) data: PathBuf,
    /// Where the edge listens.
    pub(crate) listen: SocketAddr,
    /// Compiles at the same time; as many as there are processors if not given.
    pub(crate) jobs: Option<usize>,
    /// Which certificate requests are signed at once.
    pub(crate) autosign: Autosign,
    /// Further names of this machine in the edge's certificate.
    pub(crate) names: Vec<String>,
    /// Limits of watching nodes.
    pub(crate) watching: Watching,
    /// Programs of the site's own in the place of functions.
    pub(crate) substitutes: Substitutes,
}

/// A running farm.
pub(crate) struct Farm {
    store: Store,
    data: PathBuf,
    address: SocketAddr,
    hostname: String,
    autosign: Autosign,
    stop: CancellationToken,
    edge: JoinHandle<()>,
    workers: Workers,
}

/// This machine's name as a certname.
pub(crate) fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim().to_lowercase();
    if bunraku_pki::is_valid_certname(&name) {
        name
    } else {
        "localhost".to_owned()
    }
}

impl Farm {
    /// Opens the store, the queue and the authority, and starts every function.
    pub(crate) async fn start(options: FarmOptions) -> Result<Self> {
        let failed = |error: std::io::Error| {
            Failure::unreachable(format!("{}: {error}", options.data.display()))
        };
        std::fs::create_dir_all(&options.data).map_err(failed)?;
        let data = options.data.canonicalize().map_err(failed)?;
        let store = Store::open_directory(&data.join("store")).await?;
        let queue: Arc<dyn Queue> = Arc::new(EmbeddedQueue::open(
            data.join("queue.redb"),
            QueueOptions::default(),
        )?);
        let ca = Ca::open(
            data.join("ca"),
            CaOptions {
                autosign: options.autosign.clone(),
                ..CaOptions::default()
            },
        )?;
        let hostname = hostname();
        let credentials = ca.server_credentials(&hostname, &options.names)?;
        ca.admin_credentials("bunraku-admin")?;
        let counters = Arc::new(Counters::default());
        let edge = Edge::new(
            options.watching.limit(EdgeConfig {
                admins: vec!["bunraku-admin".to_owned()],
                ..EdgeConfig::default()
            }),
            store.clone(),
            Arc::clone(&queue),
            EdgePki {
                authority: Authority::Here(ca),
                credentials,
            },
            Services {
                upload_places: None,
                administration: Some(Arc::new(AtStore(store.clone()))),
            },
            Arc::clone(&counters),
        )?;
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|error| Failure::unreachable(format!("{}: {error}", options.listen)))?;
        let address = listener.local_addr().map_err(Failure::unreachable)?;

        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let edge =
            tokio::spawn(async move { edge.serve(listener, stopped.cancelled_owned()).await });
        let variables = [("BUNRAKU_STORE", data.join("store").display().to_string())];
        let functions = Functions::new(
            store.clone(),
            queue,
            counters,
            &options.substitutes,
            &variables,
        );
        let mut workers = Workers::new(functions);
        workers.announce();
        workers.run(Function::Ingest);
        workers.run(Function::Plan);
        workers.compile(&Lane::ALL, jobs(options.jobs));
        Ok(Self {
            store,
            data,
            address,
            hostname,
            autosign: options.autosign,
            stop,
            edge,
            workers,
        })
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What is served, and where.
    pub(crate) fn describe(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "Bunraku serves agents on https://{} (certificate of {})",
            self.address, self.hostname
        );
        let _ = writeln!(text, "Its data is in {}", self.data.display());
        let _ = match &self.autosign {
            Autosign::Off => writeln!(
                text,
                "Certificate requests wait for: bunraku ca sign NAME --data {}",
                self.data.display()
            ),
            Autosign::All => writeln!(text, "Certificate requests are signed at once"),
            Autosign::Globs(globs) => writeln!(
                text,
                "Certificate requests of {} are signed at once",
                globs.join(", ")
            ),
        };
        text
    }

    /// The command that lets a node try this farm.
    pub(crate) fn invitation(&self) -> String {
        format!(
            "Try it (without --noop the agent changes this machine):\n  \
             puppet agent --test --noop --waitforcert 5 --server localhost --serverport {} \
             --certname try.example.test --confdir /tmp/bunraku-try/conf \
             --vardir /tmp/bunraku-try/var --ssldir /tmp/bunraku-try/ssl",
            self.address.port()
        )
    }

    /// Stops taking work, finishes what is begun, and ends.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.workers.stop().await;
        // Whatever became of the edge, it is over.
        let _ = self.edge.await;
    }
}
