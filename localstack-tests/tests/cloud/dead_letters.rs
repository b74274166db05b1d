//! Messages that can't be handled: among the dead letters with a reason, and back when that is gone.

use std::fs;

use bunraku_farm::Certname;
use bunraku_farm::messages::{Channel, Lane};
use bunraku_tests::cloud::{Stack, aws, succeed};
use bunraku_tests::farm;

use super::{small_site, wait_for_text, write_text};

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
fn what_failed_for_damage_in_the_store_is_done_after_a_redrive() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "first");
    let stack = Stack::deploy(&["MaxAttempts=2"]);
    stack.push(&code);
    // Somebody writes into the bucket by hand.
    let garbage = dir.path().join("garbage");
    fs::write(&garbage, "no pointer").unwrap();
    for certname in &nodes {
        succeed(
            aws(&["s3", "cp", "--quiet"])
                .arg(&garbage)
                .arg(pointer(&stack, certname)),
        );
    }
    write_text(&code, "second");
    let pushed = stack.push_command(&code).arg("--no-wait").output().unwrap();
    assert!(pushed.status.success(), "{}", farm::text(&pushed));
    let lane = Channel::Compile(Lane::Normal);
    stack.wait("three dead letters", 120, async || {
        let depths = stack.queue.depths().await.unwrap();
        (depths[&lane].dead == 3).then_some(())
    });
    let dead = succeed(&mut stack.command(&["tasks", "--dead", "--json"]));
    let told = farm::text(&dead);
    assert!(told.contains(".json is damaged"), "{told}");
    for certname in &nodes {
        succeed(aws(&["s3", "rm", "--quiet"]).arg(pointer(&stack, certname)));
    }
    let redriven = succeed(&mut stack.command(&["redrive", "--lane", "normal", "--json"]));
    assert!(
        farm::text(&redriven).contains('3'),
        "{}",
        farm::text(&redriven)
    );
    wait_for_text(&stack, &nodes, "second", 60);
    let depths = stack.runtime.block_on(stack.queue.depths()).unwrap();
    assert_eq!(depths[&lane].dead, 0);
}

fn pointer(stack: &Stack, certname: &Certname) -> String {
    format!(
        "{}/pointers/production/{certname}.json",
        stack.outputs["StoreUrl"]
    )
}
