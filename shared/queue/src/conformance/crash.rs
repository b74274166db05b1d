//! The file after the end of a process, expected or not.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::*;
use crate::QueueError;

fn open(path: &Path) -> EmbeddedQueue {
    EmbeddedQueue::open(path, options()).unwrap()
}

async fn waiting(queue: &EmbeddedQueue) -> Vec<(String, u64)> {
    let got = queue.receive(&[NORMAL], 1000, NOW).await.unwrap();
    got.iter()
        .map(|it| (of(it).0.to_owned(), of(it).1))
        .collect()
}

#[tokio::test]
async fn a_reopened_queue_has_what_was_not_acknowledged_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    let queue = open(&path);
    queue
        .send_batch(["a", "b", "c"].map(normal).to_vec())
        .await
        .unwrap();
    let got = queue.receive(&[NORMAL], 2, NOW).await.unwrap();
    queue.ack(&got[0].receipt).await.unwrap();
    drop(queue);
    // The lease on b was good for a minute; its holder is gone.
    let queue = open(&path);
    let got = queue.receive(&[NORMAL], 10, NOW).await.unwrap();
    let attempts: Vec<_> = got.iter().map(|it| (of(it).0, it.attempt)).collect();
    assert_eq!(attempts, [("b", 2), ("c", 1)]);
}

#[tokio::test]
async fn coalescing_dead_letters_and_redrive_survive() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    let queue = open(&path);
    queue.send(compile("a", 1, Lane::Normal)).await.unwrap();
    queue.send(compile("a", 2, Lane::Normal)).await.unwrap();
    queue.send(upload("x")).await.unwrap();
    for _ in 0..3 {
        let delivery = receive(&queue, &[Channel::Uploads], NOW).await.unwrap();
        queue.release(&delivery.receipt, NOW, "no").await.unwrap();
    }
    drop(queue);
    let queue = open(&path);
    assert_eq!(queue.depths().await.unwrap()[&Channel::Uploads].dead, 1);
    assert_eq!(waiting(&queue).await, [("a".to_owned(), 2)]);
    assert_eq!(queue.redrive(None).await.unwrap(), 1);
    drop(queue);
    assert_eq!(
        open(&path).depths().await.unwrap()[&Channel::Uploads].waiting,
        1
    );
}

#[tokio::test]
async fn a_message_that_ends_its_process_again_and_again_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    open(&path).send(normal("a")).await.unwrap();
    for attempt in 1..=3 {
        let delivery = receive(&open(&path), &[NORMAL], NOW).await.unwrap();
        assert_eq!(delivery.attempt, attempt);
    }
    let queue = open(&path);
    assert_eq!(receive(&queue, &[NORMAL], NOW).await, None);
    let listed = queue.list(NORMAL, 1).await.unwrap();
    assert!(
        listed[0]
            .last_error
            .as_ref()
            .unwrap()
            .contains("process ended")
    );
}

#[test]
fn a_file_in_use_and_a_file_of_something_else_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    let _queue = open(&path);
    let second = EmbeddedQueue::open(&path, options());
    assert!(
        matches!(second, Err(QueueError::InUse { .. })),
        "{second:?}"
    );
    let other = directory.path().join("other");
    std::fs::write(&other, "this is no queue".repeat(1000)).unwrap();
    let opened = EmbeddedQueue::open(&other, options());
    assert!(
        matches!(opened, Err(QueueError::Corrupt { .. })),
        "{opened:?}"
    );
    let nowhere = EmbeddedQueue::open(directory.path().join("no/where"), options());
    assert!(
        matches!(nowhere, Err(QueueError::Unavailable { .. })),
        "{nowhere:?}"
    );
}

const CHILD: &str = "BUNRAKU_QUEUE_TEST_CHILD";

/// Run by the test below in a process of its own, which is killed; does nothing otherwise.
#[tokio::test]
async fn child_process_that_sends_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else {
        return;
    };
    let queue = open(Path::new(&path));
    for n in 0.. {
        queue.send(normal(&format!("n{n}"))).await.unwrap();
        println!("sent {n}");
        if n % 3 == 0 {
            let delivery = receive(&queue, &[NORMAL], NOW).await.unwrap();
            queue.ack(&delivery.receipt).await.unwrap();
            println!("acknowledged {}", &of(&delivery).0[1..]);
        }
    }
}

#[tokio::test]
async fn what_was_said_before_a_kill_holds_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("queue.redb");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("conformance::crash::child_process_that_sends_until_it_is_killed")
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut sent, mut acknowledged) = (Vec::new(), Vec::new());
    let mut take = |line: String| {
        // The test harness writes `test name ...` in front of the first.
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [.., what @ ("sent" | "acknowledged"), n] = words[..] {
            let n = format!("n{}", n.parse::<u64>().unwrap());
            if what == "sent" {
                sent.push(n)
            } else {
                acknowledged.push(n)
            }
        }
        sent.len()
    };
    for line in lines.by_ref() {
        if take(line.unwrap()) >= 40 {
            break;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        take(line);
    }
    let left: Vec<String> = waiting(&open(&path))
        .await
        .into_iter()
        .map(|(node, _)| node)
        .collect();
    let mut lost = 0;
    for node in &sent {
        lost += usize::from(!left.contains(node) && !acknowledged.contains(node));
    }
    // One message may have been acknowledged right before the kill, without a word of it.
    assert!(lost <= 1, "{lost} messages were lost");
    for node in &acknowledged {
        assert!(!left.contains(node), "{node} came back");
    }
    assert!(sent.len() >= 40 && acknowledged.len() >= 10);
}

#[tokio::test]
async fn two_hundred_tasks_are_one_durable_write() {
    let directory = tempfile::tempdir().unwrap();
    let queue = open(&directory.path().join("queue.redb"));
    let start = Instant::now();
    queue
        .send_batch((0..200).map(|n| normal(&format!("n{n}"))).collect())
        .await
        .unwrap();
    let took = start.elapsed();
    println!("200 tasks: {took:?}");
    // Milliseconds; the bound leaves room for a machine that does other things too.
    assert!(took < Duration::from_secs(2), "{took:?}");
}
