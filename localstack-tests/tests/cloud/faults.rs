//! Whatever fails on the way: nothing is lost, nothing older lies over newer.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use bunraku_farm::messages::{Cause, CompileTask, Lane, Message};
use bunraku_tests::cloud::Stack;
use bunraku_tests::cloud::proxy::Fault;
use bunraku_tests::{farm, site};
use jiff::Timestamp;

use super::{pointers, production, site_of, small_site, text_of, wait_for_text, write_text};

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn functions_that_are_killed_again_and_again_leave_nothing_undone() {
    const NODES: usize = 60;
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = site_of(&code, NODES);
    let stack = Stack::deploy(&[]);
    // What a killed function held comes back after this, and not after the template's minutes.
    for queue in ["uploads", "plans", "normal"] {
        stack.set_visibility(queue, 5);
    }
    let push = stack
        .push_command(&code)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Each function once as soon as it shows, and compile again and again in its work.
    let killed = RefCell::new(BTreeSet::new());
    stack.wait("functions to kill", 120, async || {
        for function in ["ingest", "plan", "compile"] {
            if !killed.borrow().contains(function) && kill(&stack, function) {
                killed.borrow_mut().insert(function);
            }
        }
        (killed.borrow().len() == 3).then_some(())
    });
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(400));
        kill(&stack, "compile");
    }
    let pushed = push.wait_with_output().unwrap();
    assert_eq!(pushed.status.code(), Some(0), "{}", farm::text(&pushed));
    assert_eq!(farm::json(&pushed)["nodes"], NODES);
    let found = pointers(&stack, &nodes);
    assert_eq!(found.len(), NODES);
    assert!(
        found
            .iter()
            .all(|pointer| pointer.catalog.is_some() && pointer.failure.is_none())
    );
}

/// Kills the processes of a function; says whether there were any.
fn kill(stack: &Stack, function: &str) -> bool {
    let processes = stack.processes(function);
    for process in &processes {
        // It may have ended by itself in between.
        let _ = Command::new("kill")
            .args(["-9", &process.to_string()])
            .status();
    }
    !processes.is_empty()
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn a_store_that_throttles_or_loses_its_answers_only_costs_time() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 20, "first");
    let stack = Stack::deploy(&[]);
    for (text, fault) in [
        ("first", Fault::SlowDown(3)),
        ("second", Fault::LostAnswer(2)),
    ] {
        write_text(&code, text);
        stack.proxy.set_fault(fault);
        let pushed = stack.push(&code);
        stack.proxy.set_fault(Fault::None);
        assert_eq!(pushed["compiled"], 20, "{fault:?}: {pushed}");
        for pointer in pointers(&stack, &nodes) {
            assert_eq!(text_of(&stack, &pointer), text);
            assert_eq!(pointer.failure, None);
        }
    }
    let failed = stack
        .proxy
        .seen()
        .iter()
        .filter(|seen| seen.status >= 500)
        .count();
    assert!(failed > 20, "the faults were not felt: {failed}");
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn messages_that_come_twice_late_and_in_any_order_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 5, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    let old = stack
        .runtime
        .block_on(stack.store.environment(&production()));
    let old = old.unwrap().unwrap();
    write_text(&code, "second");
    stack.push(&code);
    let before = pointers(&stack, &nodes);
    // Tasks of the first push, as if SQS had kept them for a second delivery.
    let late = |lane| {
        nodes.iter().map(move |certname| CompileTask {
            environment: production(),
            certname: certname.clone(),
            release: old.release,
            sequence: old.sequence,
            lane,
            cause: Cause::Push {
                upload: "late".into(),
            },
            enqueued_at: Timestamp::UNIX_EPOCH,
        })
    };
    let tasks = Lane::ALL.into_iter().flat_map(late).map(Message::from);
    let twice: Vec<Message> = tasks.clone().chain(tasks).collect();
    let sent = twice.len();
    stack.proxy.forget();
    stack
        .runtime
        .block_on(stack.queue.send_batch(twice))
        .unwrap();
    stack.wait("the late tasks", 60, async || {
        let depths = stack.queue.depths().await.unwrap();
        let open: usize = depths.values().map(|depth| depth.open()).sum();
        (open == 0).then_some(())
    });
    assert!(
        sent == 30 && !stack.proxy.seen().is_empty(),
        "nobody looked"
    );
    assert_eq!(pointers(&stack, &nodes), before);
    wait_for_text(&stack, &nodes, "second", 1);
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn of_two_pushes_that_race_the_later_one_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let nodes = small_site(&one, 8, "start");
    let stack = Stack::deploy(&[]);
    stack.push(&one);
    site::copy(&one, &other);
    for round in 0..4 {
        let (first, second) = (format!("first {round}"), format!("second {round}"));
        write_text(&one, &first);
        write_text(&other, &second);
        let start = |site: &std::path::Path| {
            let mut push = stack.push_command(site);
            push.stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let pushes = [start(&one), start(&other)];
        for push in pushes {
            let pushed = push.wait_with_output().unwrap();
            assert_eq!(pushed.status.code(), Some(0), "{}", farm::text(&pushed));
        }
        let environment = stack
            .runtime
            .block_on(stack.store.environment(&production()));
        let environment = environment.unwrap().unwrap();
        // The one that arrived last is the one that the environment serves.
        let newest = environment
            .history
            .iter()
            .max_by_key(|change| change.upload.clone());
        assert_eq!(newest.unwrap().release, environment.release);
        let texts: BTreeSet<String> = pointers(&stack, &nodes)
            .iter()
            .inspect(|pointer| assert!(pointer.holds_for(environment.release)))
            .map(|pointer| text_of(&stack, pointer))
            .collect();
        assert_eq!(texts.len(), 1, "{texts:?}");
        assert!(
            texts.contains(&first) || texts.contains(&second),
            "{texts:?}"
        );
    }
}
