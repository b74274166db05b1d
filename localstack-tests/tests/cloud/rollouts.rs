//! A rollout over the deployed functions: two stages, by hand, and back.

use std::fs;

use bunraku_farm::messages::AdvanceTask;
use bunraku_tests::cloud::{Stack, succeed};
use bunraku_tests::farm;
use serde_json::Value;

use super::{pointers, production, small_site, text_of, wait_for_text, write_text};

const PLAN: &str = "gate: {reports: 0}\nstages:\n- {name: canary, certname: small00.*, hold: 0s}\n- {by_hand: true}\n";

/// Waits until `bunraku rollout status` says so of the one rollout, and reminds the farm meanwhile, as an edge does.
fn wait_for_status(stack: &Stack, what: &str, says: impl Fn(&Value) -> bool) -> Value {
    stack.wait(what, 60, async || {
        let environment = production();
        let task = AdvanceTask { environment };
        stack.queue.send(task.into()).await.unwrap();
        let status = stack.command(&["rollout", "status", "--json"]).output();
        let status: Value = serde_json::from_slice(&status.unwrap().stdout).unwrap();
        let rollout = status["rollouts"][0].clone();
        says(&rollout).then_some(rollout)
    })
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn a_rollout_goes_stage_by_stage_over_the_functions_and_back() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 4, "first");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    wait_for_text(&stack, &nodes, "first", 60);

    write_text(&code, "second");
    let plan = dir.path().join("plan.yaml");
    fs::write(&plan, PLAN).unwrap();
    let mut start = stack.command(&["rollout", "start", "--name", "two", "--json"]);
    let started = farm::json(&succeed(start.arg(&code).arg("--plan").arg(&plan)));
    assert_eq!(started["rollout"], "two");
    let opened = wait_for_status(&stack, "the first stage to open", |rollout| {
        rollout["stages"][0]["opened_at"].is_string()
    });
    assert_eq!(
        (&opened["stages"][0]["nodes"], &opened["stages"][1]["nodes"]),
        (&1.into(), &3.into())
    );
    wait_for_text(&stack, &nodes[..1], "second", 60);
    let others = pointers(&stack, &nodes[1..]);
    assert!(
        others
            .iter()
            .all(|pointer| text_of(&stack, pointer) == "first")
    );
    wait_for_status(&stack, "it to wait for a person", |rollout| {
        let next = rollout["next"]["what"].as_str().unwrap_or_default();
        next.contains("bunraku rollout resume")
    });

    succeed(&mut stack.command(&["rollout", "resume"]));
    wait_for_status(&stack, "it to be done", |rollout| {
        rollout["state"] == "done"
    });
    wait_for_text(&stack, &nodes, "second", 60);
    let undone = succeed(&mut stack.command(&["rollout", "undo", "--json"]));
    assert_eq!(farm::json(&undone)["rollout"], "two");
    wait_for_status(&stack, "it to be undone", |rollout| {
        rollout["state"] == "undone"
    });
    wait_for_text(&stack, &nodes, "first", 60);
}
