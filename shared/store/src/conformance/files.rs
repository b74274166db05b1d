//! What only a directory can get wrong: crashes between steps, other processes, damaged disks.

use std::process::Command;
use std::sync::Arc;

use bunraku_farm::Digest;

use super::*;
use crate::backend::{Backend, Files, Step};
use crate::{Key, StoreError};

const KEY: &str = "environments/production.json";
const STEPS: [Step; 4] = [
    Step::HalfWritten,
    Step::Flushed,
    Step::Compared,
    Step::Moved,
];

/// A store that dies at `step` of the write that `work` does.
async fn die(directory: &Path, step: Step, work: impl AsyncFnOnce(&Store)) {
    let files = Files::open(directory).unwrap();
    files.crash_at(step);
    work(&Store::over(Arc::new(files))).await;
}

fn temporaries(directory: &Path) -> usize {
    let all = all_files(&directory.join(".store/tmp"));
    all.iter().filter(|path| !path.ends_with("alive")).count()
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_swap_leaves_the_old_or_the_new_and_the_next_goes_on() {
    for step in STEPS {
        let (directory, store) = on_directory().await;
        let key: Key = KEY.parse().unwrap();
        let version = store.swap(&key, &"old".repeat(1000), None).await.unwrap();
        die(directory.path(), step, async |dying| {
            dying
                .swap(&key, &"new".repeat(1000), Some(&version))
                .await
                .unwrap_err();
        })
        .await;
        let now: String = store.read(&key).await.unwrap().unwrap();
        let expected = if step == Step::Moved { "new" } else { "old" };
        assert_eq!(now, expected.repeat(1000), "{step:?}");
        // Another process opens the store: it tidies up, and no lock was left behind.
        let next = Store::open_directory(directory.path()).await.unwrap();
        assert_eq!(temporaries(directory.path()), 0, "{step:?}");
        next.update(&key, |_: Option<&String>| Some("third".to_owned()))
            .await
            .unwrap();
        assert_eq!(store.read::<String>(&key).await.unwrap().unwrap(), "third");
    }
}

#[tokio::test]
async fn a_crash_at_any_step_of_a_create_leaves_all_or_nothing_of_an_object() {
    for step in [Step::HalfWritten, Step::Flushed, Step::Moved] {
        let (directory, store) = on_directory().await;
        let content = "content".repeat(1000);
        die(directory.path(), step, async |dying| {
            dying.put_blob(content.clone()).await.unwrap_err();
        })
        .await;
        let digest = Digest::of(&content);
        match store.blob(digest).await {
            Ok(bytes) => assert!(step == Step::Moved && bytes == content, "{step:?}"),
            Err(StoreError::NotFound { .. }) => assert_ne!(step, Step::Moved),
            Err(error) => panic!("{step:?}: {error}"),
        }
        store.put_blob(content.clone()).await.unwrap();
        assert_eq!(store.blob(digest).await.unwrap(), content);
    }
}

#[tokio::test]
async fn temporary_files_of_the_living_stay() {
    let (directory, _store) = on_directory().await;
    let own = fs::read_dir(directory.path().join(".store/tmp"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    fs::write(own.path().join("77"), "being written").unwrap();
    let dead = directory.path().join(".store/tmp/1-0");
    fs::create_dir(&dead).unwrap();
    fs::write(dead.join("alive"), "").unwrap();
    fs::write(dead.join("1"), "half").unwrap();
    let _next = Store::open_directory(directory.path()).await.unwrap();
    assert!(own.path().join("77").exists());
    assert!(!dead.exists());
}

#[tokio::test]
async fn content_that_the_disk_spoilt_is_noticed_and_put_right() {
    let (directory, store) = on_directory().await;
    let (digest, _) = store.put_blob("content").await.unwrap();
    fs::write(directory.path().join(format!("blobs/{digest}")), "c0ntent").unwrap();
    let corrupt = store.blob(digest).await;
    assert!(
        matches!(corrupt, Err(StoreError::Corrupt { .. })),
        "{corrupt:?}"
    );
    store.put_blob("content").await.unwrap();
    assert_eq!(store.blob(digest).await.unwrap(), "content");
}

#[tokio::test]
async fn files_that_are_none_of_ours_are_passed_over() {
    let (directory, store) = on_directory().await;
    for path in [
        "facts/README.txt",
        "facts/..json",
        "pointers/production/x~",
        "uploads/lost+found/x",
    ] {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    assert!(store.known_nodes().await.unwrap().is_empty());
    assert!(store.pointers(&production()).await.unwrap().is_empty());
    assert!(store.waiting_uploads().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_left_over_after_writes_that_lost_and_won() {
    let (directory, store) = on_directory().await;
    let key: Key = KEY.parse().unwrap();
    store.swap(&key, &1, None).await.unwrap();
    store.swap(&key, &2, None).await.unwrap_err();
    store.put_blob("a").await.unwrap();
    store.put_blob("a").await.unwrap();
    assert_eq!(temporaries(directory.path()), 0);
    drop(store);
    assert!(all_files(&directory.path().join(".store/tmp")).is_empty());
}

const CHILD: &str = "BUNRAKU_STORE_TEST_CHILD";

/// Run by the test below in processes of its own; does nothing otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn child_process_that_counts() {
    let Ok(directory) = std::env::var(CHILD) else {
        return;
    };
    let store = Store::open(&directory).await.unwrap();
    count(&store).await;
}

async fn count(store: &Store) {
    let key: Key = KEY.parse().unwrap();
    for _ in 0..50 {
        store
            .update(&key, |n: Option<&u64>| Some(n.copied().unwrap_or(0) + 1))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_do_not_lose_each_others_updates() {
    let (directory, store) = on_directory().await;
    let spawn = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "conformance::files::child_process_that_counts"])
            .env(CHILD, directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let children = [spawn(), spawn()];
    count(&store).await;
    for mut child in children {
        let status = tokio::task::spawn_blocking(move || child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(status.success());
    }
    let key: Key = KEY.parse().unwrap();
    assert_eq!(store.read::<u64>(&key).await.unwrap(), Some(150));
}

#[tokio::test]
async fn listings_do_not_show_the_stores_own_files() {
    let (_directory, store) = on_directory().await;
    let files = Files::open(store.root().unwrap()).unwrap();
    files
        .create(vec![("blobs/x".to_owned(), "x".into())])
        .await
        .unwrap();
    let listed = files.list("blobs").await.unwrap();
    assert_eq!(listed.len(), 1);
    assert!(files.list("nothing").await.unwrap().is_empty());
}
