//! Nodes that watch for a new catalog of their own.

use std::time::Duration;

use bunraku_edge::EdgeConfig;
use bunraku_farm::documents::{CatalogRef, FactsDoc, Pointer, SiteSettings};
use bunraku_farm::{Certname, Digest};
use bunraku_pki::Autosign;
use bunraku_store::Store;
use hyper::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{TestFarm, facts, production};
use crate::watcher::Watcher;

async fn farm(config: EdgeConfig) -> TestFarm {
    let farm = TestFarm::with(config, Autosign::All, true).await;
    farm.push(&[("manifests/site.pp", "")]).await;
    farm
}

/// Gives a node a catalog, as a compile does.
async fn publish(store: &Store, node: &str, catalog: &str) -> String {
    publish_with(store, node, catalog, &[]).await
}

/// Gives a node a catalog of some classes.
async fn publish_with(store: &Store, node: &str, catalog: &str, classes: &[&str]) -> String {
    let digest = Digest::of(catalog);
    let (certname, production) = (Certname::parse(node).unwrap(), production());
    let environment = store.environment(&production).await.unwrap().unwrap();
    let written = store.update_pointer(&production, &certname, |current| {
        let mut pointer = current.cloned().unwrap_or_else(|| {
            serde_json::from_value::<Pointer>(json!({"certname": node, "sequence": 0})).unwrap()
        });
        pointer.catalog = Some(CatalogRef {
            digest,
            plain_digest: None,
            size: 1,
        });
        pointer.sequence = environment.sequence;
        pointer.release = Some(environment.release);
        pointer.classes = classes.iter().map(ToString::to_string).collect();
        Some(pointer)
    });
    written.await.unwrap();
    digest.to_string()
}

/// Gives the environment's release rules.
async fn set_priorities(store: &Store, priorities: Value) {
    let settings: SiteSettings =
        serde_json::from_value(json!({ "priorities": priorities })).unwrap();
    let production = production();
    let written = store.update_environment(&production, |current| {
        current.map(|current| current.clone().with_settings(settings.clone()))
    });
    written.await.unwrap();
}

#[tokio::test]
async fn a_node_is_told_of_its_new_catalogs_and_of_no_other_nodes() {
    let farm = farm(EdgeConfig::default()).await;
    let agent = farm.agent("a");
    let mut watcher = Watcher::open(&agent, "", None).await.ok().unwrap();
    watcher.expect("current", "").await;
    publish(&farm.store, "b", "of b").await;
    let first = publish(&farm.store, "a", "1").await;
    let event = watcher.expect("catalog", &first).await;
    let release = farm
        .store
        .environment(&production())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        event.data,
        json!({
            "version": 1, "node": "a", "environment": "production", "catalog": first, "previous": null,
            "release": release.release, "sequence": 1, "at": null, "cause": "first",
        })
    );
    // The run is over when the report is there.
    let report = agent.put(
        "/puppet/v3/report/a?environment=production",
        "application/json",
        "{}",
    );
    assert_eq!(report.await.status, StatusCode::OK);
    farm.push(&[("manifests/site.pp", "other")]).await;
    // Verified for the new release, not compiled: nothing to tell.
    publish(&farm.store, "a", "1").await;
    let second = publish(&farm.store, "a", "2").await;
    let event = watcher.expect("catalog", &second).await;
    assert_eq!(event.data["previous"], json!(first));
}

#[tokio::test]
async fn who_comes_again_is_told_exactly_what_it_missed() {
    let farm = farm(EdgeConfig::default()).await;
    let agent = farm.agent("a");
    let first = publish(&farm.store, "a", "1").await;
    let mut watcher = Watcher::open(&agent, "", None).await.ok().unwrap();
    watcher.expect("catalog", &first).await;
    drop(watcher);
    // Nothing happened meanwhile.
    let mut watcher = Watcher::open(&agent, "", Some(&first)).await.ok().unwrap();
    watcher.expect("current", &first).await;
    drop(watcher);
    publish(&farm.store, "a", "2").await;
    let third = publish(&farm.store, "a", "3").await;
    let mut watcher = Watcher::open(&agent, "", Some(&first)).await.ok().unwrap();
    watcher.expect("catalog", &third).await;
    // The parameter says the same to clients that can't set the header at first.
    let query = format!("?catalog={third}&environment=production");
    let mut watcher = Watcher::open(&agent, &query, None).await.ok().unwrap();
    watcher.expect("current", &third).await;
}

#[tokio::test]
async fn what_an_agent_was_given_its_watcher_need_not_run_for() {
    let farm = farm(EdgeConfig::default()).await;
    let agent = farm.agent("a");
    let mut watcher = Watcher::open(&agent, "", None).await.ok().unwrap();
    watcher.expect("current", "").await;
    // The agent runs by itself; its facts are new, and its catalog is compiled while it waits.
    let answer = agent.catalog("a", &facts("a", json!({"os": 1}))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut served = None;
    for _ in 0..2 {
        let event = watcher.next().await.unwrap();
        if event.name == "served" {
            served = Some(event.id);
            break;
        }
    }
    let served = served.expect("the watcher to be told");
    let pointer = farm
        .store
        .pointer(&production(), &Certname::parse("a").unwrap())
        .await;
    let digest = pointer.unwrap().unwrap().catalog.unwrap().digest;
    assert_eq!(served, digest.to_string());
}

#[tokio::test]
async fn no_more_nodes_run_at_once_than_may_and_urgent_ones_go_first() {
    let farm = farm(EdgeConfig {
        runs_at_once: 1,
        ..EdgeConfig::default()
    })
    .await;
    let rules = json!([
        {"lane": "urgent", "certname": "*.vital.test"},
        {"lane": "urgent", "fact": {"tier": 1}},
        {"lane": "urgent", "class": "role::database"},
        {"lane": "bulk", "certname": "lab*"},
    ]);
    set_priorities(&farm.store, rules).await;
    let tier = FactsDoc::new(
        Certname::parse("first-tier").unwrap(),
        production(),
        json!({"tier": 1}).as_object().unwrap().clone(),
        Timestamp::now(),
    );
    farm.store.put_facts(&tier).await.unwrap();
    let classes = ["settings", "role::database"];
    let of_db = publish_with(&farm.store, "db", "before", &classes).await;
    let names = ["a", "lab1", "b", "db", "first-tier", "x.vital.test"];
    let mut watchers = Vec::new();
    for name in names {
        let has = (name == "db").then_some(of_db.as_str());
        let mut watcher = Watcher::open(&farm.agent(name), "", has)
            .await
            .ok()
            .unwrap();
        watcher.expect("current", has.unwrap_or_default()).await;
        watchers.push((name, watcher));
    }
    for name in names {
        publish(&farm.store, name, name).await;
    }
    let mut order = Vec::new();
    while !watchers.is_empty() {
        let waits = watchers
            .iter_mut()
            .map(|(_, watcher)| Box::pin(watcher.next()));
        let (event, index, _) = futures::future::select_all(waits).await;
        assert_eq!(event.unwrap().name, "catalog");
        let (name, watcher) = watchers.remove(index);
        order.push(name);
        // Metrics say who is at it.
        let metrics = farm.admin().get("/bunraku/v1/metrics").await.text();
        assert!(
            metrics.contains("bunraku_edge_watching_runs 1\n"),
            "{metrics}"
        );
        // The run ends: the client comes again with what it has.
        drop(watcher);
    }
    // The first was alone in line. In which order the urgent ones came into it does not matter here.
    order[1..4].sort_unstable();
    let expected = ["a", "db", "first-tier", "x.vital.test", "b", "lab1"];
    assert_eq!(order, expected);
}

#[tokio::test]
async fn a_node_that_is_not_heard_of_again_keeps_no_other_waiting_for_ever() {
    let farm = farm(EdgeConfig {
        runs_at_once: 1,
        longest_run: Duration::from_millis(10),
        ..EdgeConfig::default()
    })
    .await;
    let mut a = Watcher::open(&farm.agent("a"), "", None)
        .await
        .ok()
        .unwrap();
    a.expect("current", "").await;
    let mut b = Watcher::open(&farm.agent("b"), "", None)
        .await
        .ok()
        .unwrap();
    b.expect("current", "").await;
    let of_a = publish(&farm.store, "a", "a").await;
    a.expect("catalog", &of_a).await;
    let of_b = publish(&farm.store, "b", "b").await;
    b.expect("catalog", &of_b).await;
}

#[tokio::test]
async fn watchers_take_no_places_of_agents_and_are_bounded() {
    let farm = farm(EdgeConfig {
        max_connections: 2,
        max_watchers: 2,
        ..EdgeConfig::default()
    })
    .await;
    let mut watchers = Vec::new();
    for name in ["a", "b"] {
        let mut watcher = Watcher::open(&farm.agent(name), "", None)
            .await
            .ok()
            .unwrap();
        watcher.expect("current", "").await;
        watchers.push(watcher);
    }
    // Both places of those who ask are free.
    let agent = farm.agent("c");
    let answer = agent.get("/puppet/v3/node/c?environment=production").await;
    assert_eq!(answer.status, StatusCode::OK);
    let (status, headers) = Watcher::open(&agent, "", None).await.err().unwrap();
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(headers.contains_key("retry-after"));
}

#[tokio::test]
async fn a_nodes_new_stream_ends_its_former_one() {
    let farm = farm(EdgeConfig::default()).await;
    let agent = farm.agent("a");
    let mut former = Watcher::open(&agent, "", None).await.ok().unwrap();
    former.expect("current", "").await;
    let mut latter = Watcher::open(&agent, "", None).await.ok().unwrap();
    latter.expect("current", "").await;
    assert_eq!(former.next().await, None);
    let id = publish(&farm.store, "a", "1").await;
    latter.expect("catalog", &id).await;
}

#[tokio::test]
async fn only_a_client_with_a_certificate_and_a_proper_digest_may_watch() {
    let farm = farm(EdgeConfig::default()).await;
    let refused = |watcher: Result<Watcher, (StatusCode, _)>| watcher.err().unwrap().0;
    let nobody = Watcher::open(&farm.anonymous(), "", None).await;
    assert_eq!(refused(nobody), StatusCode::FORBIDDEN);
    let agent = farm.agent("a");
    let garbage = Watcher::open(&agent, "", Some("1")).await;
    assert_eq!(refused(garbage), StatusCode::BAD_REQUEST);
    let garbage = Watcher::open(&agent, "?environment=../x", None).await;
    assert_eq!(refused(garbage), StatusCode::BAD_REQUEST);
    let other = agent.get("/bunraku/v1/watch/b").await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn who_is_revoked_is_sent_away() {
    let farm = farm(EdgeConfig::default()).await;
    let mut watcher = Watcher::open(&farm.agent("a"), "", None)
        .await
        .ok()
        .unwrap();
    watcher.expect("current", "").await;
    farm.ca.revoke("a").unwrap();
    assert_eq!(watcher.next().await, None);
}

#[tokio::test]
async fn a_stopping_edge_ends_its_streams_and_spreads_those_who_come_again() {
    let mut farm = farm(EdgeConfig::default()).await;
    let mut watcher = Watcher::open(&farm.agent("a"), "", None)
        .await
        .ok()
        .unwrap();
    watcher.expect("current", "").await;
    farm.stop();
    assert_eq!(watcher.block().await.as_deref(), Some("retry: 1000\n\n"));
    assert_eq!(watcher.block().await, None);
    drop(watcher);
    farm.stopped().await;
}

#[tokio::test]
async fn a_silent_stream_shows_that_the_edge_is_there() {
    let farm = farm(EdgeConfig {
        heartbeat: Duration::ZERO,
        ..EdgeConfig::default()
    })
    .await;
    let mut watcher = Watcher::open(&farm.agent("a"), "", None)
        .await
        .ok()
        .unwrap();
    assert_eq!(watcher.block().await.as_deref(), Some(": watching\n\n"));
    while watcher.block().await.as_deref() != Some(":\n\n") {}
}

#[tokio::test]
async fn a_node_watches_the_environment_that_its_agent_asked_for_last() {
    let farm = farm(EdgeConfig::default()).await;
    let agent = farm.agent("a");
    let mut watcher = Watcher::open(&agent, "", None).await.ok().unwrap();
    let event = watcher.expect("current", "").await;
    assert_eq!(event.data["environment"], "production");
    let mut watcher = Watcher::open(&agent, "?environment=test", None)
        .await
        .ok()
        .unwrap();
    let event = watcher.expect("current", "").await;
    assert_eq!(event.data["environment"], "test");
    drop(watcher);
    let answer = agent.catalog("a", &facts("a", json!({"os": 1}))).await;
    assert_eq!(answer.status, StatusCode::OK);
    let mut watcher = Watcher::open(&agent, "", None).await.ok().unwrap();
    assert_eq!(
        watcher.next().await.unwrap().data["environment"],
        "production"
    );
}
