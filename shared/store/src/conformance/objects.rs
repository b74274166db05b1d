//! Immutable objects: blobs, releases, catalogs, reports, uploads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use bunraku_farm::documents::{EnvironmentDoc, FileEntry, ReleaseManifest, UploadResult};
use bunraku_farm::{CodePath, Digest};
use bytes::Bytes;
use jiff::Timestamp;

use super::*;
use crate::{Key, StoreError, Written};

fn manifest(files: &[(&str, &str)]) -> ReleaseManifest {
    let files: BTreeMap<_, _> = files
        .iter()
        .map(|(path, text)| {
            let entry = FileEntry {
                digest: Digest::of(text),
                size: text.len() as u64,
                mode: 0o644,
            };
            (CodePath::parse(*path).unwrap(), entry)
        })
        .collect();
    ReleaseManifest::new(files)
}

conformance! {
    async fn blobs_are_written_once_and_come_back(store: Store) {
        let (digest, written) = store.put_blob("content").await.unwrap();
        assert_eq!((digest, written), (Digest::of("content"), Written::New));
        assert_eq!(store.put_blob("content").await.unwrap().1, Written::Same);
        assert_eq!(store.blob(digest).await.unwrap(), "content");
        let missing = store.blob(Digest::of("other")).await;
        assert!(matches!(missing, Err(StoreError::NotFound { .. })), "{missing:?}");
        assert_eq!(store.put_blob("").await.unwrap().0, Digest::of(""));
        assert_eq!(store.blob(Digest::of("")).await.unwrap(), "");
    }

    async fn many_blobs_at_once(store: Store) {
        let blobs = || (0..600).map(|n| Bytes::from(format!("blob {}", n % 500)));
        assert_eq!(store.put_blobs(blobs()).await.unwrap(), 500);
        assert_eq!(store.put_blobs(blobs()).await.unwrap(), 0);
        let digests = [Digest::of("blob 1"), Digest::of("none"), Digest::of("blob 499")];
        assert_eq!(store.has_blobs(&digests).await.unwrap(), [true, false, true]);
        let missing = store.missing_blobs(digests).await.unwrap();
        assert_eq!(missing.into_iter().collect::<Vec<_>>(), [Digest::of("none")]);
        assert_eq!(store.blob_sizes(&digests).await.unwrap(), [Some(6), None, Some(8)]);
    }

    async fn a_push_asks_only_for_what_the_current_release_does_not_name(store: Store) {
        let [old, new] = ["a: 1", "a: 2"].map(Digest::of);
        let missing = store.missing_blobs_of_push(&production(), [old, new]).await.unwrap();
        assert_eq!(missing, BTreeSet::from([old, new]), "there is no release");
        let manifest = manifest(&[("data/a.yaml", "a: 1")]);
        store.put_blobs([Bytes::from("a: 1")]).await.unwrap();
        store.seal_release(&production(), &manifest).await.unwrap();
        let document = EnvironmentDoc::advance(None, manifest.release, None, Timestamp::UNIX_EPOCH);
        let document = document.unwrap();
        store.update_environment(&production(), |_| Some(document.clone())).await.unwrap();
        // Taken at its word: nobody looks.
        store.delete(&Key::Blob(old)).await.unwrap();
        let missing = store.missing_blobs_of_push(&production(), [old, new]).await.unwrap();
        assert_eq!(missing, BTreeSet::from([new]));
        // A release that is not there is no help and no harm.
        store.delete(&Key::release(&production(), manifest.release)).await.unwrap();
        let missing = store.missing_blobs_of_push(&production(), [old, new]).await.unwrap();
        assert_eq!(missing, BTreeSet::from([old, new]));
    }

    async fn a_release_is_sealed_once_with_its_bundle(store: Store) {
        let manifest = manifest(&[("manifests/site.pp", "node default { }"), ("data/a.yaml", "a: 1")]);
        let lacking = store.seal_release(&production(), &manifest).await;
        assert!(matches!(lacking, Err(StoreError::NotFound { .. })), "{lacking:?}");
        assert!(store.releases(&production()).await.unwrap().is_empty());
        store.put_blobs(["node default { }", "a: 1"].map(Bytes::from)).await.unwrap();
        assert_eq!(store.seal_release(&production(), &manifest).await.unwrap(), Written::New);
        assert_eq!(store.seal_release(&production(), &manifest).await.unwrap(), Written::Same);
        let read = store.release_manifest(&production(), manifest.release).await.unwrap();
        assert_eq!(read, manifest);
        let bundle = store.release_bundle(&production(), manifest.release).await.unwrap();
        assert_eq!((bundle.manifest, bundle.files.get("data/a.yaml").unwrap()), (manifest.clone(), &Bytes::from("a: 1")));
        assert_eq!(store.releases(&production()).await.unwrap(), [manifest.release]);
        let mut forged = manifest.clone();
        forged.release = Digest::of("forged");
        let forged = store.seal_release(&production(), &forged).await;
        assert!(matches!(forged, Err(StoreError::Invalid { .. })), "{forged:?}");
    }

    async fn catalogs_are_gzip_under_the_digest_of_their_json(store: Store) {
        let json = r#"{"name": "a"}"#.repeat(100);
        let digest = store.put_catalog(json.clone()).await.unwrap();
        assert_eq!(digest, Digest::of(&json));
        assert_eq!(store.put_catalog(json.clone()).await.unwrap(), digest);
        let gzip = store.catalog_gzip(digest).await.unwrap();
        assert!(gzip.starts_with(&[0x1f, 0x8b]) && gzip.len() < json.len());
        assert_eq!(store.catalog_json(digest).await.unwrap(), json);
        let wrong = Digest::of("wrong");
        store.put_catalog_gzip(wrong, gzip).await.unwrap();
        let corrupt = store.catalog_json(wrong).await;
        assert!(matches!(corrupt, Err(StoreError::Corrupt { .. })), "{corrupt:?}");
    }

    async fn reports_of_one_instant_do_not_clash(store: Store) {
        let first = store.put_report(&node("a"), 7, "one").await.unwrap();
        let second = store.put_report(&node("a"), 7, "two").await.unwrap();
        let early = store.put_report(&node("a"), 3, "zero").await.unwrap();
        assert_eq!(store.reports(&node("a")).await.unwrap(), [early, first, second]);
        assert_eq!(store.report(&node("a"), second).await.unwrap(), "two");
        assert_eq!(store.reporting_nodes().await.unwrap(), [node("a")]);
        assert!(store.reports(&node("b")).await.unwrap().is_empty());
    }

    async fn an_upload_waits_until_there_is_a_result_for_it(store: Store) {
        let upload = "uploads/production/0190-x.tar.zst".parse().unwrap();
        assert_eq!(store.arrival(&upload).await.unwrap(), None);
        assert!(store.open_upload(&upload).await.is_err_and(|error| error.is_not_found()));
        store.create_upload(&upload, "archive").await.unwrap();
        assert_eq!(store.create_upload(&upload, "archive").await.unwrap(), Written::Same);
        let other = store.create_upload(&upload, "other").await;
        assert!(matches!(other, Err(StoreError::AlreadyExists { .. })), "{other:?}");
        let mut text = String::new();
        store.open_upload(&upload).await.unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "archive");
        let arrival = store.arrival(&upload).await.unwrap().unwrap();
        assert_eq!(arrival.id, "0190-x");
        assert_eq!(store.waiting_uploads().await.unwrap(), std::slice::from_ref(&upload));
        let result: UploadResult = serde_json::from_value(serde_json::json!({"upload": "0190-x",
            "stamp": arrival.stamp, "environment": "production", "accepted": false,
            "finished_at": Timestamp::UNIX_EPOCH})).unwrap();
        assert_eq!(store.put_upload_result(&upload, &result).await.unwrap(), Written::New);
        assert_eq!(store.put_upload_result(&upload, &result).await.unwrap(), Written::Same);
        store.discard_upload(&upload, &arrival).await.unwrap();
        assert!(store.waiting_uploads().await.unwrap().is_empty());
        assert_eq!(store.upload_result(&upload).await.unwrap(), Some(result));
    }

    async fn another_upload_under_an_old_name_is_told_from_it(store: Store) {
        let upload = "uploads/production/site.tar.gz".parse().unwrap();
        let key = Key::Upload(upload);
        let Key::Upload(upload) = &key else { panic!("an upload") };
        store.backend.swap(&key.to_string(), "one".into(), None).await.unwrap();
        let (_, version) = store.backend.read(&key.to_string()).await.unwrap().unwrap();
        let one = store.arrival(upload).await.unwrap().unwrap();
        store.backend.swap(&key.to_string(), "two".into(), Some(&version)).await.unwrap().unwrap();
        let two = store.arrival(upload).await.unwrap().unwrap();
        assert_ne!(one, two);
        // Whoever dealt with the first does not take the second away.
        store.discard_upload(upload, &one).await.unwrap();
        assert_eq!(store.arrival(upload).await.unwrap(), Some(two));
    }

    async fn big_uploads_and_blobs_come_back_whole(store: Store) {
        // More than two parts on S3, the last one short.
        let big: Vec<u8> = (0..17_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3]).collect();
        let big = Bytes::from(big);
        let upload = "uploads/production/big.tar.zst".parse().unwrap();
        assert_eq!(store.create_upload(&upload, big.clone()).await.unwrap(), Written::New);
        assert_eq!(store.create_upload(&upload, big.clone()).await.unwrap(), Written::Same);
        let other = store.create_upload(&upload, big.slice(1..)).await;
        assert!(matches!(other, Err(StoreError::AlreadyExists { .. })));
        let mut stream = store.open_upload(&upload).await.unwrap();
        let mut read = Vec::new();
        stream.read_to_end(&mut read).unwrap();
        assert!(read == big);
        let (digest, written) = store.put_blob(big.clone()).await.unwrap();
        assert_eq!(written, Written::New);
        assert_eq!(store.put_blob(big.clone()).await.unwrap().1, Written::Same);
        assert!(store.blob(digest).await.unwrap() == big);
    }

    async fn bucket_files_are_apart_from_blobs(store: Store) {
        let (digest, _) = store.put_bucket("saved").await.unwrap();
        assert!(store.has_bucket(digest).await.unwrap());
        assert_eq!(store.bucket(digest).await.unwrap(), "saved");
        assert!(!store.exists(&Key::Blob(digest)).await.unwrap());
    }
}

#[cfg(feature = "azure")]
#[tokio::test]
#[ignore = "needs Azurite: localstack-tests/run azurite"]
async fn a_missing_container_is_said_so_on_azure() {
    let store = Store::open("az://not-there/a").await.unwrap();
    for error in [
        store.environments().await.unwrap_err(),
        store.put_blob("content").await.unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains("there is no container not-there"), "{text}");
    }
}

#[tokio::test]
async fn kinds_of_stores() {
    assert!(Store::open("memory://").await.unwrap().root().is_none());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new store");
    let url = format!("file://{}", path.display()).replace(' ', "%20");
    assert_eq!(
        Store::open(&url).await.unwrap().root().unwrap(),
        path.canonicalize().unwrap()
    );
    let error = Store::open("gopher://bucket/prefix").await.unwrap_err();
    assert!(
        matches!(&error, StoreError::Unsupported { scheme } if scheme == "gopher"),
        "{error}"
    );
    for bad in ["", "file://host/path", "s3://Bucket", "s3://"] {
        let error = Store::open(bad).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
    }
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(file.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
}
