//! Writes of other processes, told to the edge from outside.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bunraku_edge::{Authority, Edge, EdgeConfig, EdgePki, Services};
use bunraku_farm::messages::{Channel, Lane, Message};
use bunraku_farm::{Certname, Counters, Digest, EnvironmentName};
use bunraku_pki::{Ca, CaOptions};
use bunraku_queue::{MemoryQueue, Queue};
use bunraku_store::{Key, Store};
use hyper::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{Client, Pair};
use crate::support::{csr, facts, one, production, release};
use crate::watcher::Watcher;

const NODE: &str = "a.example.test";

/// An edge whose store is written by others: through a second store on the same directory.
struct Apart {
    edge: Edge,
    others: Store,
    queue: Arc<dyn Queue>,
    agent: Client,
    release: Digest,
    _dir: tempfile::TempDir,
}

async fn apart() -> Apart {
    apart_with(Duration::from_secs(3600)).await
}

async fn apart_with(document_ttl: Duration) -> Apart {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    let store = Store::open_directory(&root).await.unwrap();
    let others = Store::open_directory(&root).await.unwrap();
    let release = release(&others, &[("manifests/site.pp", "")]).await;
    let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
    let ca = Ca::open(dir.path().join("ca"), CaOptions::default()).unwrap();
    let pki = EdgePki {
        credentials: ca.server_credentials("edge.example.test", &[]).unwrap(),
        authority: Authority::Here(ca.clone()),
    };
    let edge = Edge::new(
        EdgeConfig {
            document_ttl,
            ..EdgeConfig::default()
        },
        store,
        Arc::clone(&queue),
        pki,
        Services::default(),
        Arc::new(Counters::default()),
    )
    .unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    ca.submit(NODE, &csr(NODE, &key)).unwrap();
    ca.sign(NODE).unwrap();
    let pair = Pair {
        certificate: ca.certificate(NODE).unwrap().unwrap(),
        key: key.serialize_pem(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = edge.clone();
    tokio::spawn(async move { served.serve(listener, std::future::pending()).await });
    Apart {
        agent: Client::new(address, &ca.trust().certificate_pem(), Some(&pair)),
        edge,
        others,
        queue,
        release,
        _dir: dir,
    }
}

fn pointer() -> Key {
    Key::pointer(&production(), &Certname::parse(NODE).unwrap())
}

/// Compiles what is asked for, as a worker elsewhere, and says so.
async fn work(apart: &Apart, announce: bool) {
    let lane = [Channel::Compile(Lane::Urgent)];
    let wait = Duration::from_secs(10);
    for delivery in apart.queue.receive(&lane, 1, wait).await.unwrap() {
        if let Message::Compile(task) = &delivery.message {
            // Looks of the edge before the pointer is there are over by then.
            tokio::time::sleep(Duration::from_millis(300)).await;
            one(&apart.others, task, &Default::default()).await;
        }
        apart.queue.ack(&delivery.receipt).await.unwrap();
        if announce {
            apart.edge.announce(pointer());
        }
    }
}

#[tokio::test]
async fn an_agent_that_waits_gets_its_catalog_when_it_is_announced() {
    let apart = apart().await;
    apart.edge.announcements(true);
    let (facts, began) = (facts(NODE, json!({"os": 1})), Instant::now());
    let (answer, ()) = tokio::join!(apart.agent.catalog(NODE, &facts), work(&apart, true));
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["code_id"], apart.release.to_hex());
    // Without the announcement the next look would be two seconds after the first.
    assert!(began.elapsed() < Duration::from_millis(1900));
}

#[tokio::test]
async fn an_announcement_that_is_lost_costs_a_moment() {
    let apart = apart().await;
    apart.edge.announcements(true);
    let facts = facts(NODE, json!({"os": 1}));
    let (answer, ()) = tokio::join!(apart.agent.catalog(NODE, &facts), work(&apart, false));
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_remembered_is_forgotten_when_it_is_announced() {
    let apart = apart().await;
    let facts = facts(NODE, json!({"os": 1}));
    let (first, ()) = tokio::join!(apart.agent.catalog(NODE, &facts), work(&apart, false));
    assert_eq!(first.json()["code_id"], apart.release.to_hex());
    // Now the edge remembers the environment and the pointer for an hour.
    let again = apart.agent.catalog(NODE, &facts).await;
    assert_eq!(again.body, first.body);
    let newer = release(&apart.others, &[("manifests/site.pp", "newer")]).await;
    let still = apart.agent.catalog(NODE, &facts).await;
    assert_eq!(still.json()["code_id"], apart.release.to_hex());
    let environment = EnvironmentName::parse("production").unwrap();
    apart.edge.announce(Key::Environment(environment));
    let (fresh, ()) = tokio::join!(apart.agent.catalog(NODE, &facts), work(&apart, false));
    assert_eq!(fresh.json()["code_id"], newer.to_hex());
    // Announcements that begin again may have missed some: nothing is believed then.
    let newest = release(&apart.others, &[("manifests/site.pp", "newest")]).await;
    apart.edge.announcements(true);
    let (fresh, ()) = tokio::join!(apart.agent.catalog(NODE, &facts), work(&apart, false));
    assert_eq!(fresh.json()["code_id"], newest.to_hex());
}

/// The node's first catalog, of another process.
async fn publish(apart: &Apart) -> String {
    let agent = apart.agent.clone();
    let facts = facts(NODE, json!({"os": 1}));
    let (answer, ()) = tokio::join!(agent.catalog(NODE, &facts), work(apart, false));
    assert_eq!(answer.status, StatusCode::OK);
    catalog(apart).await
}

async fn catalog(apart: &Apart) -> String {
    let certname = Certname::parse(NODE).unwrap();
    let pointer = apart.others.pointer(&production(), &certname).await;
    let catalog = pointer.unwrap().unwrap().catalog.unwrap();
    catalog.digest.to_string()
}

/// Compiles for the newest release, as a worker elsewhere; nobody asked for it.
async fn compile(apart: &Apart, release: Digest) -> String {
    let task = serde_json::from_value(json!({
        "environment": "production", "certname": NODE, "release": release, "sequence": 2, "lane": "normal",
        "cause": {"kind": "manual"}, "enqueued_at": "2026-01-01T00:00:00Z",
    }));
    one(&apart.others, &task.unwrap(), &Default::default()).await;
    catalog(apart).await
}

#[tokio::test]
async fn a_watcher_hears_of_what_is_announced() {
    let apart = apart().await;
    apart.edge.announcements(true);
    let first = publish(&apart).await;
    let mut watcher = Watcher::open(&apart.agent, "", Some(&first))
        .await
        .ok()
        .unwrap();
    watcher.expect("current", &first).await;
    let newer = release(&apart.others, &[("manifests/site.pp", "newer")]).await;
    let second = compile(&apart, newer).await;
    apart.edge.announce(pointer());
    let event = watcher.expect("catalog", &second).await;
    assert_eq!(event.data["cause"], "release");
}

#[tokio::test]
async fn a_watcher_hears_of_a_release_that_nobody_announces() {
    let apart = apart_with(Duration::from_millis(100)).await;
    let first = publish(&apart).await;
    let mut watcher = Watcher::open(&apart.agent, "", Some(&first))
        .await
        .ok()
        .unwrap();
    watcher.expect("current", &first).await;
    let newer = release(&apart.others, &[("manifests/site.pp", "newer")]).await;
    let second = compile(&apart, newer).await;
    watcher.expect("catalog", &second).await;
}
