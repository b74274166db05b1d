use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bunraku_farm::documents::{
    CatalogRef, EnvironmentDoc, FileEntry, Pointer, ReleaseManifest, Turn,
};
use bunraku_farm::{Certname, CodePath, Digest, EnvironmentName};
use bunraku_host::Host;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Collected, Kind};
use crate::{Key, Store, StoreError};

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

fn web1() -> Certname {
    Certname::parse("web1").unwrap()
}

/// The store as it is seen some hours from now.
fn in_hours(store: &Store, hours: i64) -> Store {
    let now = Timestamp::now() + SignedDuration::from_hours(hours);
    store.clone().on(Host::default().with_clock(Arc::new(now)))
}

async fn stores() -> Vec<(Option<TempDir>, Store)> {
    let directory = tempfile::tempdir().unwrap();
    let files = Store::open_directory(directory.path()).await.unwrap();
    vec![(None, Store::memory()), (Some(directory), files)]
}

/// Makes a tree with this one file the environment's release.
async fn release(store: &Store, text: &str) -> Digest {
    let (digest, _) = store.put_blob(text.to_owned()).await.unwrap();
    let entry = FileEntry {
        digest,
        size: text.len() as u64,
        mode: 0o644,
    };
    let path = CodePath::parse("manifests/site.pp").unwrap();
    let manifest = ReleaseManifest::new(BTreeMap::from([(path, entry)]));
    store.seal_release(&production(), &manifest).await.unwrap();
    let now = store.host().now();
    store
        .update_environment(&production(), |current| {
            EnvironmentDoc::advance(current, manifest.release, None, now)
        })
        .await
        .unwrap();
    manifest.release
}

/// Gives the node a catalog.
async fn point(store: &Store, catalog: &str) -> Digest {
    let digest = store.put_catalog(catalog.to_owned()).await.unwrap();
    let mut next: Pointer = serde_json::from_str(r#"{"certname": "web1", "sequence": 1}"#).unwrap();
    next.catalog = Some(CatalogRef {
        digest,
        plain_digest: None,
        size: 1,
    });
    store
        .update_pointer(&production(), &web1(), |_| Some(next.clone()))
        .await
        .unwrap();
    digest
}

fn removed(collected: &Collected) -> [u64; 4] {
    [Kind::Releases, Kind::Blobs, Kind::Catalogs, Kind::Documents].map(|kind| {
        let swept = collected.kinds.get(&kind);
        swept.map_or(0, |swept| swept.removed)
    })
}

#[tokio::test]
async fn what_nobody_names_goes_after_a_day_and_nothing_else() {
    for (_directory, store) in stores().await {
        let current = release(&store, "node default { }").await;
        let catalog = point(&store, "named").await;
        let (blob, _) = store.put_blob("of no release").await.unwrap();
        let former = store.put_catalog("of no node").await.unwrap();
        let young = in_hours(&store, 23).collect_garbage(false).await.unwrap();
        assert_eq!(removed(&young), [0, 0, 0, 0]);
        assert_eq!(young.kinds[&Kind::Blobs].young, 1);
        let later = in_hours(&store, 25);
        let told = later.collect_garbage(true).await.unwrap();
        let done = later.collect_garbage(false).await.unwrap();
        assert_eq!((removed(&told), &told), ([0, 1, 1, 0], &done));
        assert_eq!(done.kinds[&Kind::Blobs].removed_bytes, 13);
        assert!(store.blob(blob).await.unwrap_err().is_not_found());
        assert!(store.catalog_gzip(former).await.is_err());
        assert!(store.catalog_json(catalog).await.is_ok());
        assert!(store.release_bundle(&production(), current).await.is_ok());
        let nothing = later.collect_garbage(false).await.unwrap();
        assert_eq!(removed(&nothing), [0, 0, 0, 0]);
    }
}

#[tokio::test]
async fn what_is_found_again_is_young_again() {
    for (_directory, store) in stores().await {
        let catalog = store.put_catalog("comes back").await.unwrap();
        let (blob, _) = store.put_blob("comes back").await.unwrap();
        let (asked, _) = store.put_blob("is asked for").await.unwrap();
        // Half a day later others find them; on a directory the time of the renewal is now.
        let finder = in_hours(&store, 13);
        let keys = [Key::Catalog(catalog), Key::Blob(blob), Key::Blob(asked)];
        let keys = keys.map(|key| key.to_string());
        let mut before = Vec::new();
        for key in &keys {
            before.push(store.backend.head(key).await.unwrap().unwrap());
        }
        finder.put_catalog("comes back").await.unwrap();
        finder.put_blob("comes back").await.unwrap();
        assert!(finder.missing_blobs([asked]).await.unwrap().is_empty());
        for (key, before) in keys.iter().zip(before) {
            let after = store.backend.head(key).await.unwrap().unwrap();
            assert!(after.modified >= before.modified && after.stamp != before.stamp);
            // Who looked at it before does not remove it.
            assert!(!store.backend.remove(key, &before.stamp).await.unwrap());
        }
        assert!(store.blob(blob).await.is_ok());
    }
}

#[tokio::test]
async fn a_release_that_is_about_to_be_named_is_young_again_with_all_its_parts() {
    for (_directory, store) in stores().await {
        let (former, text) = (release(&store, "1").await, "1");
        let keys = [
            Key::release(&production(), former),
            Key::bundle(&production(), former),
            Key::Blob(Digest::of(text)),
        ]
        .map(|key| key.to_string());
        let mut before = Vec::new();
        for key in &keys {
            before.push(store.backend.head(key).await.unwrap().unwrap());
        }
        let finder = in_hours(&store, 13);
        let kept = finder.keep_release(&production(), former).await.unwrap();
        assert_eq!(kept.unwrap().release, former);
        for (key, before) in keys.iter().zip(before) {
            // Who looked at it before does not remove it.
            assert!(!store.backend.remove(key, &before.stamp).await.unwrap());
        }
        // A bundle can be made again, a file can't.
        store.backend.delete(&keys[1]).await.unwrap();
        let kept = finder.keep_release(&production(), former).await.unwrap();
        assert!(kept.is_some() && store.release_bundle(&production(), former).await.is_ok());
        store.backend.delete(&keys[2]).await.unwrap();
        let gone = finder.keep_release(&production(), former).await.unwrap();
        assert_eq!(gone, None);
        let never = finder
            .keep_release(&production(), Digest::of("never"))
            .await;
        assert_eq!(never.unwrap(), None);
    }
}

#[tokio::test]
async fn a_young_manifest_with_an_old_bundle_is_no_young_release() {
    let store = Store::memory();
    let sealed = release(&store, "1").await;
    let manifest = store.release_manifest(&production(), sealed).await;
    let manifest = manifest.unwrap();
    let bundle = Key::bundle(&production(), sealed);
    store.delete(&bundle).await.unwrap();
    store.seal_release(&production(), &manifest).await.unwrap();
    assert!(store.exists(&bundle).await.unwrap());
}

#[tokio::test]
async fn a_removed_environment_goes_a_day_later_and_its_catalogs_after_its_pointers() {
    for (_directory, store) in stores().await {
        release(&store, "node default { }").await;
        let catalog = point(&store, "its node's").await;
        assert!(store.remove_environment(&production()).await.unwrap());
        assert!(!store.remove_environment(&production()).await.unwrap());
        assert_eq!(store.environment(&production()).await.unwrap(), None);
        let soon = in_hours(&store, 23).collect_garbage(false).await.unwrap();
        assert_eq!(removed(&soon), [0, 0, 0, 0]);
        let later = in_hours(&store, 25).collect_garbage(false).await.unwrap();
        assert_eq!(removed(&later), [2, 1, 0, 1]);
        assert!(store.catalog_gzip(catalog).await.is_ok());
        let last = in_hours(&store, 50).collect_garbage(false).await.unwrap();
        assert_eq!(removed(&last), [0, 0, 1, 0]);
        // Its sequence goes on.
        release(&store, "node default { }").await;
        let document = store.environment(&production()).await.unwrap().unwrap();
        assert_eq!(document.sequence, 2);
    }
}

#[tokio::test]
async fn nothing_goes_when_a_document_cant_be_read() {
    let store = Store::memory();
    release(&store, "node default { }").await;
    let (blob, _) = store.put_blob("of no release").await.unwrap();
    let key = Key::pointer(&production(), &web1());
    store.swap(&key, &"no pointer", None).await.unwrap();
    let refused = in_hours(&store, 25).collect_garbage(false).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { .. })));
    assert!(store.blob(blob).await.is_ok());
}

/// Once a day, and again after an hour when it was killed.
const DAILY: Turn = Turn {
    every: Duration::from_secs(24 * 3600),
    patience: Duration::from_secs(3600),
};

#[tokio::test]
async fn of_those_who_share_a_store_one_collects_in_a_day() {
    let store = Store::memory();
    let first = store.collect_garbage_in_turn(DAILY, None).await.unwrap();
    let (soon, later) = (in_hours(&store, 2), in_hours(&store, 25));
    let second = soon.collect_garbage_in_turn(DAILY, None).await.unwrap();
    let next = later.collect_garbage_in_turn(DAILY, None).await.unwrap();
    assert!(first.is_some() && second.is_none() && next.is_some());
}

#[tokio::test]
async fn a_collection_that_had_no_time_says_so_and_the_next_one_goes_on() {
    let store = Store::memory();
    for number in 0..3 {
        store
            .put_blob(format!("of no release {number}"))
            .await
            .unwrap();
    }
    let later = in_hours(&store, 25);
    let cut = later.collect_garbage_in_turn(DAILY, Some(Duration::ZERO));
    let cut = cut.await.unwrap().unwrap();
    assert!(cut.cut_short && removed(&cut) == [0, 0, 0, 0]);
    // It is nobody's turn yet, and somebody's long before the day is over.
    let soon = later.collect_garbage_in_turn(DAILY, None).await.unwrap();
    assert_eq!(soon, None);
    let again = in_hours(&store, 27);
    let again = again.collect_garbage_in_turn(DAILY, None).await;
    let again = again.unwrap().unwrap();
    assert!(!again.cut_short && removed(&again) == [0, 3, 0, 0]);
}

#[tokio::test]
async fn what_rollouts_and_pointers_aside_name_stays_and_stages_of_forgotten_ones_go() {
    for (_directory, store) in stores().await {
        let (former, pinned) = (release(&store, "1").await, release(&store, "2").await);
        let current = release(&store, "3").await;
        let update = |current: Option<&EnvironmentDoc>| {
            let mut next = current?.clone();
            next.history.clear();
            next.previous = None;
            let pin =
                serde_json::json!({ "release": pinned, "by": "me", "at": store.host().now() });
            next.pins
                .insert(web1(), serde_json::from_value(pin).unwrap());
            Some(next)
        };
        store
            .update_environment(&production(), update)
            .await
            .unwrap();
        let aside = store.put_catalog("aside").await.unwrap();
        point(&store, "at hand").await;
        let with_aside = |current: Option<&Pointer>| {
            let mut next = current?.clone();
            let mut other = next.clone();
            other.catalog = other.catalog.map(|catalog| CatalogRef {
                digest: aside,
                ..catalog
            });
            next.aside = Some(Box::new(other));
            Some(next)
        };
        store
            .update_pointer(&production(), &web1(), with_aside)
            .await
            .unwrap();
        let stages = Key::Rollout {
            environment: production(),
            sequence: 7,
        };
        store.swap(&stages, &"stages", None).await.unwrap();
        let done = in_hours(&store, 25).collect_garbage(false).await.unwrap();
        assert_eq!(removed(&done), [2, 1, 0, 1]);
        for kept in [pinned, current] {
            assert!(store.release_manifest(&production(), kept).await.is_ok());
        }
        assert!(store.release_manifest(&production(), former).await.is_err());
        assert!(store.catalog_json(aside).await.is_ok());
        assert!(!store.exists(&stages).await.unwrap());
    }
}
