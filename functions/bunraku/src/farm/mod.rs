//! The whole farm in one process: the same handlers as in the cloud, over an embedded store and queue.

mod uploads;
mod worker;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use bunraku_compile::Compile;
use bunraku_edge::{Authority, Edge, EdgeConfig, EdgePki};
use bunraku_farm::Counters;
use bunraku_farm::messages::{Channel, Lane, Message};
use bunraku_pki::{Autosign, Ca, CaOptions};
use bunraku_queue::{EmbeddedQueue, Queue, QueueOptions};
use bunraku_store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::commands::edge::watching::Watching;
use crate::failure::{Failure, Result};

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
}

/// A running farm.
pub(crate) struct Farm {
    store: Store,
    data: PathBuf,
    address: SocketAddr,
    hostname: String,
    autosign: Autosign,
    stop: CancellationToken,
    tasks: JoinSet<()>,
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
            None,
            Arc::clone(&counters),
        )?;
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|error| Failure::unreachable(format!("{}: {error}", options.listen)))?;
        let address = listener.local_addr().map_err(Failure::unreachable)?;

        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let stopped = stop.clone();
        tasks.spawn(async move { edge.serve(listener, stopped.cancelled_owned()).await });
        tasks.spawn(uploads::announce(
            store.clone(),
            Arc::clone(&queue),
            stop.clone(),
        ));
        start_ingest(&mut tasks, &store, &queue, &counters, &stop);
        start_plan(&mut tasks, &store, &queue, &counters, &stop);
        let jobs = options
            .jobs
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        start_compile(&mut tasks, jobs.max(1), &store, &queue, &counters, &stop);
        Ok(Self {
            store,
            data,
            address,
            hostname,
            autosign: options.autosign,
            stop,
            tasks,
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
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

fn start_ingest(
    tasks: &mut JoinSet<()>,
    store: &Store,
    queue: &Arc<dyn Queue>,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) {
    let context =
        bunraku_ingest::Context::new(store.clone(), Arc::clone(queue), Arc::clone(counters));
    let (queue, stop) = (Arc::clone(queue), stop.clone());
    tasks.spawn(async move {
        let handle = move |message| {
            let context = context.clone();
            async move {
                match message {
                    Message::UploadCreated(upload) => {
                        bunraku_ingest::handle(&context, &upload).await
                    }
                    _ => Ok(()),
                }
            }
        };
        worker::run(queue, &[Channel::Uploads], stop, handle).await;
    });
}

fn start_plan(
    tasks: &mut JoinSet<()>,
    store: &Store,
    queue: &Arc<dyn Queue>,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) {
    let context =
        bunraku_plan::Context::new(store.clone(), Arc::clone(queue), Arc::clone(counters));
    let (queue, stop) = (Arc::clone(queue), stop.clone());
    tasks.spawn(async move {
        let handle = move |message| {
            let context = context.clone();
            async move {
                match message {
                    Message::Plan(task) => bunraku_plan::handle(&context, &task).await,
                    _ => Ok(()),
                }
            }
        };
        worker::run(queue, &[Channel::Plans], stop, handle).await;
    });
}

/// Workers of all lanes, urgent first, and one more that only takes what an agent waits for.
fn start_compile(
    tasks: &mut JoinSet<()>,
    jobs: usize,
    store: &Store,
    queue: &Arc<dyn Queue>,
    counters: &Arc<Counters>,
    stop: &CancellationToken,
) {
    const LANES: [Channel; 3] = [
        Channel::Compile(Lane::Urgent),
        Channel::Compile(Lane::Normal),
        Channel::Compile(Lane::Bulk),
    ];
    let compile = Compile::new(store.clone(), Arc::clone(counters));
    for job in 0..=jobs {
        let channels = if job == jobs { &LANES[..1] } else { &LANES[..] };
        let (compile, queue, stop) = (compile.clone(), Arc::clone(queue), stop.clone());
        tasks.spawn(async move {
            let handle = move |message| {
                let compile = compile.clone();
                async move {
                    match message {
                        Message::Compile(task) => compile.handle(&task, None).await.map(|_| ()),
                        _ => Ok(()),
                    }
                }
            };
            worker::run(queue, channels, stop, handle).await;
        });
    }
}
