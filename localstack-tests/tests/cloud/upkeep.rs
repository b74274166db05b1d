//! What is done with a farm's bucket besides: collecting what nobody names, and the catalogs as files in another one.

use std::collections::BTreeSet;
use std::sync::Arc;

use bunraku_farm::Certname;
use bunraku_farm::documents::CollectionDoc;
use bunraku_farm::messages::CollectTask;
use bunraku_host::Host;
use bunraku_store::{Key, Kind};
use bunraku_tests::cloud::{Stack, aws, succeed};
use bunraku_tests::farm;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{pointers, small_site, text_of, wait_for_text, write_text};

/// Versions and marks of deletion below a key.
fn versions(bucket: &str, key: &Key) -> usize {
    let list = [
        "s3api",
        "list-object-versions",
        "--output",
        "json",
        "--bucket",
        bucket,
        "--prefix",
    ];
    let listed = succeed(aws(&list).arg(key.to_string()));
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap_or_default();
    let count = |kind: &str| listed[kind].as_array().map_or(0, Vec::len);
    count("Versions") + count("DeleteMarkers")
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn what_nobody_names_goes_with_all_its_versions_and_what_is_named_stays() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    wait_for_text(&stack, &nodes, "first", 60);
    let former = pointers(&stack, &nodes);
    write_text(&code, "second");
    stack.push(&code);
    wait_for_text(&stack, &nodes, "second", 60);
    let put = stack.store.put_blob("of no release".to_owned());
    let (blob, _) = stack.runtime.block_on(put).unwrap();
    let bucket = stack.outputs["StoreUrl"].strip_prefix("s3://").unwrap();
    assert_eq!(versions(bucket, &Key::Blob(blob)), 1);

    // The schedule's message has all read, to the end. A day has to pass: nothing goes before.
    let send = stack.queue.send(CollectTask {}.into());
    stack.runtime.block_on(send).unwrap();
    let last = stack.wait("a collection", 120, async || {
        let last = stack.store.read::<CollectionDoc>(&Key::Collection).await;
        last.unwrap().filter(|last| last.ended_at.is_some())
    });
    assert!(last.ended_at > Some(last.began_at));
    assert_eq!(versions(bucket, &Key::Blob(blob)), 1);
    let collected = farm::json(&succeed(&mut stack.command(&["gc", "--json"])));
    let swept = collected["collected"].as_object().unwrap().values();
    assert!(
        swept.clone().all(|kind| kind["removed"] == 0),
        "{collected}"
    );
    assert_eq!(collected["collected"]["blobs"]["young"], 1);
    let tomorrow = Timestamp::now() + SignedDuration::from_hours(25);
    let store = stack.store.clone();
    let store = store.on(Host::default().with_clock(Arc::new(tomorrow)));
    let collected = stack
        .runtime
        .block_on(store.collect_garbage(false))
        .unwrap();
    let removed = |kind: Kind| collected.kinds[&kind].removed;
    assert_eq!((removed(Kind::Blobs), removed(Kind::Catalogs)), (1, 3));
    assert_eq!(removed(Kind::Releases), 0);
    assert_eq!(versions(bucket, &Key::Blob(blob)), 0);
    for pointer in &former {
        let key = Key::Catalog(pointer.catalog.unwrap().digest);
        assert_eq!(versions(bucket, &key), 0, "{key}");
    }

    // Each node's catalog is there, and so is the release before, with all that it needs.
    for pointer in pointers(&stack, &nodes) {
        assert_eq!(text_of(&stack, &pointer), "second");
    }
    write_text(&code, "first");
    stack.push(&code);
    wait_for_text(&stack, &nodes, "first", 60);
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn catalogs_are_exported_to_a_bucket_and_only_what_changed_is_written_again() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    wait_for_text(&stack, &nodes, "first", 60);
    let mirror = format!("s3://{}-mirror", stack.name);
    succeed(aws(&["s3", "mb"]).arg(&mirror));
    let place = format!("{mirror}/puppet");
    let export = || {
        farm::json(&succeed(
            &mut stack.command(&["export", "--code", "--json", "--to", &place]),
        ))
    };
    let read = |path: &str| -> Value {
        let file = succeed(
            aws(&["s3", "cp", "--quiet"])
                .arg(format!("{place}/{path}"))
                .arg("-"),
        );
        serde_json::from_slice(&file.stdout).unwrap()
    };
    let exported = export();
    assert_eq!(
        (&exported["nodes"], &exported["written"]),
        (&3.into(), &3.into())
    );
    let index = read("index.json");
    let listed = index["nodes"].as_object().unwrap().keys();
    let names: BTreeSet<&str> = nodes.iter().map(Certname::as_str).collect();
    assert_eq!(listed.map(String::as_str).collect::<BTreeSet<_>>(), names);
    let catalog = read(&format!("catalogs/{}.json", nodes[0]));
    assert_eq!(catalog["name"], nodes[0].as_str());

    assert_eq!(export()["written"], 0);
    succeed(&mut stack.command(&["nodes", "remove", nodes[2].as_str()]));
    let exported = export();
    assert_eq!(
        (&exported["nodes"], &exported["removed"]),
        (&2.into(), &1.into())
    );
    succeed(aws(&["s3", "rb", "--force"]).arg(&mirror));
}
