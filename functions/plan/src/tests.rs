use std::collections::BTreeMap;
use std::time::Duration;

use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, FileEntry, ReleaseManifest};
use bunraku_farm::messages::{Cause, Channel, Lane, NodeSelection};
use bunraku_farm::{Certname, CodePath, Digest, EnvironmentName};
use bunraku_queue::MemoryQueue;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, json};

use super::*;

const NORMAL: Channel = Channel::Compile(Lane::Normal);

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn node(name: &str) -> Certname {
    Certname::parse(name).unwrap()
}

fn context() -> Context {
    let queue = Arc::new(MemoryQueue::default());
    Context {
        host: Host::default().with_clock(Arc::new(Timestamp::UNIX_EPOCH)),
        ..Context::new(Store::memory(), queue, Arc::default())
    }
}

async fn release(context: &Context, files: &[(&str, &str)]) -> PlanTask {
    let store = &context.store;
    let mut tree = BTreeMap::new();
    for (path, text) in files {
        let (digest, _) = store
            .put_blob(Bytes::from((*text).to_owned()))
            .await
            .unwrap();
        let entry = FileEntry {
            digest,
            size: text.len() as u64,
            mode: 0o644,
        };
        tree.insert(CodePath::parse(*path).unwrap(), entry);
    }
    let manifest = ReleaseManifest::new(tree);
    store.seal_release(&production(), &manifest).await.unwrap();
    let advance = |current: Option<&EnvironmentDoc>| {
        EnvironmentDoc::advance(current, manifest.release, None, Timestamp::UNIX_EPOCH)
    };
    let environment = store
        .update_environment(&production(), advance)
        .await
        .unwrap();
    PlanTask {
        environment: production(),
        release: manifest.release,
        sequence: environment.value.unwrap().sequence,
        cause: Cause::Manual,
        nodes: NodeSelection::All,
    }
}

async fn planned(context: &Context) -> Vec<(String, u64)> {
    let got = context
        .queue
        .receive(&[NORMAL], 1000, Duration::ZERO)
        .await
        .unwrap();
    let mut nodes = Vec::new();
    for delivery in got {
        context.queue.ack(&delivery.receipt).await.unwrap();
        let Message::Compile(task) = delivery.message else {
            panic!("a compile task")
        };
        nodes.push((task.certname.to_string(), task.sequence));
    }
    nodes
}

fn tasks(nodes: &[&str], sequence: u64) -> Vec<(String, u64)> {
    nodes
        .iter()
        .map(|node| ((*node).to_owned(), sequence))
        .collect()
}

async fn known(context: &Context, name: &str, environment: &str) {
    let environment = EnvironmentName::parse(environment).unwrap();
    let values = Map::from_iter([("kernel".to_owned(), json!("Linux"))]);
    let facts = FactsDoc::new(node(name), environment, values, Timestamp::UNIX_EPOCH);
    context.store.put_facts(&facts).await.unwrap();
}

#[tokio::test]
async fn known_nodes_and_those_of_the_site_get_a_task_each() {
    let context = context();
    known(&context, "seen", "production").await;
    known(&context, "elsewhere", "test").await;
    let task = release(
        &context,
        &[
            ("manifests/site.pp", ""),
            ("facts/by-file.json", r#"{"kernel": "Linux"}"#),
            (
                "facts/x.json",
                r#"{"name": "by-name", "values": {"kernel": "Linux"}}"#,
            ),
            ("facts/broken.json", "["),
        ],
    )
    .await;
    plan(&context, &task).await.unwrap();
    assert_eq!(
        planned(&context).await,
        tasks(&["by-file", "by-name", "seen"], 1)
    );
    let seed = context
        .store
        .facts(&node("by-name"))
        .await
        .unwrap()
        .unwrap();
    assert!(seed.seed && seed.environment == production());
    let counters = context.counters.snapshot();
    assert_eq!(
        (
            counters.plans,
            counters.tasks_planned,
            counters.facts_stored
        ),
        (1, 3, 2)
    );
}

#[tokio::test]
async fn a_second_delivery_adds_nothing_to_what_waits() {
    let context = context();
    known(&context, "a", "production").await;
    let task = release(&context, &[("manifests/site.pp", "")]).await;
    plan(&context, &task).await.unwrap();
    plan(&context, &task).await.unwrap();
    assert_eq!(planned(&context).await, tasks(&["a"], 1));
}

#[tokio::test]
async fn a_late_plan_is_for_the_current_release() {
    let context = context();
    known(&context, "a", "production").await;
    let late = release(&context, &[("manifests/site.pp", "")]).await;
    release(&context, &[("manifests/site.pp", "# new")]).await;
    plan(&context, &late).await.unwrap();
    assert_eq!(planned(&context).await, tasks(&["a"], 2));
}

#[tokio::test]
async fn facts_documents_that_did_not_change_are_not_read_again() {
    let context = context();
    let facts = |value: &str| format!(r#"{{"kernel": "{value}"}}"#);
    let (linux, sunos) = (facts("Linux"), facts("SunOS"));
    let first = [("facts/a.json", &*linux), ("facts/b.json", &*linux)];
    let task = release(&context, &first).await;
    plan(&context, &task).await.unwrap();
    planned(&context).await;
    let second = [("facts/a.json", &*linux), ("facts/b.json", &*sunos)];
    let task = release(&context, &second).await;
    // Whoever read it now would find that it is gone.
    let unchanged = bunraku_store::Key::Blob(Digest::of(&linux));
    context.store.delete(&unchanged).await.unwrap();
    plan(&context, &task).await.unwrap();
    assert_eq!(planned(&context).await, tasks(&["a", "b"], 2));
    let stored = context.store.facts(&node("b")).await.unwrap().unwrap();
    assert_eq!(stored.values["kernel"], "SunOS");
}

#[tokio::test]
async fn a_selection_is_kept_to() {
    let context = context();
    known(&context, "a", "production").await;
    known(&context, "b", "production").await;
    let mut task = release(&context, &[("manifests/site.pp", "")]).await;
    task.nodes = NodeSelection::Nodes(vec![node("b")]);
    plan(&context, &task).await.unwrap();
    assert_eq!(planned(&context).await, tasks(&["b"], 1));
}

#[tokio::test]
async fn what_an_agent_sent_is_not_replaced_by_the_sites_documents() {
    let context = context();
    known(&context, "a", "production").await;
    let task = release(&context, &[("facts/a.json", r#"{"kernel": "other"}"#)]).await;
    plan(&context, &task).await.unwrap();
    let facts = context.store.facts(&node("a")).await.unwrap().unwrap();
    assert_eq!(facts.values["kernel"], "Linux");
}

#[tokio::test]
async fn a_plan_for_an_environment_that_is_gone_does_nothing() {
    let context = context();
    let task = PlanTask {
        environment: production(),
        release: Digest::of(""),
        sequence: 1,
        cause: Cause::Manual,
        nodes: NodeSelection::All,
    };
    plan(&context, &task).await.unwrap();
    assert!(planned(&context).await.is_empty());
}

/// The lanes of all tasks that were planned.
async fn lanes(context: &Context) -> BTreeMap<String, Lane> {
    let lanes = Lane::ALL.map(Channel::Compile);
    let got = context.queue.receive(&lanes, 1000, Duration::ZERO).await;
    let lane = |delivery: bunraku_queue::Delivery| match delivery.message {
        Message::Compile(task) => (task.certname.to_string(), task.lane),
        other => panic!("{other:?}"),
    };
    got.unwrap().into_iter().map(lane).collect()
}

#[tokio::test]
async fn nodes_travel_in_the_lanes_of_the_sites_rules() {
    let context = context();
    for name in ["database", "plain", "sandbox", "web"] {
        known(&context, name, "production").await;
    }
    let task = release(
        &context,
        &[
            ("manifests/site.pp", ""),
            ("facts/new.json", r#"{"role": "mail"}"#),
        ],
    )
    .await;
    let rules = json!({"priorities": [
        {"lane": "urgent", "certname": "data*"},
        {"lane": "urgent", "fact": {"role": "mail"}},
        {"lane": "bulk", "class": "profile::sand*"},
    ]});
    let rules: bunraku_farm::documents::SiteSettings = serde_json::from_value(rules).unwrap();
    let with_rules = |current: Option<&EnvironmentDoc>| {
        current.map(|current| current.clone().with_settings(rules.clone()))
    };
    let store = &context.store;
    store
        .update_environment(&production(), with_rules)
        .await
        .unwrap();
    let pointer =
        json!({"certname": "sandbox", "sequence": 1, "classes": ["settings", "profile::sandbox"]});
    let pointer: bunraku_farm::documents::Pointer = serde_json::from_value(pointer).unwrap();
    let write = |_: Option<&_>| Some(pointer.clone());
    store
        .update_pointer(&production(), &node("sandbox"), write)
        .await
        .unwrap();

    plan(&context, &task).await.unwrap();
    let expected = [
        ("database", Lane::Urgent),
        ("new", Lane::Urgent),
        ("plain", Lane::Normal),
        ("sandbox", Lane::Bulk),
        ("web", Lane::Normal),
    ];
    let expected = expected.map(|(name, lane)| (name.to_owned(), lane));
    assert_eq!(lanes(&context).await, BTreeMap::from(expected));
}
