mod pins;
mod prebuilt;

use std::collections::BTreeMap;
use std::time::Duration;

use bunraku_farm::documents::{
    ArchiveFormat, EnvironmentDoc, FileEntry, UploadKey, UploadManifest, UploadResult,
};
use bunraku_farm::messages::{Channel, Message, UploadCreated};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_farm::rollout::command::{self, Actor, Done};
use bunraku_farm::{Certname, CodePath, Digest, EnvironmentName};
use bunraku_queue::MemoryQueue;

use super::*;
use crate::archive::tests::Put::{self, File};
use crate::archive::tests::{tar, zstd};

fn context() -> Context {
    Context::new(
        Store::memory(),
        Arc::new(MemoryQueue::default()),
        Arc::default(),
    )
}

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn key(id: &str) -> UploadKey {
    UploadKey::new(production(), id, ArchiveFormat::TarZstd).unwrap()
}

async fn upload(context: &Context, id: &str, puts: &[Put<'_>]) {
    context
        .store
        .create_upload(&key(id), zstd(&tar(puts)))
        .await
        .unwrap();
}

async fn push(context: &Context, id: &str, puts: &[Put<'_>]) -> UploadResult {
    upload(context, id, puts).await;
    deliver(context, id).await
}

async fn deliver(context: &Context, id: &str) -> UploadResult {
    handle(context, &UploadCreated { key: key(id) })
        .await
        .unwrap();
    context
        .store
        .upload_result(&key(id))
        .await
        .unwrap()
        .unwrap()
}

async fn plans(context: &Context) -> usize {
    let got = context
        .queue
        .receive(&[Channel::Plans], 100, Duration::ZERO)
        .await
        .unwrap();
    for delivery in &got {
        assert!(matches!(delivery.message, Message::Plan(_)));
        context.queue.ack(&delivery.receipt).await.unwrap();
    }
    got.len()
}

const SITE: (&str, &str) = ("manifests/site.pp", "node default { }");

fn site() -> Put<'static> {
    File(SITE.0, SITE.1)
}

#[tokio::test]
async fn a_good_push_becomes_the_environments_release() {
    let context = context();
    let facts = File("facts/web1.json", r#"{"kernel": "Linux"}"#);
    let result = push(&context, "one", &[site(), facts]).await;
    assert!(result.accepted, "{:?}", result.diagnostics);
    assert_eq!((result.sequence, result.files, result.new_blobs), (1, 2, 2));
    assert_eq!(
        result
            .nodes
            .iter()
            .map(|node| node.as_str())
            .collect::<Vec<_>>(),
        ["web1"]
    );
    let release = result.release.unwrap();
    let environment = context
        .store
        .environment(&production())
        .await
        .unwrap()
        .unwrap();
    assert_eq!((environment.release, environment.sequence), (release, 1));
    let bundle = context
        .store
        .release_bundle(&production(), release)
        .await
        .unwrap();
    assert_eq!(bundle.files["manifests/site.pp"], SITE.1);
    assert_eq!(plans(&context).await, 1);
    assert!(context.store.waiting_uploads().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_refused_push_changes_nothing_but_its_result() {
    let context = context();
    let good = push(&context, "good", &[site()]).await;
    plans(&context).await;
    let bad = [
        site(),
        File("data/a.yaml", "a: [1"),
        File("data/b.json", "{"),
    ];
    let result = push(&context, "bad", &bad).await;
    assert!(!result.accepted && result.release.is_none());
    assert_eq!(result.diagnostics.len(), 2, "{:?}", result.diagnostics);
    let environment = context
        .store
        .environment(&production())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(Some(environment.release), good.release);
    assert_eq!(plans(&context).await, 0);
    assert_eq!(
        context
            .store
            .has_blobs(&[Digest::of("a: [1")])
            .await
            .unwrap(),
        [false]
    );
    assert_eq!(
        context.store.releases(&production()).await.unwrap().len(),
        1
    );
    assert!(context.store.waiting_uploads().await.unwrap().is_empty());
    let counters = context.counters.snapshot();
    assert_eq!(
        (counters.uploads_accepted, counters.uploads_refused),
        (1, 1)
    );
}

#[tokio::test]
async fn a_damaged_archive_is_refused_with_a_word() {
    let context = context();
    context
        .store
        .create_upload(&key("x"), "no archive")
        .await
        .unwrap();
    let result = deliver(&context, "x").await;
    assert!(!result.accepted);
    assert!(
        result.diagnostics[0].message.contains("damaged"),
        "{:?}",
        result.diagnostics
    );
    assert!(
        context
            .store
            .environment(&production())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_thin_push_uses_what_the_store_has_and_names_what_it_lacks() {
    let context = context();
    push(&context, "one", &[site()]).await;
    let entry = |text: &str| serde_json::json!({"digest": Digest::of(text), "size": text.len(), "mode": 0o644});
    let lacking =
        serde_json::json!({"files": {"manifests/site.pp": entry(SITE.1), "a": entry("new")}});
    let manifest = lacking.to_string();
    let result = push(
        &context,
        "two",
        &[File(".bunraku/manifest.json", &manifest)],
    )
    .await;
    let named: Vec<_> = result
        .diagnostics
        .iter()
        .map(|it| it.file.as_deref().unwrap())
        .collect();
    assert_eq!((result.accepted, named), (false, vec!["a"]));
    let blob = format!(".bunraku/blobs/{}", Digest::of("new"));
    let thin = [
        File(".bunraku/manifest.json", &manifest),
        File(&blob, "new"),
    ];
    let result = push(&context, "three", &thin).await;
    assert_eq!(
        (result.accepted, result.new_blobs, result.sequence),
        (true, 1, 2)
    );
    // The same tree pushed whole is the same release.
    let whole = push(&context, "four", &[site(), File("a", "new")]).await;
    assert_eq!(
        (whole.release, whole.sequence, whole.new_blobs),
        (result.release, 2, 0)
    );
}

#[tokio::test]
async fn what_the_release_before_had_is_not_asked_for_again() {
    let context = context();
    let first = push(&context, "one", &[site(), File("data/a.yaml", "a: 1")]).await;
    let entry = |text: &str| serde_json::json!({"digest": Digest::of(text), "size": text.len(), "mode": 0o644});
    let files = serde_json::json!({"files": {"manifests/site.pp": entry(SITE.1), "data/b.yaml": entry("a: 1")}});
    let manifest = files.to_string();
    // Whoever asked for it now would find that it is gone; the release before has it in its bundle.
    let blob = bunraku_store::Key::Blob(Digest::of("a: 1"));
    context.store.delete(&blob).await.unwrap();
    let second = push(
        &context,
        "two",
        &[File(".bunraku/manifest.json", &manifest)],
    )
    .await;
    assert!(second.accepted, "{:?}", second.diagnostics);
    assert_ne!(first.release, second.release);
    let bundle = context
        .store
        .release_bundle(&production(), second.release.unwrap())
        .await;
    assert_eq!(bundle.unwrap().files["data/b.yaml"], "a: 1");
}

#[tokio::test]
async fn delivered_again_at_any_stage_it_ends_the_same() {
    // What a killed handler leaves behind: everything but the result, then a newer release on top.
    let context = context();
    let first = push(&context, "one", &[site()]).await;
    context
        .store
        .delete(&bunraku_store::Key::upload_result(&key("one")))
        .await
        .unwrap();
    upload(&context, "one", &[site()]).await;
    let again = deliver(&context, "one").await;
    let same = UploadResult {
        new_blobs: again.new_blobs,
        finished_at: again.finished_at,
        ..first.clone()
    };
    assert_eq!(again, same);
    let newer = push(&context, "two", &[site(), File("a", "2")]).await;
    context
        .store
        .delete(&bunraku_store::Key::upload_result(&key("one")))
        .await
        .unwrap();
    upload(&context, "one", &[site()]).await;
    assert_eq!(deliver(&context, "one").await.sequence, 1);
    let environment = context
        .store
        .environment(&production())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (Some(environment.release), environment.sequence),
        (newer.release, 2)
    );
}

#[tokio::test]
async fn a_new_archive_under_an_old_name_is_taken() {
    let context = context();
    let first = push(&context, "site", &[site()]).await;
    let old = context.store.arrival(&key("site")).await.unwrap().unwrap();
    let upload_key = bunraku_store::Key::Upload(key("site"));
    context.store.delete(&upload_key).await.unwrap();
    let second = push(&context, "site", &[site(), File("a", "2")]).await;
    assert_ne!(
        context.store.arrival(&key("site")).await.unwrap(),
        Some(old)
    );
    assert_ne!(first.release, second.release);
    assert_eq!((second.accepted, second.sequence), (true, 2));
}

#[tokio::test]
async fn a_push_that_was_overtaken_brings_nothing_back() {
    let context = context();
    upload(&context, "slow", &[site()]).await;
    upload(&context, "quick", &[site(), File("a", "2")]).await;
    let quick = deliver(&context, "quick").await;
    let slow = deliver(&context, "slow").await;
    assert!(slow.accepted && slow.superseded && !quick.superseded);
    let environment = context.store.environment(&production()).await.unwrap();
    let environment = environment.unwrap();
    assert_eq!(Some(environment.release), quick.release);
    assert_eq!((environment.sequence, slow.sequence), (1, 1));
}

#[tokio::test]
async fn a_message_that_comes_again_only_tidies_up() {
    let context = context();
    let first = push(&context, "one", &[site()]).await;
    assert_eq!(plans(&context).await, 1);
    upload(&context, "one", &[site()]).await;
    assert_eq!(deliver(&context, "one").await, first);
    assert_eq!(plans(&context).await, 0);
    assert!(context.store.waiting_uploads().await.unwrap().is_empty());
    assert_eq!(context.counters.snapshot().uploads_repeated, 1);
    // Neither upload nor result: nothing to do, and no error that would be tried again.
    handle(&context, &UploadCreated { key: key("gone") })
        .await
        .unwrap();
}

#[tokio::test]
async fn the_settings_of_the_site_stand_in_its_environment_or_refuse_the_push() {
    let context = context();
    let rules = File(
        "bunraku.yaml",
        "priorities:\n- lane: urgent\n  certname: db*\n",
    );
    assert!(push(&context, "one", &[site(), rules]).await.accepted);
    let environment = async || {
        let found = context.store.environment(&production()).await;
        found.unwrap().unwrap()
    };
    assert_eq!(environment().await.settings.priorities.len(), 1);
    let wrong = File("bunraku.yaml", "priorities:\n- lane: fast\n");
    let refused = push(&context, "two", &[site(), wrong]).await;
    assert!(!refused.accepted);
    assert_eq!(refused.diagnostics[0].file.as_deref(), Some("bunraku.yaml"));
    assert_eq!(environment().await.settings.priorities.len(), 1);
    assert!(push(&context, "three", &[site()]).await.accepted);
    assert!(environment().await.settings.priorities.is_empty());
}

fn by() -> Actor<'static> {
    Actor {
        who: "me@here",
        at: jiff::Timestamp::now(),
    }
}

/// What a person does about rollouts; gives what it says.
async fn change(
    context: &Context,
    what: impl Fn(&EnvironmentDoc) -> Result<Done, String> + Sync,
) -> String {
    let mut told = String::new();
    let change = |current: Option<&EnvironmentDoc>| {
        let done = what(current.unwrap()).unwrap();
        told = done.what;
        Some(done.document)
    };
    let name = production();
    context
        .store
        .update_environment(&name, change)
        .await
        .unwrap();
    told
}

/// An upload that asks for a rollout, or none.
fn thin(text: &str, rollout: Option<RolloutRequest>) -> (String, String) {
    let digest = Digest::of(text);
    let path = CodePath::parse("manifests/site.pp").unwrap();
    let entry = FileEntry {
        digest,
        size: text.len() as u64,
        mode: 0o644,
    };
    let manifest = UploadManifest {
        rollout,
        ..UploadManifest::new(BTreeMap::from([(path, entry)]))
    };
    let blob = format!("{}{digest}", UploadManifest::BLOBS);
    (serde_json::to_string(&manifest).unwrap(), blob)
}

#[tokio::test]
async fn a_rollout_does_not_come_into_a_removed_environment() {
    let context = context();
    push(&context, "one", &[site()]).await;
    let remove = |document: Option<&EnvironmentDoc>| document?.removed(context.host.now());
    let name = production();
    let removed = context.store.update_environment(&name, remove);
    removed.await.unwrap();
    let request = RolloutRequest {
        name: None,
        plan: None,
        pins: BTreeMap::new(),
        by: "me@here".to_owned(),
    };
    let (manifest, blob) = thin("node b { }", Some(request));
    let puts = [
        File(UploadManifest::PATH, &manifest),
        File(&blob, "node b { }"),
    ];
    let refused = push(&context, "two", &puts).await;
    assert!(!refused.accepted, "{refused:?}");
    assert!(push(&context, "three", &[site()]).await.accepted);
}

#[tokio::test]
async fn a_release_that_is_to_be_rolled_out_changes_nothing_yet_and_pushes_wait_for_its_end() {
    let context = context();
    let request = RolloutRequest {
        name: Some("slow".to_owned()),
        plan: None,
        pins: BTreeMap::from([(Certname::parse("web1").unwrap(), None)]),
        by: "me@here".to_owned(),
    };
    let roll = async |id: &str, text: &str| {
        let (manifest, blob) = thin(text, Some(request.clone()));
        let puts = [File(UploadManifest::PATH, &manifest), File(&blob, text)];
        push(&context, id, &puts).await
    };
    let first = roll("zero", "node a { }").await;
    assert!(!first.accepted, "{first:?}");
    assert!(first.diagnostics[0].message.contains("push the first one"));

    let pushed = push(&context, "one", &[site()]).await.release.unwrap();
    let rolled = roll("two", "node b { }").await;
    assert_eq!(
        (rolled.accepted, rolled.rollout.as_deref()),
        (true, Some("slow"))
    );
    let found = context.store.environment(&production()).await;
    let environment = found.unwrap().unwrap();
    assert_eq!((environment.release, environment.sequence), (pushed, 1));
    assert_eq!(Some(environment.rollouts[0].release), rolled.release);
    assert_eq!(environment.rollouts[0].log[0].who, "me@here");
    assert!(environment.pins.values().all(|pin| pin.release == pushed));
    assert_eq!(environment.pins.len(), 1);

    let refused = push(&context, "three", &[site(), File("README.md", "x")]).await;
    assert!(!refused.accepted);
    let why = &refused.diagnostics[0].message;
    assert!(why.contains("rollout slow is under way"), "{why}");
    let abort = |document: &EnvironmentDoc| command::abort(document, Some("slow"), by());
    assert!(change(&context, abort).await.contains("aborted"));
    assert!(push(&context, "five", &[site()]).await.accepted);
    // The same name again is refused, too.
    let again = roll("four", "node c { }").await;
    assert!(again.diagnostics[0].message.contains("--name"), "{again:?}");
}
