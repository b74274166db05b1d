//! The end of an edge: open requests are finished, new ones sent elsewhere.

use std::time::{Duration, Instant};

use bunraku_edge::EdgeConfig;
use bunraku_store::Store;
use hyper::StatusCode;
use serde_json::json;

use crate::support::{Setup, TestFarm, facts};

#[tokio::test]
async fn a_stopping_edge_says_so_while_it_still_serves() {
    let mut farm = TestFarm::set_up(Setup {
        config: EdgeConfig {
            grace: Duration::from_secs(2),
            ..EdgeConfig::default()
        },
        ..Setup::default()
    })
    .await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let (nobody, agent) = (farm.anonymous(), farm.agent("a"));
    farm.stop();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let status = nobody.get("/status/v1/simple").await;
    assert_eq!(
        (status.status, status.text().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    );
    let node = agent.get("/puppet/v3/node/a?environment=production").await;
    assert_eq!(node.status, StatusCode::OK);
    farm.stopped().await;
}

#[tokio::test]
async fn an_agent_that_waits_when_the_edge_stops_is_told_to_come_again() {
    let mut farm = TestFarm::set_up(Setup {
        config: EdgeConfig {
            drain: Duration::from_secs(2),
            ..EdgeConfig::default()
        },
        compiler: false,
        ..Setup::default()
    })
    .await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent("a");
    let waiting =
        tokio::spawn(async move { agent.catalog("a", &facts("a", json!({"os": 1}))).await });
    while farm.counters.catalogs_waited.get() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let began = Instant::now();
    farm.stop();
    let answer = waiting.await.unwrap();
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty());
    farm.stopped().await;
    assert!(began.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn an_edge_that_lost_its_store_sends_agents_elsewhere_until_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    let farm = TestFarm::set_up(Setup {
        store: Some(Store::open_directory(dir.path()).await.unwrap()),
        ..Setup::default()
    })
    .await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let (nobody, agent) = (farm.anonymous(), farm.agent("a"));
    let status = async || {
        let reply = nobody.get("/status/v1/simple/server").await;
        (reply.status, reply.text())
    };
    let document = dir.path().join("environments/production.json");
    let aside = dir.path().join("aside");
    std::fs::rename(&document, &aside).unwrap();
    // Nobody can read that.
    std::fs::create_dir(&document).unwrap();
    let node = agent.get("/puppet/v3/node/a?environment=production").await;
    assert_eq!(node.status, StatusCode::SERVICE_UNAVAILABLE);
    let lost = (StatusCode::SERVICE_UNAVAILABLE, "error".to_owned());
    assert_eq!(status().await, lost);
    std::fs::remove_dir(&document).unwrap();
    std::fs::rename(&aside, &document).unwrap();
    let back = async {
        while status().await == lost {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), back)
        .await
        .unwrap();
    assert_eq!(status().await, (StatusCode::OK, "running".to_owned()));
}
