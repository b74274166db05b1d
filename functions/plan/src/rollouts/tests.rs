//! Rollouts of days, with the compiler behind them and a clock that tests turn.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bunraku_compile::Compile;
use bunraku_farm::documents::{FactsDoc, FileEntry, Pointer, ReleaseManifest, SiteSettings};
use bunraku_farm::messages::Channel;
use bunraku_farm::rollout::command::{self, Actor, Asked};
use bunraku_farm::rollout::{RolloutState, Run};
use bunraku_farm::{CodePath, Counters, Digest};
use bunraku_host::{Clock, Host};
use bunraku_queue::{MemoryQueue, Queue};
use bunraku_store::Store;
use bytes::Bytes;
use serde_json::{Value, json};

use super::*;

thread_local! {
    /// Minutes since the rollout's beginning.
    static CLOCK: Cell<i64> = const { Cell::new(0) };
}

fn now() -> Timestamp {
    Timestamp::from_second(1_795_392_000 + CLOCK.get() * 60).unwrap()
}

/// The clock that tests turn.
#[derive(Debug)]
struct Turned;

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        now()
    }
}

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn node(name: &str) -> Certname {
    Certname::parse(name).unwrap()
}

struct World {
    context: Context,
    compile: Compile,
    counters: Arc<Counters>,
}

impl World {
    /// Nodes `a` and `b` of tier 1, `c` and `d` of tier 2, with catalogs of `site`.
    async fn new(site: &str) -> Self {
        CLOCK.set(0);
        let counters = Arc::new(Counters::default());
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        let store = Store::memory().on(Host::default().with_clock(Arc::new(Turned)));
        let world = Self {
            compile: Compile::new(store.clone(), Arc::clone(&queue), Arc::clone(&counters)),
            context: Context::new(store, queue, Arc::clone(&counters)),
            counters,
        };
        let release = world.seal(site).await;
        let advance = |current: Option<&EnvironmentDoc>| {
            EnvironmentDoc::advance(current, release, None, now())
        };
        let store = &world.context.store;
        store
            .update_environment(&production(), advance)
            .await
            .unwrap();
        for (name, tier) in [("a", 1), ("b", 1), ("c", 2), ("d", 2)] {
            world.facts(name, tier).await;
        }
        world.everybody().await;
        world
    }

    async fn seal(&self, site: &str) -> Digest {
        let store = &self.context.store;
        let (digest, _) = store.put_blob(Bytes::from(site.to_owned())).await.unwrap();
        let entry = FileEntry {
            digest,
            size: site.len() as u64,
            mode: 0o644,
        };
        let path = CodePath::parse("manifests/site.pp").unwrap();
        let manifest = ReleaseManifest::new(BTreeMap::from([(path, entry)]));
        store.seal_release(&production(), &manifest).await.unwrap();
        manifest.release
    }

    async fn facts(&self, name: &str, tier: u64) {
        let values = json!({ "tier": tier }).as_object().unwrap().clone();
        let facts = FactsDoc::new(node(name), production(), values, now());
        self.context.store.put_facts(&facts).await.unwrap();
    }

    async fn document(&self) -> EnvironmentDoc {
        let document = self.context.store.environment(&production()).await;
        document.unwrap().unwrap()
    }

    async fn everybody(&self) {
        let document = self.document().await;
        let task = PlanTask {
            environment: production(),
            release: document.release,
            sequence: document.sequence,
            cause: Cause::Manual,
            nodes: NodeSelection::All,
        };
        self.context.queue.send(task.into()).await.unwrap();
        self.work().await;
    }

    async fn change(
        &self,
        change: impl Fn(&EnvironmentDoc, Actor<'_>) -> Result<command::Done, String> + Send + Sync,
    ) {
        let by = Actor {
            who: "me@here",
            at: now(),
        };
        let change =
            |current: Option<&EnvironmentDoc>| Some(change(current.unwrap(), by).unwrap().document);
        let store = &self.context.store;
        store
            .update_environment(&production(), change)
            .await
            .unwrap();
    }

    async fn start(&self, site: &str, plan: Value) {
        let asked = Asked {
            name: Some("new".to_owned()),
            release: self.seal(site).await,
            upload: None,
            made_from: None,
            settings: SiteSettings::default(),
            plan: serde_json::from_value(plan).unwrap(),
        };
        self.change(|document, by| command::start(document, asked.clone(), by))
            .await;
    }

    /// A reminder, and all that follows from it.
    async fn tick(&self) {
        let environment = production();
        advance(&self.context, &AdvanceTask { environment })
            .await
            .unwrap();
        self.work().await;
        let environment = production();
        advance(&self.context, &AdvanceTask { environment })
            .await
            .unwrap();
        self.work().await;
    }

    async fn after(&self, minutes: i64) {
        CLOCK.set(CLOCK.get() + minutes);
        self.tick().await;
    }

    async fn work(&self) {
        loop {
            let queue = &self.context.queue;
            let got = queue
                .receive(&Channel::ALL, 100, Duration::ZERO)
                .await
                .unwrap();
            if got.is_empty() {
                return;
            }
            for delivery in got {
                match delivery.message {
                    Message::Compile(task) => drop(self.compile.handle(&task, None).await.unwrap()),
                    Message::Plan(task) => crate::plan(&self.context, &task).await.unwrap(),
                    Message::Gather(_) => crate::gather(&self.context).await.unwrap(),
                    other => panic!("{other:?}"),
                }
                queue.ack(&delivery.receipt).await.unwrap();
            }
        }
    }

    async fn report(&self, name: &str, failed: bool) {
        let document = self.document().await;
        let rollout = document.rollout().unwrap();
        let pointer = self.pointer(name).await;
        let with_release = document.aim(&node(name), Some(&pointer)).sequence == rollout.sequence;
        let run = Run {
            at: now(),
            failed,
            corrective: false,
        };
        let store = &self.context.store;
        let (environment, certname) = (production(), node(name));
        store
            .put_run(&environment, &certname, rollout.sequence, run, with_release)
            .await
            .unwrap();
    }

    async fn pointer(&self, name: &str) -> Pointer {
        let pointer = self.context.store.pointer(&production(), &node(name)).await;
        pointer.unwrap().unwrap()
    }

    /// The message of the notify in the catalog that a node is served.
    async fn message(&self, name: &str) -> String {
        let pointer = self.pointer(name).await;
        let document = self.document().await;
        let aim = document.aim(&node(name), Some(&pointer));
        let pointer = pointer.of_release(aim.release);
        assert!(pointer.holds_for(aim.release), "{name} waits");
        let digest = pointer.catalog.unwrap().digest;
        let json = self.context.store.catalog_json(digest).await.unwrap();
        let catalog: Value = serde_json::from_slice(&json).unwrap();
        let mut resources = catalog["resources"].as_array().unwrap().iter();
        let notify = resources.find(|resource| resource["type"] == "Notify");
        notify.unwrap()["parameters"]["message"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn messages(&self) -> String {
        let mut all = String::new();
        for name in ["a", "b", "c", "d"] {
            all += &self.message(name).await;
        }
        all
    }

    async fn state(&self) -> RolloutState {
        self.document().await.rollouts[0].state.clone()
    }
}

fn site(message: &str) -> String {
    format!("notify {{ 'x': message => '{message}' }}")
}

fn by_tier() -> Value {
    json!({
        "stages": [
            {"name": "canary", "certname": "a", "hold": "1 day"},
            {"name": "tier 1", "fact": {"tier": 1}, "hold": "1 day"},
        ],
        "gate": {"reports": 0, "silent": "100%"},
    })
}

#[tokio::test]
async fn stages_by_name_and_by_fact_open_day_by_day() {
    let world = World::new(&site("1")).await;
    world.start(&site("2"), by_tier()).await;
    world.tick().await;
    assert_eq!(world.messages().await, "2111");
    world.after(24 * 60 - 1).await;
    assert_eq!(world.messages().await, "2111");
    // Catalogs of the next stage are there before it opens; those behind it are not made yet.
    assert!(world.pointer("b").await.aside.is_some());
    assert!(world.pointer("c").await.aside.is_none());
    world.after(1).await;
    assert_eq!(world.messages().await, "2211");
    // A node that comes now has the old release until the last stage.
    world.facts("e", 1).await;
    world.everybody().await;
    assert_eq!(world.message("e").await, "1");
    world.after(24 * 60).await;
    assert_eq!(
        (world.messages().await, world.message("e").await),
        ("2222".to_owned(), "2".to_owned())
    );
    assert_eq!(world.state().await, RolloutState::Done);
    assert!(!world.document().await.has_rollouts());
}

#[tokio::test]
async fn opening_and_undoing_compile_nothing() {
    let world = World::new(&site("1")).await;
    world.start(&site("2"), by_tier()).await;
    world.tick().await;
    world.after(24 * 60).await;
    let compiles = world.counters.compiles.get();
    // All of them: two of the stages that are open, and two of the next.
    assert_eq!(compiles, 4 + 4);
    world.change(command::undo).await;
    assert_eq!(world.messages().await, "1111");
    world.tick().await;
    assert_eq!(world.messages().await, "1111");
    assert_eq!(world.pointer("a").await.aside, None);
    assert_eq!(world.counters.compiles.get(), compiles);
}

#[tokio::test]
async fn a_node_that_fails_pauses_it_and_others_are_not_touched() {
    let world = World::new(&site("1")).await;
    world.start(&site("2"), by_tier()).await;
    world.tick().await;
    world.after(30).await;
    for name in ["b", "c", "d"] {
        world.report(name, false).await;
    }
    world.report("a", true).await;
    world.after(1).await;
    assert!(matches!(
        world.state().await,
        RolloutState::Paused { by_gate: true, .. }
    ));
    world.after(10_000).await;
    assert_eq!(world.messages().await, "2111");
}

#[tokio::test]
async fn what_does_not_compile_pauses_it_before_anybody_has_it() {
    let world = World::new(&site("1")).await;
    world.start("fail('no')", by_tier()).await;
    world.tick().await;
    assert!(matches!(
        world.state().await,
        RolloutState::Paused { by_gate: true, .. }
    ));
    assert_eq!(world.messages().await, "1111");
}

#[tokio::test]
async fn facts_that_change_meanwhile_are_in_the_catalog_that_waits() {
    let with_tier =
        |word: &str| format!("notify {{ 'x': message => \"{word}${{facts['tier']}}\" }}");
    let world = World::new(&with_tier("old")).await;
    world.start(&with_tier("new"), by_tier()).await;
    world.tick().await;
    world.facts("b", 3).await;
    let document = world.document().await;
    let task = CompileTask {
        environment: production(),
        certname: node("b"),
        release: document.release,
        sequence: document.sequence,
        lane: Lane::Normal,
        cause: Cause::Facts,
        enqueued_at: now(),
    };
    world.context.queue.send(task.into()).await.unwrap();
    world.work().await;
    assert_eq!(world.message("b").await, "old3");
    world.after(24 * 60).await;
    assert_eq!(world.message("b").await, "new3");
}

#[tokio::test]
async fn what_a_catalog_exports_is_there_for_others_when_it_is_served_and_not_before() {
    let exports = |port: u64| {
        format!(
            "if $trusted['certname'] == 'b' {{ @@notify {{ 'b': message => 'port {port}' }} }}\n\
             node 'd' {{ Notify <<| title == 'b' |>> }} node default {{ notify {{ 'x': message => 'x' }} }}"
        )
    };
    let world = World::new(&exports(80)).await;
    assert_eq!(world.message("d").await, "port 80");
    world.start(&exports(8080), by_tier()).await;
    world.tick().await;
    assert!(world.pointer("b").await.aside.is_some());
    assert_eq!(world.message("d").await, "port 80");
    world.after(24 * 60).await;
    assert_eq!(world.message("d").await, "port 8080");
}

#[tokio::test]
async fn nodes_that_are_gone_hold_nothing_up() {
    let world = World::new(&site("1")).await;
    let plan = json!({"stages": [{"certname": "a", "hold": "3h"}], "gate": {"reports": "100%", "silence": "1h"}});
    world.start(&site("2"), plan).await;
    world.tick().await;
    for name in ["a", "d"] {
        world.context.store.remove_node(&node(name)).await.unwrap();
    }
    for _ in 0..4 {
        for name in ["b", "c"] {
            world.report(name, false).await;
        }
        world.after(50).await;
    }
    assert_eq!(world.state().await, RolloutState::Done);
    assert_eq!(world.message("b").await, "2");
}

#[tokio::test]
async fn reminders_that_come_at_the_same_time_do_no_harm() {
    let world = World::new(&site("1")).await;
    world.start(&site("2"), by_tier()).await;
    for _ in 0..6 {
        CLOCK.set(CLOCK.get() + 12 * 60);
        let task = AdvanceTask {
            environment: production(),
        };
        let (one, other) = tokio::join!(
            advance(&world.context, &task),
            advance(&world.context, &task)
        );
        one.unwrap();
        other.unwrap();
        world.work().await;
    }
    assert_eq!(world.messages().await, "2222");
    let log = world.document().await.rollouts[0].log.clone();
    let opened = log.iter().filter(|line| line.what.starts_with("opened"));
    assert_eq!(opened.count(), 3);
}
