//! Orders of administrators: through an edge the same as at its store.

use std::collections::BTreeMap;

use bunraku_edge::Administration as _;
use bunraku_edge::api::{Order, SignedOrder, StartOrder};
use bunraku_farm::CodePath;
use bunraku_farm::documents::{EnvironmentDoc, FileEntry, ReleaseManifest};
use bunraku_host::Host;
use bunraku_store::Key;
use jiff::SignedDuration;
use serde_json::Value;

use super::*;

/// A release that lies in the store, and that nothing names.
async fn stored(store: &Store, text: &'static str) -> Digest {
    let (digest, _) = store.put_blob(text).await.unwrap();
    let entry = FileEntry {
        digest,
        size: text.len() as u64,
        mode: 0o644,
    };
    let path = CodePath::parse("manifests/site.pp").unwrap();
    let manifest = ReleaseManifest::new(BTreeMap::from([(path, entry)]));
    store.seal_release(&environment(), &manifest).await.unwrap();
    manifest.release
}

/// A farm whose nodes have one release, and another one in its store.
async fn farm() -> (Site, Digest, Digest) {
    let site = site(None, EdgeConfig::default()).await;
    let current = stored(&site.store, "node default { }").await;
    let other = stored(&site.store, "node default { notice(1) }").await;
    let now = Timestamp::now();
    let push =
        |before: Option<&EnvironmentDoc>| EnvironmentDoc::advance(before, current, None, now);
    let pushed = site.store.update_environment(&environment(), push).await;
    assert!(pushed.unwrap().written);
    (site, current, other)
}

async fn order(client: &EdgeClient, order: Order) -> Result<Value> {
    let by = "me@here".to_owned();
    let signed = SignedOrder { by, order };
    client.order(&environment(), &signed).await
}

async fn document(store: &Store) -> EnvironmentDoc {
    store.environment(&environment()).await.unwrap().unwrap()
}

fn start(release: Digest) -> Order {
    Order::Start(Box::new(StartOrder {
        release: release.short(),
        name: Some("new".to_owned()),
        plan: None,
        pins: BTreeMap::new(),
    }))
}

#[tokio::test]
async fn a_rollout_is_begun_looked_at_and_ended_through_an_edge_and_the_log_says_by_whom() {
    let (site, current, other) = farm().await;
    let client = site.client();
    let started = order(&client, start(other)).await.unwrap();
    assert_eq!(
        started,
        json!({"environment": "production", "rollout": "new", "release": other})
    );
    let status = order(&client, Order::Status).await.unwrap();
    assert_eq!(status["rollouts"][0]["state"], "queued");
    let who = &status["rollouts"][0]["log"][0]["who"];
    assert_eq!(who, "me@here (certificate admin)");
    // Whoever reaches the store is told the same.
    let at_store = AtStore(site.store.clone());
    let production = environment();
    let there = at_store.perform(&production, "me@here", Order::Status);
    assert_eq!(there.await.unwrap(), status);

    // What makes no sense is refused in the same words.
    let refused = order(&client, Order::Undo).await.unwrap_err().to_string();
    assert!(refused.contains("there is no rollout to undo"), "{refused}");
    let name = Some("new".to_owned());
    let ended = order(&client, Order::Abort { name }).await.unwrap();
    assert_eq!(ended["rollout"], "new");
    let document = document(&site.store).await;
    assert_eq!(
        (document.rollouts[0].state.word(), document.release),
        ("aborted", current)
    );
    assert_eq!(order(&client, Order::Published).await.unwrap(), json!([]));
}

#[tokio::test]
async fn nodes_are_pinned_through_an_edge_at_what_they_have_or_at_a_release_that_then_stays() {
    let (site, current, other) = farm().await;
    let client = site.client();
    let node = |name: &str| Certname::parse(name).unwrap();
    let nodes = BTreeMap::from([(node("a"), None), (node("b"), Some(other.short()))]);
    let pinned = order(&client, Order::Pin { nodes }).await.unwrap();
    assert_eq!(pinned["pins"], json!({"a": current, "b": other}));
    let by: Vec<String> = document(&site.store)
        .await
        .pins
        .into_values()
        .map(|pin| pin.by)
        .collect();
    assert_eq!(by, ["me@here (certificate admin)"; 2]);
    let nodes = vec![node("a")];
    let unpinned = order(
        &client,
        Order::Unpin {
            nodes: nodes.clone(),
        },
    )
    .await
    .unwrap();
    assert_eq!(unpinned["unpinned"], json!(["a"]));
    let refused = order(&client, Order::Unpin { nodes }).await.unwrap_err();
    assert!(refused.to_string().contains("a is not pinned"), "{refused}");
    let nodes = BTreeMap::from([(node("a"), Some("0000000000".to_owned()))]);
    let refused = order(&client, Order::Pin { nodes }).await.unwrap_err();
    assert!(
        refused.to_string().contains("has no release 0000000000"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_release_that_is_ordered_again_is_kept_from_a_collection_that_goes_on() {
    let (site, _, other) = farm().await;
    let node = Certname::parse("a").unwrap();
    let pin = Order::Pin {
        nodes: BTreeMap::from([(node, Some(other.to_hex()))]),
    };
    for order in [pin, start(other)] {
        let written = async || {
            let key = Key::release(&environment(), other);
            let read = site.store.read_versioned::<ReleaseManifest>(&key).await;
            read.unwrap().unwrap().version
        };
        let before = written().await;
        let later = Timestamp::now() + SignedDuration::from_hours(13);
        let later = Host::default().with_clock(Arc::new(later));
        let at_store = AtStore(site.store.clone().on(later));
        at_store
            .perform(&environment(), "me@here", order)
            .await
            .unwrap();
        assert_ne!(written().await, before);
    }
}

#[tokio::test]
async fn who_is_no_administrator_orders_nothing() {
    let (site, _, other) = farm().await;
    let agent = site.client_of(&site.ca.server_credentials("web1", &[]).unwrap());
    for asked in [start(other), Order::Undo, Order::Status, Order::Published] {
        let refused = order(&agent, asked).await.unwrap_err().to_string();
        assert!(refused.contains("lets administrators alone"), "{refused}");
    }
    assert!(document(&site.store).await.rollouts.is_empty());
    let elsewhere = EnvironmentName::parse("elsewhere").unwrap();
    let signed = SignedOrder {
        by: "me@here".to_owned(),
        order: Order::Status,
    };
    let refused = site.client().order::<Value>(&elsewhere, &signed).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("there is no environment elsewhere"),
        "{refused}"
    );
}
