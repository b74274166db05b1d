//! Watching nodes, thousands of them in one process. `localstack-tests/bench/run` is what calls it.
//!
//! `watchers FARM EDGE POINTERS COUNT`: gets certificates of `COUNT` nodes (`node1.example.test`...) from the farm at port
//! `FARM` of this machine, watches as each of them at port `EDGE`, and prints one line of JSON when all are told that nothing is new. Then
//! it waits until each was told of a new catalog, compares the time with that of the pointer's file in the directory
//! `POINTERS`, and prints one line of figures. Ends when its standard input does.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bunraku_tests::https::Client;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How many certificates are asked for, and connections made, at once.
const AT_ONCE: usize = 16;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [farm, edge, pointers, count] = words.as_slice() else {
        panic!("watchers FARM EDGE POINTERS COUNT");
    };
    let (edge, count) = (edge.parse().unwrap(), count.parse().unwrap());
    let began = Instant::now();
    let nodes = enroll(farm.parse().unwrap(), count);
    let enrolled = began.elapsed();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(watch(edge, Path::new(pointers), nodes, enrolled));
}

fn name(number: usize) -> String {
    format!("node{number}.example.test")
}

fn enroll(port: u16, count: usize) -> Vec<(String, Arc<ClientConfig>)> {
    let next = AtomicUsize::new(1);
    let one = || {
        let mut nodes = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > count {
                return nodes;
            }
            let client = Client::enrolled(port, &name(number));
            nodes.push((name(number), client.config()));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// What a watcher was told.
struct Told {
    node: String,
    catalog: bool,
    at: SystemTime,
}

async fn watch(
    port: u16,
    pointers: &Path,
    nodes: Vec<(String, Arc<ClientConfig>)>,
    enrolled: Duration,
) {
    let count = nodes.len();
    let began = Instant::now();
    let (sender, mut told) = mpsc::unbounded_channel();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    for (node, config) in nodes {
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        let (sender, has) = (sender.clone(), catalog_of(&pointer(pointers, &node)));
        tokio::spawn(async move {
            let stream = connect(port, config, &has).await;
            follow(stream, node, sender, place).await;
        });
    }
    for _ in 0..count {
        assert!(
            !told.recv().await.unwrap().catalog,
            "a catalog before its time"
        );
    }
    println!(
        "{}",
        json!({"watching": count, "enroll_seconds": enrolled.as_secs_f64(), "connect_seconds": began.elapsed().as_secs_f64()})
    );
    let mut delays = Vec::with_capacity(count);
    while delays.len() < count {
        let told = told.recv().await.unwrap();
        let published = std::fs::metadata(pointer(pointers, &told.node));
        let published = published.unwrap().modified().unwrap();
        assert!(told.catalog);
        delays.push(told.at.duration_since(published).unwrap_or_default());
    }
    delays.sort_unstable();
    let at = |percent: usize| {
        let index = (count * percent / 100).min(count - 1);
        delays[index].as_secs_f64() * 1000.0
    };
    println!(
        "{}",
        json!({"told": count, "p50_ms": at(50), "p99_ms": at(99), "max_ms": at(100)})
    );
    // Streams are open to the end.
    let ended =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    ended.await.unwrap().unwrap();
}

fn pointer(pointers: &Path, node: &str) -> PathBuf {
    pointers.join(format!("{node}.json"))
}

fn catalog_of(pointer: &Path) -> String {
    let pointer = std::fs::read(pointer).expect("a catalog of each node");
    let pointer: serde_json::Value = serde_json::from_slice(&pointer).unwrap();
    pointer["catalog"]["digest"].as_str().unwrap().to_owned()
}

async fn connect(port: u16, config: Arc<ClientConfig>, has: &str) -> TlsStream<TcpStream> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(config);
    let mut stream = connector.connect(name, socket).await.unwrap();
    let request = format!(
        "GET /bunraku/v1/watch?environment=production HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: {has}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// Says what a stream tells. The place is given back when it has begun.
async fn follow(
    mut stream: TlsStream<TcpStream>,
    node: String,
    sender: mpsc::UnboundedSender<Told>,
    place: tokio::sync::OwnedSemaphorePermit,
) {
    let (mut place, mut text) = (Some(place), Vec::new());
    let mut buffer = [0; 2048];
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "the stream ended");
        text.extend_from_slice(&buffer[..read]);
        let at = SystemTime::now();
        for (event, catalog) in [("event: catalog", true), ("event: current", false)] {
            let found = text
                .windows(event.len())
                .position(|part| part == event.as_bytes());
            if found.is_some() {
                text.clear();
                place = None;
                let node = node.clone();
                sender.send(Told { node, catalog, at }).unwrap();
            }
        }
        assert!(text.len() < 1 << 16 || place.is_none());
    }
}
