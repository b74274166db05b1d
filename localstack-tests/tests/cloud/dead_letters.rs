//! Messages that can't be handled: among the dead letters with a reason, and back when that is gone.

use std::fs;

use bunraku_farm::messages::{Channel, Lane};
use bunraku_tests::cloud::{Stack, aws, succeed};
use bunraku_tests::farm;

use super::{small_site, wait_for_text};

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn a_poison_message_is_put_aside_with_its_reason_and_stops_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "first");
    let stack = Stack::deploy(&[]);
    let url = succeed(
        aws(&["sqs", "get-queue-url", "--output", "text", "--queue-name"])
            .arg(format!("{}-normal", stack.name)),
    );
    let url = String::from_utf8(url.stdout).unwrap();
    let body = r#"{"message": "compile", "certname": 7}"#;
    succeed(
        aws(&[
            "sqs",
            "send-message",
            "--queue-url",
            url.trim(),
            "--message-body",
        ])
        .arg(body),
    );
    stack.push(&code);
    wait_for_text(&stack, &nodes, "first", 60);
    stack.wait("the dead letter", 60, async || {
        let depths = stack.queue.depths().await.unwrap();
        (depths[&Channel::Compile(Lane::Normal)].dead == 1).then_some(())
    });
    let tasks = succeed(&mut stack.command(&["tasks", "--dead", "--json"]));
    let told = farm::text(&tasks);
    assert!(told.contains("the message can't be read"), "{told}");
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn what_failed_for_lack_of_an_object_is_done_after_a_redrive() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "first");
    let stack = Stack::deploy(&["MaxAttempts=2"]);
    stack.push(&code);
    // The release's bundle is lost: new nodes can't be compiled.
    let environment = stack
        .runtime
        .block_on(stack.store.environment(&super::production()));
    let release = environment.unwrap().unwrap().release;
    let bundle = format!(
        "{}/releases/production/{release}.bundle",
        stack.outputs["StoreUrl"]
    );
    let saved = dir.path().join("bundle");
    succeed(aws(&["s3", "cp", "--quiet", &bundle]).arg(&saved));
    succeed(&mut aws(&["s3", "rm", "--quiet", &bundle]));
    // New processes: those that run have the release in memory.
    stack.update(&["LogLevel=debug"]);
    for function in stack.processes("compile") {
        succeed(std::process::Command::new("kill").args(["-9", &function.to_string()]));
    }
    for certname in &nodes {
        let pointer = bunraku_store::Key::pointer(&super::production(), certname);
        stack
            .runtime
            .block_on(stack.store.delete(&pointer))
            .unwrap();
    }
    let tasks = nodes.iter().map(|certname| {
        bunraku_farm::messages::Message::from(bunraku_farm::messages::CompileTask {
            environment: super::production(),
            certname: certname.clone(),
            release,
            sequence: 1,
            lane: Lane::Bulk,
            cause: bunraku_farm::messages::Cause::Manual,
            enqueued_at: jiff::Timestamp::UNIX_EPOCH,
        })
    });
    stack
        .runtime
        .block_on(stack.queue.send_batch(tasks.collect()))
        .unwrap();
    stack.wait("three dead letters", 120, async || {
        let depths = stack.queue.depths().await.unwrap();
        (depths[&Channel::Compile(Lane::Bulk)].dead == 3).then_some(())
    });
    let dead = succeed(&mut stack.command(&["tasks", "--dead", "--json"]));
    assert!(
        farm::text(&dead).contains(".bundle is not in the store"),
        "{}",
        farm::text(&dead)
    );
    fs::metadata(&saved).unwrap();
    succeed(aws(&["s3", "cp", "--quiet"]).arg(&saved).arg(&bundle));
    let redriven = succeed(&mut stack.command(&["redrive", "--lane", "bulk", "--json"]));
    assert!(
        farm::text(&redriven).contains('3'),
        "{}",
        farm::text(&redriven)
    );
    wait_for_text(&stack, &nodes, "first", 60);
}
