//! Rollouts that pin nodes.

use bunraku_farm::documents::ReleaseManifest;
use bunraku_host::Host;
use bunraku_store::{Key, Store};
use jiff::{SignedDuration, Timestamp};

use super::*;

/// A release that lies in the store, and that nothing names.
async fn stored(store: &Store, text: &'static str) -> Digest {
    let (digest, _) = store.put_blob(text).await.unwrap();
    let entry = FileEntry {
        digest,
        size: text.len() as u64,
        mode: 0o644,
    };
    let files = BTreeMap::from([(CodePath::parse(SITE.0).unwrap(), entry)]);
    let manifest = ReleaseManifest::new(files);
    store.seal_release(&production(), &manifest).await.unwrap();
    manifest.release
}

/// Code that is to be rolled out, with a node pinned at a release.
async fn pinning(context: &Context, id: &str, release: Digest) -> UploadResult {
    let text = format!("node {id} {{ }}");
    let request = RolloutRequest {
        name: None,
        plan: None,
        pins: BTreeMap::from([(Certname::parse("web1").unwrap(), Some(release))]),
        by: "me@here".to_owned(),
    };
    let (manifest, blob) = thin(&text, Some(request));
    let puts = [File(UploadManifest::PATH, &manifest), File(&blob, &text)];
    push(context, id, &puts).await
}

#[tokio::test]
async fn a_node_is_pinned_at_a_release_that_is_there_or_the_rollout_is_refused() {
    let context = context();
    push(&context, "a", &[site()]).await;
    let refused = pinning(&context, "b", Digest::of("nowhere")).await;
    let why = &refused.diagnostics[0].message;
    assert!(!refused.accepted && why.contains("has no release"), "{why}");
    let document = context.store.environment(&production()).await;
    let document = document.unwrap().unwrap();
    assert!(document.rollouts.is_empty() && document.pins.is_empty());

    let there = stored(&context.store, "node default { notice(1) }").await;
    let taken = pinning(&context, "c", there).await;
    assert!(taken.accepted, "{:?}", taken.diagnostics);
    let document = context.store.environment(&production()).await;
    let pins = document.unwrap().unwrap().pins;
    let pin = pins.values().next().unwrap();
    assert_eq!(pin.release, there);
}

#[tokio::test]
async fn a_release_that_a_node_is_pinned_at_is_kept_from_a_collection_that_goes_on() {
    let mut context = context();
    push(&context, "a", &[site()]).await;
    let there = stored(&context.store, "node default { notice(1) }").await;
    let written = |store: Store| async move {
        let key = Key::release(&production(), there);
        let read = store.read_versioned::<ReleaseManifest>(&key).await;
        read.unwrap().unwrap().version
    };
    let before = written(context.store.clone()).await;
    let later = Timestamp::now() + SignedDuration::from_hours(13);
    let host = Host::default().with_clock(Arc::new(later));
    context.store = context.store.clone().on(host);
    assert!(pinning(&context, "b", there).await.accepted);
    assert_ne!(written(context.store.clone()).await, before);
}
