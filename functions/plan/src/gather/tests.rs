//! Nodes that export and collect, with the compiler and the store of the farm.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bunraku_compile::{Compile, Handled};
use bunraku_farm::CodePath;
use bunraku_farm::Counters;
use bunraku_farm::documents::{EnvironmentDoc, FactsDoc, FileEntry, Pointer, ReleaseManifest};
use bunraku_farm::messages::{Channel, Lane, NodeSelection, PlanTask};
use bunraku_queue::{MemoryQueue, Queue};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::*;

/// `exp*` export a notify with the fact `motto`, `col*` collect all of these, `one` that of `exp1`; `left` and
/// `right` collect from one another, and `ping` and `pong` so that it never becomes the same.
const SITE: &str = r#"
node /^exp/ { @@notify { $trusted['certname']: message => $facts['motto'], tag => 'motto' } }
node /^col/ { Notify <<| tag == 'motto' |>> }
node 'one' { Notify <<| title == 'exp1' |>> }
node 'left' { @@notify { 'left': message => $facts['motto'] } Notify <<| title == 'right' |>> }
node 'right' { @@notify { 'right': message => $facts['motto'] } Notify <<| title == 'left' |>> }
define ping() { @@pong { "${title}.": } }
define pong() { @@ping { "${title}.": } }
node 'ping' { @@ping { 'serve': } Pong <<| |>> }
node 'pong' { Ping <<| |>> }
node default { }
"#;

struct World {
    context: Context,
    compile: Compile,
}

fn environment(name: &str) -> EnvironmentName {
    EnvironmentName::parse(name).unwrap()
}

fn node(name: &str) -> Certname {
    Certname::parse(name).unwrap()
}

impl World {
    async fn new() -> Self {
        let counters = Arc::new(Counters::default());
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        let store = Store::memory();
        let world = Self {
            compile: Compile::new(store.clone(), Arc::clone(&queue), Arc::clone(&counters)),
            context: Context::new(store, queue, counters),
        };
        world.release("production", SITE).await;
        world
    }

    /// Makes a manifest the environment's release, and plans for all of its nodes.
    async fn release(&self, name: &str, manifest: &str) {
        let store = &self.context.store;
        let (digest, _) = store
            .put_blob(Bytes::from(manifest.to_owned()))
            .await
            .unwrap();
        let entry = FileEntry {
            digest,
            size: manifest.len() as u64,
            mode: 0o644,
        };
        let path = CodePath::parse("manifests/site.pp").unwrap();
        let release = ReleaseManifest::new(BTreeMap::from([(path, entry)]));
        let name = environment(name);
        store.seal_release(&name, &release).await.unwrap();
        let advance = |current: Option<&EnvironmentDoc>| {
            EnvironmentDoc::advance(current, release.release, None, Timestamp::UNIX_EPOCH)
        };
        let document = store.update_environment(&name, advance).await.unwrap();
        let task = PlanTask {
            environment: name,
            release: release.release,
            sequence: document.value.unwrap().sequence,
            cause: Cause::Push { upload: "u".into() },
            nodes: NodeSelection::All,
        };
        self.context.queue.send(task.into()).await.unwrap();
    }

    /// Facts come in, and have the node compiled.
    async fn facts(&self, name: &str, motto: &str) {
        self.facts_in("production", name, motto).await;
    }

    async fn facts_in(&self, environment: &str, name: &str, motto: &str) {
        let store = &self.context.store;
        let values: Map<String, Value> = serde_json::from_value(json!({ "motto": motto })).unwrap();
        let environment = self::environment(environment);
        let facts = FactsDoc::new(
            node(name),
            environment.clone(),
            values,
            Timestamp::UNIX_EPOCH,
        );
        store.put_facts(&facts).await.unwrap();
        let document = store.environment(&environment).await.unwrap().unwrap();
        let task = CompileTask {
            environment,
            certname: node(name),
            release: document.release,
            sequence: document.sequence,
            lane: Lane::Normal,
            cause: Cause::Facts,
            enqueued_at: Timestamp::UNIX_EPOCH,
        };
        self.context.queue.send(task.into()).await.unwrap();
    }

    /// Handles one message; the node that was compiled by it, if any.
    async fn handle(&self, message: Message) -> Option<String> {
        match message {
            Message::Compile(task) => {
                let handled = self.compile.handle(&task, None).await.unwrap();
                (handled == Handled::Compiled).then(|| task.certname.to_string())
            }
            Message::Plan(task) => {
                crate::plan(&self.context, &task).await.unwrap();
                None
            }
            Message::Gather(_) => {
                gather(&self.context).await.unwrap();
                None
            }
            Message::UploadCreated(_) | Message::Advance(_) | Message::Collect(_) => {
                panic!("neither upload nor rollout nor garbage")
            }
        }
    }

    /// Handles messages until there are none, `limit` at most; how often each node was compiled.
    async fn settle_within(&self, limit: usize) -> BTreeMap<String, usize> {
        let queue = &self.context.queue;
        let mut compiled = BTreeMap::new();
        let channels = [Channel::Compile(Lane::Normal), Channel::Plans];
        for _ in 0..limit {
            let got = queue.receive(&channels, 1, Duration::ZERO).await.unwrap();
            let Some(delivery) = got.into_iter().next() else {
                break;
            };
            if let Some(node) = self.handle(delivery.message).await {
                *compiled.entry(node).or_default() += 1;
            }
            queue.ack(&delivery.receipt).await.unwrap();
        }
        compiled
    }

    async fn settle(&self) -> BTreeMap<String, usize> {
        self.settle_within(usize::MAX).await
    }

    async fn pointer(&self, environment: &str, name: &str) -> Pointer {
        let store = &self.context.store;
        let pointer = store
            .pointer(&self::environment(environment), &node(name))
            .await;
        pointer.unwrap().expect("a pointer")
    }

    /// Titles and messages of the notifies in a node's catalog, its own included.
    async fn notifies(&self, name: &str) -> Vec<String> {
        let catalog = self
            .pointer("production", name)
            .await
            .catalog
            .unwrap()
            .digest;
        let json = self.context.store.catalog_json(catalog).await.unwrap();
        let catalog: Value = serde_json::from_slice(&json).unwrap();
        let resources = catalog["resources"].as_array().unwrap().iter();
        let notifies = resources.filter(|resource| {
            resource["type"] == "Notify" && resource["exported"] == json!(false)
        });
        let text = |resource: &Value| {
            let (title, message) = (&resource["title"], &resource["parameters"]["message"]);
            format!("{}={}", title.as_str().unwrap(), message.as_str().unwrap())
        };
        let mut notifies: Vec<String> = notifies.map(text).collect();
        notifies.sort();
        notifies
    }

    async fn generation(&self) -> u64 {
        let pool = self.context.store.pool().await.unwrap();
        pool.map_or(0, |pool| pool.value.generation)
    }
}

fn times(nodes: &[(&str, usize)]) -> BTreeMap<String, usize> {
    nodes
        .iter()
        .map(|(node, times)| ((*node).to_owned(), *times))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn exactly_the_nodes_that_collect_it_are_compiled_when_an_export_changes() {
    let world = World::new().await;
    for name in ["exp1", "exp2", "col1", "col2", "one", "bystander"] {
        world.facts(name, "a").await;
    }
    world.settle().await;
    assert_eq!(world.notifies("col1").await, ["exp1=a", "exp2=a"]);
    assert_eq!(world.notifies("one").await, ["exp1=a"]);

    world.facts("exp2", "b").await;
    assert_eq!(
        world.settle().await,
        times(&[("col1", 1), ("col2", 1), ("exp2", 1)])
    );
    assert_eq!(world.notifies("col2").await, ["exp1=a", "exp2=b"]);
    assert_eq!(world.notifies("one").await, ["exp1=a"]);

    // A new exporter, then the same facts of it once more, then a push that moves lines only.
    world.facts("exp3", "c").await;
    assert_eq!(
        world.settle().await,
        times(&[("col1", 1), ("col2", 1), ("exp3", 1)])
    );
    world.facts("exp3", "c").await;
    assert_eq!(world.settle().await, times(&[]));
    let generation = world.generation().await;
    world.release("production", &format!("\n\n{SITE}")).await;
    let compiled = world.settle().await;
    assert!(compiled.values().all(|times| *times == 1), "{compiled:?}");
    assert_eq!(world.generation().await, generation);
    assert_eq!(world.notifies("col1").await, ["exp1=a", "exp2=b", "exp3=c"]);
}

#[tokio::test(start_paused = true)]
async fn a_push_that_ends_an_export_takes_it_from_whoever_collected_it() {
    let world = World::new().await;
    for name in ["exp1", "exp2", "col1", "one"] {
        world.facts(name, "a").await;
    }
    world.settle().await;
    world
        .release("production", &SITE.replace("node /^exp/", "node 'exp2'"))
        .await;
    world.settle().await;
    assert_eq!(world.notifies("col1").await, ["exp2=a"]);
    assert!(world.notifies("one").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_that_collect_from_one_another_come_to_rest() {
    let world = World::new().await;
    world.facts("left", "l").await;
    world.facts("right", "r").await;
    let compiled = world.settle().await;
    assert!(compiled.values().all(|times| *times <= 2), "{compiled:?}");
    assert_eq!(world.notifies("left").await, ["right=r"]);
    assert_eq!(world.notifies("right").await, ["left=l"]);
    world.facts("left", "L").await;
    assert_eq!(world.settle().await, times(&[("left", 1), ("right", 1)]));
    assert_eq!(world.notifies("right").await, ["left=L"]);
}

#[tokio::test(start_paused = true)]
async fn two_that_never_agree_are_compiled_ever_more_seldom() {
    let world = World::new().await;
    world.facts("ping", "").await;
    world.facts("pong", "").await;
    // Each round is two compiles and two gatherings: this would be a hundred of them. (By a slow clock some more.)
    let compiled = world.settle_within(400).await;
    assert!((8..=28).contains(&compiled["ping"]), "{compiled:?}");
    assert!((8..=28).contains(&compiled["pong"]), "{compiled:?}");
    // Others get through.
    world.facts("exp1", "a").await;
    world.facts("one", "").await;
    world.settle_within(100).await;
    assert_eq!(world.notifies("one").await, ["exp1=a"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_removed_exports_nothing_any_more() {
    let world = World::new().await;
    for name in ["exp1", "exp2", "col1"] {
        world.facts(name, "a").await;
    }
    world.settle().await;
    let found = world
        .context
        .store
        .remove_node(&node("exp1"))
        .await
        .unwrap();
    assert_eq!(found, [environment("production")].into());
    world
        .context
        .queue
        .send(GatherTask {}.into())
        .await
        .unwrap();
    assert_eq!(world.settle().await, times(&[("col1", 1)]));
    assert_eq!(world.notifies("col1").await, ["exp2=a"]);
    // It comes again.
    world.facts("exp1", "b").await;
    world.settle().await;
    assert_eq!(world.notifies("col1").await, ["exp1=b", "exp2=a"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_exports_what_it_does_where_it_is() {
    let world = World::new().await;
    world
        .release("test", &SITE.replace("node /^exp/", "node 'nobody'"))
        .await;
    for name in ["exp1", "exp2", "col1"] {
        world.facts(name, "a").await;
    }
    world.settle().await;
    // In its new environment it exports nothing; the other's release does it no longer.
    world.facts_in("test", "exp1", "a").await;
    world.settle().await;
    assert_eq!(world.notifies("col1").await, ["exp2=a"]);
    // Back again nothing is compiled for it, and what it exports counts again.
    world.facts("exp1", "a").await;
    assert_eq!(world.settle().await, times(&[("col1", 1)]));
    assert_eq!(world.notifies("col1").await, ["exp1=a", "exp2=a"]);
}

#[tokio::test(start_paused = true)]
async fn a_collector_that_fails_keeps_its_catalog_and_heals_with_the_exporters() {
    let world = World::new().await;
    let own = "node 'strict' { notify { 'exp2': message => 'own' } Notify <<| tag == 'motto' |>> }";
    world.release("production", &format!("{own}{SITE}")).await;
    world.facts("exp1", "a").await;
    world.facts("strict", "").await;
    world.settle().await;
    let good = world.notifies("strict").await;
    assert_eq!(good, ["exp1=a", "exp2=own"]);
    world.facts("exp2", "b").await;
    world.settle().await;
    let failure = world
        .pointer("production", "strict")
        .await
        .failure
        .expect("a failure");
    assert!(
        failure
            .error
            .contains("duplicate resource was found while collecting"),
        "{}",
        failure.error
    );
    assert_eq!(world.notifies("strict").await, good);
    world
        .context
        .store
        .remove_node(&node("exp2"))
        .await
        .unwrap();
    world
        .context
        .queue
        .send(GatherTask {}.into())
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(world.pointer("production", "strict").await.failure, None);
}

#[tokio::test(start_paused = true)]
async fn a_pool_that_lost_a_part_is_gathered_anew() {
    let world = World::new().await;
    for name in ["exp1", "col1"] {
        world.facts(name, "a").await;
    }
    world.settle().await;
    let store = &world.context.store;
    let pool = store.pool().await.unwrap().unwrap().value;
    for part in pool.parts() {
        store.delete(&Key::PoolPart(part)).await.unwrap();
    }
    world
        .context
        .queue
        .send(GatherTask {}.into())
        .await
        .unwrap();
    world.settle().await;
    world.facts("col2", "").await;
    world.settle().await;
    assert_eq!(world.notifies("col2").await, ["exp1=a"]);
}

/// Tasks that were lost between the pool and the queue are sent by whoever comes next.
#[tokio::test(start_paused = true)]
async fn a_gathering_that_was_killed_before_it_told_anyone_is_finished_by_the_next() {
    let world = World::new().await;
    for name in ["exp1", "col1"] {
        world.facts(name, "a").await;
    }
    world.settle().await;
    world.facts("exp1", "b").await;
    let queue = &world.context.queue;
    let normal = [Channel::Compile(Lane::Normal)];
    let got = queue
        .receive(&normal, 1, Duration::ZERO)
        .await
        .unwrap()
        .remove(0);
    world.handle(got.message).await;
    queue.ack(&got.receipt).await.unwrap();
    // Killed where the pool is written and nothing is sent.
    let before = read(&world.context.store).await.unwrap();
    let listed = world.context.store.exchanges().await.unwrap();
    let changed = exchange::changes(&before.nodes, &listed);
    let documents = documents(&world.context.store, changed).await.unwrap();
    let gathered = exchange::gather(before.nodes.clone(), &listed, documents);
    write(&world.context, &before, &gathered)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(world.settle().await, times(&[("col1", 1)]));
    assert_eq!(world.notifies("col1").await, ["exp1=b"]);
}

/// Handles messages of some channels, each of them twice, until there are none in any; gives the nodes
/// that were compiled.
async fn work(world: Arc<World>, channels: &[Channel]) -> Vec<String> {
    let (queue, mut compiled) = (&world.context.queue, Vec::new());
    loop {
        let got = queue
            .receive(channels, 1, Duration::from_millis(20))
            .await
            .unwrap();
        let Some(delivery) = got.into_iter().next() else {
            let depths = queue.depths().await.unwrap();
            if depths
                .values()
                .all(|depth| depth.waiting + depth.leased == 0)
            {
                return compiled;
            }
            continue;
        };
        compiled.extend(world.handle(delivery.message.clone()).await);
        compiled.extend(world.handle(delivery.message).await);
        queue.ack(&delivery.receipt).await.unwrap();
    }
}

/// Several workers at once; how often each node was compiled.
async fn work_together(world: &Arc<World>) -> BTreeMap<String, usize> {
    const PLANS: &[Channel] = &[Channel::Plans];
    const COMPILES: &[Channel] = &[Channel::Compile(Lane::Normal)];
    let workers = [PLANS, PLANS, COMPILES, COMPILES, COMPILES];
    let workers = workers.map(|channels| tokio::spawn(work(Arc::clone(world), channels)));
    let mut compiled = BTreeMap::new();
    for worker in workers {
        for node in worker.await.unwrap() {
            *compiled.entry(node).or_default() += 1;
        }
    }
    compiled
}

/// Many exporters change at once, many workers compile, and messages come twice: each collector is
/// compiled a bounded number of times, and has everything in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_of_exporters_compiles_a_collector_a_bounded_number_of_times() {
    const EXPORTERS: usize = 200;
    let world = Arc::new(World::new().await);
    let names = || (0..EXPORTERS).map(|n| format!("exp{n}"));
    for name in names().chain(["col1".to_owned(), "one".to_owned()]) {
        world.facts(&name, "a").await;
    }
    work_together(&world).await;
    assert_eq!(world.notifies("col1").await.len(), EXPORTERS);
    for name in names() {
        world.facts(&name, "b").await;
    }
    let began = Instant::now();
    let compiled = work_together(&world).await;
    // A gathering at once, some after ever longer pauses, then one in two seconds.
    let gatherings = 6 + usize::try_from(began.elapsed().as_secs()).unwrap();
    assert!((1..=gatherings).contains(&compiled["col1"]), "{compiled:?}");
    assert_eq!(compiled["one"], 1);
    let notifies = world.notifies("col1").await;
    assert_eq!(notifies.len(), EXPORTERS);
    assert!(notifies.iter().all(|notify| notify.ends_with("=b")));
    assert_eq!(world.notifies("one").await, ["exp1=b"]);
}
