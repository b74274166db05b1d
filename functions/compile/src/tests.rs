mod pins;

use std::collections::BTreeMap;

use bunraku_farm::CodePath;
use bunraku_farm::documents::{EnvironmentDoc, FileEntry, ReleaseManifest};
use bunraku_farm::messages::{Cause, Lane};
use serde_json::{Map, Value, json};

use std::sync::Arc;
use std::time::{Duration, Instant};

use bunraku_farm::documents::{FactsDoc, Pointer, PoolDoc};
use bunraku_farm::messages::{Channel, CompileTask};
use bunraku_farm::reuse::SkipReason;
use bunraku_farm::{Certname, Counters, Digest, EnvironmentName};
use bunraku_queue::{MemoryQueue, Queue};
use bunraku_store::{Key, Store};
use jiff::Timestamp;

use super::*;

mod own;

/// A farm of one node, `web1`, with a handler of its own.
struct World {
    store: Store,
    queue: Arc<dyn Queue>,
    counters: Arc<Counters>,
    compile: Compile,
}

type Tree<'a> = [(&'a str, &'a str)];

/// A site whose one node depends on a template, a key of Hiera data and a fact.
const SITE: [(&str, &str); 6] = [
    (
        "manifests/site.pp",
        "node 'web1' { include web }\nnode default { }",
    ),
    (
        "modules/web/manifests/init.pp",
        "class web(String $motto) {\n  file { '/etc/web': content => epp('web/web.epp'), mode => $facts['mode'] }\n  notice($motto)\n}\n",
    ),
    ("modules/web/templates/web.epp", "served\n"),
    ("hiera.yaml", "version: 5\n"),
    ("data/common.yaml", "web::motto: fast\n"),
    ("README.md", "A site.\n"),
];

/// The site with some files in the place of others, or besides them.
fn site_with<'a>(files: &Tree<'a>) -> Vec<(&'a str, &'a str)> {
    let changed = |path: &str| files.iter().any(|(other, _)| *other == path);
    SITE.into_iter()
        .filter(|(path, _)| !changed(path))
        .chain(files.iter().copied())
        .collect()
}

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn web1() -> Certname {
    Certname::parse("web1").unwrap()
}

impl World {
    /// A farm with [`SITE`] as the first release, and facts of the node.
    async fn new() -> Self {
        let world = Self::empty();
        world.release(&SITE).await;
        world.facts(json!({ "mode": "0644" })).await;
        world
    }

    fn empty() -> Self {
        let (store, counters) = (Store::memory(), Arc::new(Counters::default()));
        let queue: Arc<dyn Queue> = Arc::new(MemoryQueue::default());
        Self {
            compile: Compile::new(store.clone(), Arc::clone(&queue), Arc::clone(&counters)),
            queue,
            store,
            counters,
        }
    }

    /// Makes a tree the environment's current release.
    async fn release(&self, files: &Tree<'_>) -> Digest {
        let mut tree = BTreeMap::new();
        for (path, text) in files {
            let (digest, _) = self.store.put_blob((*text).to_owned()).await.unwrap();
            let entry = FileEntry {
                digest,
                size: text.len() as u64,
                mode: 0o644,
            };
            tree.insert(CodePath::parse(*path).unwrap(), entry);
        }
        let manifest = ReleaseManifest::new(tree);
        let release = manifest.release;
        self.store
            .seal_release(&production(), &manifest)
            .await
            .unwrap();
        self.store
            .update_environment(&production(), |current| {
                EnvironmentDoc::advance(current, release, None, Timestamp::UNIX_EPOCH)
            })
            .await
            .unwrap();
        release
    }

    async fn facts(&self, values: Value) {
        let values: Map<String, Value> = serde_json::from_value(values).unwrap();
        let facts = FactsDoc::new(web1(), production(), values, Timestamp::UNIX_EPOCH);
        self.store.put_facts(&facts).await.unwrap();
    }

    async fn task(&self, cause: Cause) -> CompileTask {
        let environment = self.store.environment(&production()).await.unwrap();
        let (release, sequence) = environment.map_or((Digest::of(b""), 0), |environment| {
            (environment.release, environment.sequence)
        });
        CompileTask {
            environment: production(),
            certname: web1(),
            release,
            sequence,
            lane: Lane::Normal,
            cause,
            enqueued_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// Handles the task that a push leads to.
    async fn pushed(&self) -> Handled {
        let upload = "one".to_owned();
        let task = self.task(Cause::Push { upload }).await;
        self.compile.handle(&task, None).await.unwrap()
    }

    async fn pointer(&self) -> Pointer {
        let pointer = self.store.pointer(&production(), &web1()).await.unwrap();
        pointer.expect("a pointer")
    }

    async fn catalog_digest(&self) -> Digest {
        self.pointer().await.catalog.expect("a catalog").digest
    }

    async fn catalog(&self) -> Value {
        let digest = self.catalog_digest().await;
        serde_json::from_slice(&self.store.catalog_json(digest).await.unwrap()).unwrap()
    }

    /// Parameters of the node's one file.
    async fn file(&self) -> Value {
        let catalog = self.catalog().await;
        let resources = catalog["resources"].as_array().unwrap().iter();
        let mut files = resources.filter(|resource| resource["type"] == "File");
        files.next().expect("a file")["parameters"].clone()
    }

    /// Compiles and verified catalogs so far.
    fn counted(&self) -> (u64, u64) {
        let counters = self.counters.snapshot();
        (counters.compiles, counters.catalogs_verified)
    }

    async fn replayed(&self) -> bool {
        let replayed = replay(&self.store, &production(), &web1()).await.unwrap();
        replayed.stored == replayed.compiled
    }
}

#[tokio::test]
async fn a_node_without_a_catalog_is_compiled() {
    let world = World::new().await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    assert_eq!(
        world.file().await,
        json!({ "content": "served\n", "mode": "0644" })
    );
    let (pointer, catalog) = (world.pointer().await, world.catalog().await);
    let release = pointer.release.unwrap();
    assert_eq!((pointer.sequence, pointer.failure), (1, None));
    assert_eq!(pointer.compiler, COMPILER);
    assert_eq!(catalog["code_id"], release.to_hex().as_str());
    assert_eq!(catalog["version"], release.short().as_str());
    assert_eq!(catalog["environment"], "production");
    assert_eq!(world.counted(), (1, 0));
}

#[tokio::test]
async fn the_same_inputs_give_the_same_bytes() {
    let (one, other) = (World::new().await, World::new().await);
    one.pushed().await;
    other.pushed().await;
    assert_eq!(one.catalog_digest().await, other.catalog_digest().await);
}

#[tokio::test]
async fn an_unrelated_push_keeps_the_catalog_without_a_compile() {
    let world = World::new().await;
    world.pushed().await;
    let before = world.catalog_digest().await;
    let unrelated: [&Tree<'_>; 5] = [
        &[("README.md", "Another text.\n")],
        &[("modules/db/manifests/init.pp", "class db { }\n")],
        &[(
            "data/common.yaml",
            "# a comment\ndb::size: 3\nweb::motto: fast\n",
        )],
        &[("modules/web/templates/other.epp", "other\n")],
        &[("modules/web/files/logo.bin", "logo")],
    ];
    for (verified, files) in (1..).zip(unrelated) {
        let release = world.release(&site_with(files)).await;
        assert_eq!(world.pushed().await, Handled::Verified, "{files:?}");
        let pointer = world.pointer().await;
        assert_eq!(world.catalog_digest().await, before);
        assert_eq!(
            (pointer.release, pointer.sequence),
            (Some(release), verified + 1)
        );
        assert!(pointer.verified_at.is_some());
        assert_eq!(world.counted(), (1, verified));
    }
}

#[tokio::test]
async fn a_push_that_a_node_does_not_read_of_does_not_read_its_facts() {
    let world = World::new().await;
    world.pushed().await;
    world.store.delete(&Key::Facts(web1())).await.unwrap();
    world.release(&site_with(&[("README.md", "x")])).await;
    assert_eq!(world.pushed().await, Handled::Verified);
    world
        .release(&site_with(&[("data/common.yaml", "web::motto: safe\n")]))
        .await;
    assert_eq!(world.pushed().await, Handled::Skipped(SkipReason::NoFacts));
}

#[tokio::test]
async fn a_compile_that_would_be_cut_off_is_not_begun() {
    let world = World::new().await;
    world.pushed().await;
    let mut slow = world.pointer().await;
    slow.duration_ms = 5_000;
    let write = |_: Option<&Pointer>| Some(slow.clone());
    let environment = production();
    let (store, node) = (&world.store, web1());
    let updated = store.update_pointer(&environment, &node, write).await;
    assert!(updated.unwrap().written);
    world
        .release(&site_with(&[("data/common.yaml", "web::motto: safe\n")]))
        .await;
    let upload = "two".to_owned();
    let task = world.task(Cause::Push { upload }).await;
    let soon = Instant::now() + Duration::from_secs(2);
    let late = world.compile.handle(&task, Some(soon)).await;
    assert!(matches!(late, Err(CompileError::NoTime { .. })), "{late:?}");
    let far = Instant::now() + Duration::from_secs(60);
    let handled = world.compile.handle(&task, Some(far)).await.unwrap();
    assert_eq!(handled, Handled::Compiled);
}

#[tokio::test]
async fn a_change_of_what_was_read_is_compiled() {
    let related: [&Tree<'_>; 6] = [
        &[("modules/web/templates/web.epp", "served anew\n")],
        &[("data/common.yaml", "web::motto: safe\n")],
        &[(
            "manifests/site.pp",
            "node 'web1' { include web; notify { 'x': } }",
        )],
        &[("manifests/more.pp", "notify { 'more': }")],
        &[("environment.conf", "modulepath = modules:site\n")],
        &[(
            "hiera.yaml",
            "version: 5\ndefaults: {data_hash: yaml_data}\n",
        )],
    ];
    for files in related {
        let world = World::new().await;
        world.pushed().await;
        let before = world.catalog_digest().await;
        world.release(&site_with(files)).await;
        assert_eq!(world.pushed().await, Handled::Compiled, "{files:?}");
        assert_ne!(world.catalog_digest().await, before);
        assert_eq!(world.counted(), (2, 0));
    }
}

#[tokio::test]
async fn a_failed_compile_keeps_the_last_good_catalog() {
    let world = World::new().await;
    world.pushed().await;
    let good = world.pointer().await;
    let broken = site_with(&[(
        "modules/web/templates/web.epp",
        "<% fail('no template today') %>\n",
    )]);
    let release = world.release(&broken).await;
    assert_eq!(world.pushed().await, Handled::Failed);
    let pointer = world.pointer().await;
    assert_eq!(
        (pointer.catalog, pointer.release, pointer.sequence),
        (good.catalog, good.release, 2)
    );
    assert_eq!(pointer.trace, good.trace);
    let failure = pointer.failure.expect("a failure");
    assert_eq!(failure.release, release);
    assert!(
        failure.error.contains("no template today") && failure.error.contains("web.epp"),
        "{}",
        failure.error
    );
    assert_eq!(world.counters.snapshot().compiles_failed, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pool_that_cant_be_read_is_no_failure_of_the_code() {
    let world = World::empty();
    world.facts(json!({})).await;
    world
        .release(&[("manifests/site.pp", "Notify <<| |>>")])
        .await;
    let pool = PoolDoc {
        types: [("Notify".into(), Digest::of("gone"))].into(),
        ..PoolDoc::default()
    };
    world.store.swap(&Key::Pool, &pool, None).await.unwrap();
    let upload = "one".to_owned();
    let task = world.task(Cause::Push { upload }).await;
    let error = world.compile.handle(&task, None).await.unwrap_err();
    assert!(matches!(error, CompileError::Store(_)), "{error}");
    assert_eq!(
        world.store.pointer(&production(), &web1()).await.unwrap(),
        None
    );
    // What is damaged is gathered anew.
    let plans = world.queue.depths().await.unwrap()[&Channel::Plans];
    assert_eq!(plans.waiting, 1);
}

#[tokio::test]
async fn what_failed_is_tried_again_only_for_who_insists() {
    let world = World::empty();
    world.facts(json!({ "mode": "0644" })).await;
    world
        .release(&[("manifests/site.pp", "fail('not yet')")])
        .await;
    assert_eq!(world.pushed().await, Handled::Failed);
    assert_eq!(world.pointer().await.catalog, None);
    assert_eq!(
        world.pushed().await,
        Handled::Skipped(SkipReason::FailedAlready)
    );
    let request = world.task(Cause::Request).await;
    assert_eq!(
        world.compile.handle(&request, None).await.unwrap(),
        Handled::Failed
    );
    world.facts(json!({ "mode": "0600" })).await;
    assert_eq!(world.pushed().await, Handled::Failed);
}

#[tokio::test]
async fn going_back_after_a_failure_is_no_compile() {
    let world = World::new().await;
    world.pushed().await;
    let good = world.catalog_digest().await;
    world
        .release(&site_with(&[("manifests/site.pp", "fail('broken')")]))
        .await;
    world.pushed().await;
    world.release(&SITE).await;
    assert_eq!(world.pushed().await, Handled::Verified);
    let pointer = world.pointer().await;
    assert_eq!(
        (world.catalog_digest().await, pointer.failure),
        (good, None)
    );
}

#[tokio::test]
async fn a_task_that_comes_twice_or_late_does_nothing() {
    let world = World::new().await;
    let early = world.task(Cause::Facts).await;
    world
        .release(&site_with(&[("modules/web/templates/web.epp", "new\n")]))
        .await;
    // The late task brings the node to the current release, not to its own.
    assert_eq!(
        world.compile.handle(&early, None).await.unwrap(),
        Handled::Compiled
    );
    assert_eq!(world.file().await["content"], "new\n");
    assert_eq!(world.pushed().await, Handled::Skipped(SkipReason::UpToDate));
    assert_eq!(world.counters.snapshot().compiles_skipped, 1);
}

#[tokio::test]
async fn only_facts_that_were_read_lead_to_a_compile() {
    let world = World::new().await;
    world.pushed().await;
    world.facts(json!({ "mode": "0644", "role": "web" })).await;
    let changed = world.task(Cause::Facts).await;
    let handled = world.compile.handle(&changed, None).await.unwrap();
    assert_eq!(handled, Handled::Verified);
    world.facts(json!({ "mode": "0600", "role": "web" })).await;
    let handled = world.compile.handle(&changed, None).await.unwrap();
    assert_eq!(handled, Handled::Compiled);
    assert_eq!(world.file().await["mode"], "0600");
    assert_eq!(world.counted(), (2, 1));
}

#[tokio::test]
async fn without_facts_or_environment_there_is_nothing_to_do() {
    let world = World::empty();
    assert_eq!(
        world.pushed().await,
        Handled::Skipped(SkipReason::NoEnvironment)
    );
    world.release(&SITE).await;
    assert_eq!(world.pushed().await, Handled::Skipped(SkipReason::NoFacts));
}

#[tokio::test]
async fn a_file_beside_the_bundle_is_read_from_its_blob() {
    let world = World::empty();
    world.facts(json!({})).await;
    let large = "x".repeat(20_000);
    world
        .release(&[
            (
                "manifests/site.pp",
                "notify { 'n': message => file('web/large.txt') }",
            ),
            ("modules/web/files/large.txt", &large),
        ])
        .await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    let catalog = world.catalog().await.to_string();
    assert!(catalog.contains(&large));
}

#[tokio::test]
async fn a_catalog_that_only_rich_data_can_say_has_a_plain_rendering() {
    let world = World::empty();
    world.facts(json!({})).await;
    world
        .release(&[(
            "manifests/site.pp",
            "notify { 'n': message => Timespan(5) }",
        )])
        .await;
    world.pushed().await;
    let catalog = world.pointer().await.catalog.unwrap();
    let plain = world
        .store
        .catalog_json(catalog.plain_digest.unwrap())
        .await;
    let plain = String::from_utf8(plain.unwrap().to_vec()).unwrap();
    assert!(!plain.contains("__ptype"), "{plain}");
    assert!(world.catalog().await.to_string().contains("__ptype"));
}

#[tokio::test]
async fn replay_gives_the_stored_bytes_whatever_came_since() {
    let world = World::new().await;
    let nothing = replay(&world.store, &production(), &web1()).await;
    assert!(matches!(nothing, Err(ReplayError::NoCatalog)));
    world.pushed().await;
    assert!(world.replayed().await);
    world.release(&site_with(&[("README.md", "new\n")])).await;
    world.facts(json!({ "mode": "0644", "role": "web" })).await;
    assert_eq!(world.pushed().await, Handled::Verified);
    assert!(world.replayed().await);
}

/// A pre-built catalog with one file, and the list of the release that says whose it is.
fn prebuilt(content: &str, rule: Value) -> Vec<(&'static str, String)> {
    let catalog = json!({
        "name": "elsewhere", "version": 7, "environment": "elsewhere", "edges": [], "classes": ["box"],
        "resources": [{ "type": "File", "title": "/etc/web", "parameters": { "content": content } }],
    });
    let mut entry = json!({
        "name": "box", "catalog": Digest::of(catalog.to_string()), "by": "me", "at": "2026-01-01T00:00:00Z",
    });
    let members = rule.as_object().unwrap().clone();
    entry.as_object_mut().unwrap().extend(members);
    vec![
        (".bunraku/prebuilt/box.json", catalog.to_string()),
        (
            ".bunraku/prebuilt.json",
            json!({ "catalogs": [entry] }).to_string(),
        ),
    ]
}

impl World {
    async fn release_with(&self, prebuilt: &[(&'static str, String)], files: &Tree<'_>) -> Digest {
        let mut all = site_with(files);
        all.extend(prebuilt.iter().map(|(path, text)| (*path, text.as_str())));
        self.release(&all).await
    }

    async fn content(&self) -> String {
        self.file().await["content"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_pre_built_catalog_is_the_nodes_as_long_as_its_release_has_one_for_it() {
    let world = World::new().await;
    world.pushed().await;
    let rule = json!({ "certname": "web*", "template": true });
    let ours = prebuilt("for %{certname}", rule);
    let release = world.release_with(&ours, &[]).await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    assert_eq!(world.content().await, "for web1");
    let catalog = world.catalog().await;
    assert_eq!(
        (&catalog["name"], &catalog["environment"]),
        (&json!("web1"), &json!("production"))
    );
    assert_eq!(catalog["code_id"], release.to_hex());
    assert_eq!(world.pointer().await.classes, ["box"]);
    assert!(world.replayed().await);

    // Code is nothing to it.
    world
        .release_with(&ours, &[("manifests/site.pp", "broken(")])
        .await;
    assert_eq!(world.pushed().await, Handled::Verified);
    let other = prebuilt("for all", json!({ "certname": "web*" }));
    world.release_with(&other, &[]).await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    assert_eq!(world.content().await, "for all");

    world.release(&SITE).await;
    assert_eq!(world.pushed().await, Handled::Compiled);
    assert_eq!(world.content().await, "served\n");
}

#[tokio::test]
async fn facts_that_a_pre_built_catalog_is_for_are_read_by_who_might_get_it() {
    let world = World::new().await;
    let rule = json!({ "certname": "*", "fact": { "os.family": "Debian", "tier": 1 } });
    let ours = prebuilt("box", rule);
    world.release_with(&ours, &[]).await;
    world.pushed().await;
    assert_eq!(world.content().await, "served\n");
    let facts = |tier: u64| json!({ "mode": "0644", "os": { "family": "Debian" }, "tier": tier });
    for (tier, content) in [(1, "box"), (2, "served\n"), (1, "box")] {
        world.facts(facts(tier)).await;
        let task = world.task(Cause::Facts).await;
        assert_eq!(
            world.compile.handle(&task, None).await.unwrap(),
            Handled::Compiled
        );
        assert_eq!(world.content().await, content);
    }
    // A push that changes nothing of this reads no facts, and none that is for other names is read of.
    world.store.delete(&Key::Facts(web1())).await.unwrap();
    world.release_with(&ours, &[("README.md", "x")]).await;
    assert_eq!(world.pushed().await, Handled::Verified);
}

#[tokio::test]
async fn who_is_not_meant_rests_on_nothing_of_it() {
    let world = World::new().await;
    world.pushed().await;
    let others = prebuilt("box", json!({ "certname": ["db*", "mail"] }));
    world.release_with(&others, &[]).await;
    assert_eq!(world.pushed().await, Handled::Verified);
    let trace = world.pointer().await.trace.get().to_owned();
    assert!(!trace.contains("prebuilt"), "{trace}");
}

#[tokio::test]
async fn a_pre_built_catalog_that_is_none_is_told_and_the_last_good_one_stays() {
    let world = World::new().await;
    world.pushed().await;
    let mut broken = prebuilt("box", json!({ "certname": "web1" }));
    broken[0].1 = "[]".to_owned();
    world.release_with(&broken, &[]).await;
    assert_eq!(world.pushed().await, Handled::Failed);
    let error = world.pointer().await.failure.unwrap().error;
    assert!(
        error.starts_with("the pre-built catalog box can't be served: catalog JSON"),
        "{error}"
    );
    assert_eq!(world.content().await, "served\n");
}
