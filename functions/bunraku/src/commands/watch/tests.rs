//! A watcher against edges in this process.

use std::path::Path;
use std::sync::Arc;

use bunraku_edge::{Authority, Edge, EdgeConfig, EdgeCounters, EdgePki, Services};
use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, Pointer};
use bunraku_farm::{Certname, Counters, Digest, EnvironmentName};
use bunraku_pki::{Ca, CaOptions};
use bunraku_queue::MemoryQueue;
use bunraku_store::Store;
use clap::Parser;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

const NODE: &str = "node.example.test";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    watch: Watch,
}

struct Site {
    dir: tempfile::TempDir,
    ca: Ca,
    store: Store,
}

struct Running {
    port: u16,
    counters: Arc<EdgeCounters>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}

impl Site {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca = Ca::open(dir.path().join("ca"), CaOptions::default()).unwrap();
        let agent = ca.admin_credentials(NODE).unwrap();
        for (path, pem) in [
            (format!("certs/{NODE}.pem"), agent.certificate_pem.as_str()),
            (format!("private_keys/{NODE}.pem"), &agent.key_pem),
            ("certs/ca.pem".to_owned(), &ca.trust().certificate_pem()),
        ] {
            let path = dir.path().join("ssl").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, pem).unwrap();
        }
        let store = Store::memory();
        let environment = environment();
        let released = store.update_environment(&environment, |current| {
            EnvironmentDoc::advance(current, Digest::of("release"), None, Timestamp::now())
        });
        released.await.unwrap();
        Self { dir, ca, store }
    }

    /// An edge, on a port of its own or the one that it had before.
    async fn edge(&self, port: u16) -> Running {
        self.edge_with(port, EdgeConfig::default()).await
    }

    async fn edge_with(&self, port: u16, config: EdgeConfig) -> Running {
        let pki = EdgePki {
            credentials: self.ca.server_credentials("edge", &[]).unwrap(),
            authority: Authority::Here(self.ca.clone()),
        };
        let edge = Edge::new(
            config,
            self.store.clone(),
            Arc::new(MemoryQueue::default()),
            pki,
            Services::default(),
            Arc::new(Counters::default()),
        )
        .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let counters = edge.counters();
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = async move {
            let stopped = async {
                let _ = stopped.await;
            };
            edge.serve(listener, stopped).await;
        };
        Running {
            port,
            counters,
            stop,
            task: tokio::spawn(serve),
        }
    }

    async fn publish(&self, catalog: &str) -> String {
        let digest = Digest::of(catalog);
        let (environment, certname) = (environment(), Certname::parse(NODE).unwrap());
        let written = self
            .store
            .update_pointer(&environment, &certname, |current| {
                let blank =
                    || serde_json::from_value::<Pointer>(json!({"certname": NODE, "sequence": 1}));
                let mut pointer = current.cloned().unwrap_or_else(|| blank().unwrap());
                pointer.catalog = Some(CatalogRef {
                    digest,
                    plain_digest: None,
                    size: 1,
                });
                pointer.sequence += 1;
                Some(pointer)
            });
        written.await.unwrap();
        digest.to_string()
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// A watcher of these servers whose runs are written down.
    fn watcher(&self, servers: &str, command: &str, once: bool) -> (Watcher, CancellationToken) {
        let words = [
            "watch",
            "--server",
            servers,
            "--ssldir",
            self.path("ssl").to_str().unwrap(),
            "--state",
            self.path("state.json").to_str().unwrap(),
            "--lock",
            self.path("lock").to_str().unwrap(),
            "--exec",
            command,
        ]
        .map(str::to_owned);
        let mut options = Line::try_parse_from(words).unwrap().watch;
        options.once = once;
        let stop = CancellationToken::new();
        let watcher = Watcher {
            settings: options.settle().unwrap(),
            state: State::open(options.state.clone()).unwrap(),
            options,
            json: false,
            stop: stop.clone(),
            damper: Damper::default(),
            began: Instant::now(),
        };
        (watcher, stop)
    }

    fn writes_down(&self) -> String {
        format!("cat >> {}", self.path("runs").display())
    }

    /// The catalogs that the command ran for.
    fn runs(&self) -> Vec<String> {
        runs(&self.path("runs"))
    }

    async fn wait_for_runs(&self, count: usize) -> Vec<String> {
        let wait = async {
            while self.runs().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
        waited.unwrap_or_else(|_| panic!("runs: {:?}", self.runs()));
        self.runs()
    }
}

fn runs(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let lines = text.lines().filter(|_| text.ends_with('\n'));
    let events = lines.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let catalogs = events.map(|event| event["catalog"].as_str().unwrap().to_owned());
    catalogs.collect()
}

fn environment() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

async fn once(site: &Site, servers: &str, command: &str) -> Result<ExitCode> {
    site.watcher(servers, command, true).0.watch().await
}

fn code(result: Result<ExitCode>) -> String {
    format!("{:?}", result.unwrap())
}

#[tokio::test]
async fn once_catches_up_and_does_not_repeat() {
    let site = Site::new().await;
    let edge = site.edge(0).await;
    let server = format!("localhost:{}", edge.port);
    let command = site.writes_down();
    let success = format!("{:?}", ExitCode::SUCCESS);
    assert_eq!(code(once(&site, &server, &command).await), success);
    assert!(site.runs().is_empty());
    let first = site.publish("1").await;
    assert_eq!(code(once(&site, &server, &command).await), success);
    assert_eq!(code(once(&site, &server, &command).await), success);
    assert_eq!(site.runs(), std::slice::from_ref(&first));
    // A failed run is said; the next new catalog is tried again, this one is not.
    let second = site.publish("2").await;
    let failing = format!("{command}; exit 1");
    assert_eq!(
        code(once(&site, &server, &failing).await),
        format!("{:?}", ExitCode::from(1))
    );
    assert_eq!(code(once(&site, &server, &failing).await), success);
    assert_eq!(site.runs(), [first, second]);
}

#[tokio::test]
async fn a_restarted_edge_or_another_one_tells_what_was_missed() {
    let site = Site::new().await;
    let (edge, other) = (site.edge(0).await, site.edge(0).await);
    let (port, other_port) = (edge.port, other.port);
    let servers = format!("localhost:{port},localhost:{other_port}");
    let (watcher, stop) = site.watcher(&servers, &site.writes_down(), false);
    let watching = tokio::spawn(watcher.watch());
    let first = site.publish("1").await;
    site.wait_for_runs(1).await;
    // The first edge goes: the second is asked.
    edge.end().await;
    let second = site.publish("2").await;
    site.wait_for_runs(2).await;
    // Both go, and one comes again.
    other.end().await;
    let third = site.publish("3").await;
    let edge = site.edge(port).await;
    assert_eq!(site.wait_for_runs(3).await, [first, second, third]);
    stop.cancel();
    assert_eq!(
        code(watching.await.unwrap()),
        format!("{:?}", ExitCode::SUCCESS)
    );
    edge.end().await;
}

#[tokio::test]
async fn catalogs_that_come_during_a_run_cause_one_more_run_after_it() {
    let site = Site::new().await;
    let edge = site.edge(0).await;
    let go = site.path("go");
    let made = std::process::Command::new("mkfifo").arg(&go).status();
    assert!(made.unwrap().success());
    // Each run is written down, and ends when it is told.
    let command = format!("{}; read line < {}", site.writes_down(), go.display());
    let (watcher, stop) = site.watcher(&format!("localhost:{}", edge.port), &command, false);
    let watching = tokio::spawn(watcher.watch());
    let first = site.publish("1").await;
    site.wait_for_runs(1).await;
    site.publish("2").await;
    site.publish("3").await;
    let last = site.publish("4").await;
    let tell = || {
        let go = go.clone();
        tokio::task::spawn_blocking(move || std::fs::write(go, "\n").unwrap())
    };
    tell().await.unwrap();
    assert_eq!(site.wait_for_runs(2).await, [first, last.clone()]);
    // Told to stop in the middle of a run: it is waited for, and remembered.
    stop.cancel();
    tell().await.unwrap();
    watching.await.unwrap().unwrap();
    let state = State::open(site.path("state.json")).unwrap();
    assert_eq!(state.catalog(), Some(last.as_str()));
    edge.end().await;
}

#[tokio::test]
async fn an_agent_that_runs_already_is_waited_for() {
    let site = Site::new().await;
    let edge = site.edge(0).await;
    let mut agent = std::process::Command::new("/bin/sh")
        .args(["-c", "read line", "puppet agent"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::fs::write(site.path("lock"), agent.id().to_string()).unwrap();
    let living = format!("kill -0 {} 2> /dev/null", agent.id());
    let command = format!("if {living}; then exit 1; fi; {}", site.writes_down());
    site.publish("1").await;
    let server = format!("localhost:{}", edge.port);
    let (watcher, _stop) = site.watcher(&server, &command, true);
    let watching = tokio::spawn(watcher.watch());
    while edge.counters.catalogs_told.get() == 0 {
        tokio::task::yield_now().await;
    }
    assert!(site.runs().is_empty());
    drop(agent.stdin.take());
    agent.wait().unwrap();
    assert_eq!(
        code(watching.await.unwrap()),
        format!("{:?}", ExitCode::SUCCESS)
    );
    assert_eq!(site.runs().len(), 1);
    edge.end().await;
}

#[tokio::test]
async fn servers_that_can_not_be_reached_are_named() {
    let site = Site::new().await;
    let failure = once(&site, "localhost:1,localhost:2", "exit 0")
        .await
        .unwrap_err();
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure}");
    assert!(
        failure.to_string().contains("https://localhost:2/"),
        "{failure}"
    );
}

#[tokio::test]
async fn an_edge_that_is_full_says_when_to_come_again() {
    let site = Site::new().await;
    let full = EdgeConfig {
        max_watchers: 0,
        retry_after: 30..=30,
        ..EdgeConfig::default()
    };
    let edge = site.edge_with(0, full).await;
    let server = format!("localhost:{}", edge.port);
    let (mut watcher, _stop) = site.watcher(&server, "exit 0", false);
    let Visit::Failed(reason, Some(wait)) = watcher.visit().await.unwrap() else {
        panic!("a stream");
    };
    assert!(reason.contains("503"), "{reason}");
    assert_eq!(wait, Duration::from_secs(30));
    edge.end().await;
}

#[tokio::test]
async fn a_certificate_that_was_renewed_is_taken_up() {
    let site = Site::new().await;
    let edge = site.edge(0).await;
    let (path, key) = (
        site.path(&format!("ssl/certs/{NODE}.pem")),
        site.path(&format!("ssl/private_keys/{NODE}.pem")),
    );
    let server = format!("localhost:{}", edge.port);
    // Of no authority that the edge knows.
    let other = Ca::open(site.path("other"), CaOptions::default()).unwrap();
    let stranger = other.admin_credentials(NODE).unwrap();
    let good = [&path, &key].map(|file| std::fs::read(file).unwrap());
    std::fs::write(&path, stranger.certificate_pem).unwrap();
    std::fs::write(&key, stranger.key_pem).unwrap();
    let (watcher, stop) = site.watcher(&server, &site.writes_down(), false);
    let refused = edge.counters.connections_refused.get();
    let watching = tokio::spawn(watcher.watch());
    while edge.counters.connections_refused.get() == refused {
        tokio::task::yield_now().await;
    }
    for (file, pem) in [&path, &key].into_iter().zip(good) {
        std::fs::write(file, pem).unwrap();
    }
    let first = site.publish("1").await;
    assert_eq!(site.wait_for_runs(1).await, [first]);
    stop.cancel();
    watching.await.unwrap().unwrap();
    edge.end().await;
}
