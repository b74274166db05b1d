use std::path::Path;
use std::time::Duration;

use bunraku_queue::{Channel, EmbeddedQueue, Message, Queue as _, QueueOptions};

use crate::{Ended, bunraku, run};

/// A queue's file with two waiting uploads and a dead plan.
async fn make_queue(path: &Path) {
    let options = QueueOptions {
        max_attempts: 1,
        ..QueueOptions::default()
    };
    let queue = EmbeddedQueue::open(path, options).unwrap();
    let plan = serde_json::json!({
        "message": "plan", "environment": "production", "release": "0".repeat(64), "sequence": 1,
        "cause": { "kind": "manual" }, "nodes": "all",
    });
    queue
        .send(serde_json::from_value(plan).unwrap())
        .await
        .unwrap();
    let received = queue
        .receive(&[Channel::Plans], 1, Duration::ZERO)
        .await
        .unwrap();
    queue
        .release(
            &received[0].receipt,
            Duration::ZERO,
            "the store is full\nand more",
        )
        .await
        .unwrap();
    for id in ["a", "b"] {
        let key = format!("uploads/production/{id}.tar.zst");
        let upload = serde_json::json!({ "message": "upload_created", "key": key });
        queue
            .send(serde_json::from_value::<Message>(upload).unwrap())
            .await
            .unwrap();
    }
}

fn ask(command: &str, path: &Path, more: &[&str]) -> Ended {
    run(bunraku(&[command, "--queue"]).arg(path).args(more))
}

#[tokio::test]
async fn dead_letters_are_shown_put_back_and_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    make_queue(&path).await;

    let shown = ask("tasks", &path, &["--dead", "--json"]).json();
    assert_eq!(shown["queues"]["uploads"]["waiting"], 2);
    assert_eq!(shown["queues"]["plans"]["dead"], 1);
    assert_eq!(shown["dead_letters"][0]["queue"], "plans");
    assert_eq!(shown["dead_letters"][0]["attempts"], 1);
    assert_eq!(
        shown["dead_letters"][0]["reason"],
        "the store is full\nand more"
    );
    let text = ask("tasks", &path, &["--dead"]).stdout;
    assert!(
        text.starts_with("QUEUE    WAITING  DELAYED  IN WORK  DEAD\n"),
        "{text}"
    );
    assert!(
        text.contains("plans  1      production 000000000000"),
        "{text}"
    );
    assert!(
        text.lines().any(|line| line.ends_with("the store is full")),
        "{text}"
    );

    let other = ask(
        "redrive",
        &path,
        &["--lane", "bulk", "--lane", "urgent", "--json"],
    )
    .json();
    assert_eq!(
        other,
        serde_json::json!({ "redriven": { "urgent": 0, "bulk": 0 }, "total": 0 })
    );
    let ended = ask("redrive", &path, &["--lane", "plans"]);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (0, "Put back 1: plans 1\n")
    );
    let ended = ask("redrive", &path, &[]);
    assert_eq!(ended.stdout, "There are no dead letters to put back.\n");
    let shown = ask("tasks", &path, &["--json"]).json();
    assert_eq!(
        shown["queues"]["plans"],
        serde_json::json!({ "waiting": 1, "delayed": 0, "leased": 0, "dead": 0 })
    );
    assert!(shown.get("dead_letters").is_none());
}

#[tokio::test]
async fn a_queue_in_use_is_left_alone_and_the_way_out_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    let held = EmbeddedQueue::open(&path, QueueOptions::default()).unwrap();
    for command in ["tasks", "redrive"] {
        let ended = ask(command, &path, &[]);
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert!(
            ended.stderr.contains("`bunraku up`: stop that"),
            "{}",
            ended.stderr
        );
    }
    drop(held);
    assert_eq!(ask("tasks", &path, &[]).code, 0);
}

#[test]
fn a_queue_that_is_not_there_is_not_made() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    let ended = ask("tasks", &path, &[]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("no queue here"), "{}", ended.stderr);
    assert!(!path.exists());
    let ended = run(&mut bunraku(&["redrive", "--queue", "gopher://x"]));
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let ended = run(&mut bunraku(&["redrive", "--lane", "slow"]));
    assert_eq!(ended.code, 2);
    assert!(
        ended
            .stderr
            .contains("uploads, plans, urgent, normal, bulk"),
        "{}",
        ended.stderr
    );
}
