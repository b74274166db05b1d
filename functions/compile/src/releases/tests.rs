//! What stays open, what is kept on disk, and what is read again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bunraku_compiler::release::Files;
use bunraku_farm::CodePath;
use bunraku_farm::documents::{FileEntry, ReleaseManifest};
use bunraku_store::Key;
use tempfile::TempDir;

use super::*;

fn production() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

/// A store with releases of one file each.
async fn store(texts: &[&str]) -> (Store, Vec<Digest>) {
    let store = Store::memory();
    let mut releases = Vec::new();
    for text in texts {
        let (digest, _) = store.put_blob((*text).to_owned()).await.unwrap();
        let entry = FileEntry {
            digest,
            size: text.len() as u64,
            mode: 0o644,
        };
        let path = CodePath::parse("manifests/site.pp").unwrap();
        let manifest = ReleaseManifest::new(BTreeMap::from([(path, entry)]));
        store.seal_release(&production(), &manifest).await.unwrap();
        releases.push(manifest.release);
    }
    (store, releases)
}

/// Removes everything of a release from the store: what can be opened still was kept.
async fn forget(store: &Store, release: Digest) {
    for key in [
        Key::bundle(&production(), release),
        Key::release(&production(), release),
    ] {
        assert!(store.delete(&key).await.unwrap());
    }
}

async fn code(releases: &Releases, release: Digest) -> Result<String, StoreError> {
    let opened = releases.open(&production(), release).await?;
    let content = opened.code.files().read("manifests/site.pp").unwrap();
    Ok(String::from_utf8(content.unwrap().bytes.to_vec()).unwrap())
}

fn on_disk(store: &Store, directory: &TempDir) -> Releases {
    Releases::with_disk(store.clone(), directory.path().join("bundles"), 1_000_000)
}

fn only_file(directory: &TempDir) -> PathBuf {
    let mut files = fs::read_dir(directory.path().join("bundles")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

#[tokio::test]
async fn a_release_is_opened_by_its_bundle_alone() {
    let (store, found) = store(&["node default { }"]).await;
    let manifest = Key::release(&production(), found[0]);
    assert!(store.delete(&manifest).await.unwrap());
    let releases = Releases::new(store);
    assert_eq!(code(&releases, found[0]).await.unwrap(), "node default { }");
}

#[tokio::test]
async fn what_is_open_is_not_read_again() {
    let (store, found) = store(&["one"]).await;
    let releases = Releases::new(store.clone());
    code(&releases, found[0]).await.unwrap();
    forget(&store, found[0]).await;
    assert_eq!(code(&releases, found[0]).await.unwrap(), "one");
    let others = Releases::new(store);
    assert!(code(&others, found[0]).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn memory_is_bounded_by_bytes_and_holds_at_least_one() {
    let texts: Vec<String> = (0..4).map(|n| n.to_string().repeat(4096)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (store, found) = store(&texts).await;
    for (bound, fit) in [(9 * 1024, 2), (1024, 1)] {
        let releases = Releases {
            open: cache(bound),
            ..Releases::new(store.clone())
        };
        for release in &found {
            code(&releases, *release).await.unwrap();
            releases.open.run_pending_tasks().await;
            let key = (production(), *release);
            assert!(releases.open.contains_key(&key), "{bound}");
        }
        assert_eq!(releases.open.entry_count(), fit, "{bound}");
    }
}

#[tokio::test]
async fn what_is_kept_on_disk_needs_no_store() {
    let (store, found) = store(&["one"]).await;
    let directory = tempfile::tempdir().unwrap();
    code(&on_disk(&store, &directory), found[0]).await.unwrap();
    forget(&store, found[0]).await;
    let later = on_disk(&store, &directory);
    assert_eq!(code(&later, found[0]).await.unwrap(), "one");
    let name = only_file(&directory);
    let name = name.file_name().unwrap().to_str().unwrap();
    assert_eq!(name, format!("{}.bundle", found[0]));
}

#[tokio::test]
async fn damaged_and_foreign_files_are_read_again_from_the_store() {
    let (store, found) = store(&["one", "two"]).await;
    let (whole, other) = {
        let bytes = |release| {
            let store = store.clone();
            async move { store.release_bundle_bytes(&production(), release).await }
        };
        (
            bytes(found[0]).await.unwrap(),
            bytes(found[1]).await.unwrap(),
        )
    };
    let mut flipped = whole.to_vec();
    *flipped.last_mut().unwrap() ^= 1;
    for bad in [&whole[..whole.len() / 2], b"", b"foreign", &other, &flipped] {
        let directory = tempfile::tempdir().unwrap();
        code(&on_disk(&store, &directory), found[0]).await.unwrap();
        let file = only_file(&directory);
        fs::write(&file, bad).unwrap();
        let later = on_disk(&store, &directory);
        assert_eq!(code(&later, found[0]).await.unwrap(), "one");
        assert_eq!(fs::read(&file).unwrap(), whole);
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_no_failure() {
    let (store, found) = store(&["one"]).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let releases = Releases::with_disk(store, file.path().join("in a file"), 1_000_000);
    assert_eq!(code(&releases, found[0]).await.unwrap(), "one");
}

#[tokio::test]
async fn the_oldest_files_make_room_and_others_stay() {
    let (store, found) = store(&["one", "two", "three", "four"]).await;
    let directory = tempfile::tempdir().unwrap();
    let mut size = 0;
    for release in &found {
        let bytes = store.release_bundle_bytes(&production(), *release).await;
        size = size.max(bytes.unwrap().len() as u64);
    }
    let disk = Disk::new(directory.path().to_owned(), size * 3);
    let age = |path: &Path, minutes: u64| {
        let at = std::time::SystemTime::now() - std::time::Duration::from_secs(minutes * 60);
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_modified(at).unwrap();
    };
    let path = |release: &Digest| directory.path().join(format!("{release}.bundle"));
    for (release, minutes) in found.iter().take(3).zip([30, 20, 10]) {
        let bytes = store.release_bundle_bytes(&production(), *release).await;
        disk.keep(*release, &bytes.unwrap());
        age(&path(release), minutes);
    }
    // Used just now, so that the second is the oldest.
    assert!(disk.read(found[0]).is_some());
    let (left, foreign) = (
        directory.path().join(format!("{}.7.0.part", found[0])),
        directory.path().join("notes.txt"),
    );
    for file in [&left, &foreign] {
        fs::write(file, "x").unwrap();
        age(file, 60);
    }
    let bytes = store.release_bundle_bytes(&production(), found[3]).await;
    disk.keep(found[3], &bytes.unwrap());
    let there: Vec<bool> = found.iter().map(|release| path(release).exists()).collect();
    assert_eq!(there, [true, false, true, true]);
    assert!(!left.exists() && foreign.exists());
}

#[tokio::test]
async fn what_does_not_fit_is_not_kept() {
    let (store, found) = store(&["one"]).await;
    let directory = tempfile::tempdir().unwrap();
    let releases = Releases::with_disk(store, directory.path(), 10);
    assert_eq!(code(&releases, found[0]).await.unwrap(), "one");
    assert!(fs::read_dir(directory.path()).unwrap().next().is_none());
}
