use crate::sqs_server::{Queues, farm, serve};
use crate::{Ended, bunraku, run};

fn check(queues: Queues, more: &[&str]) -> Ended {
    let store = tempfile::tempdir().unwrap();
    run(
        bunraku(&["infra", "doctor", "--queue", "sqs://farm", "--store"])
            .arg(store.path())
            .args(more)
            .env("AWS_ENDPOINT_URL", serve(queues)),
    )
}

#[test]
fn a_farm_as_the_template_makes_it_is_well() {
    let ended = check(farm("farm"), &[]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("farm-urgent-dead"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.ends_with("The farm is well.\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn dead_letters_are_a_warning_and_no_error() {
    let mut queues = farm("farm");
    queues.get_mut("farm-bulk-dead").unwrap()["ApproximateNumberOfMessages"] = "4".into();
    let ended = check(queues, &["--json"]);
    assert_eq!(ended.code, 0, "{}{}", ended.stdout, ended.stderr);
    let result = ended.json();
    assert_eq!(
        (&result["errors"], &result["warnings"]),
        (&0.into(), &1.into())
    );
    let findings = result["findings"].as_array().unwrap();
    let found = findings.iter().find(|it| it["level"] == "warning").unwrap();
    assert_eq!(found["what"], "farm-bulk-dead");
    assert!(
        found["detail"]
            .as_str()
            .unwrap()
            .contains("bunraku redrive --lane bulk")
    );
}

#[test]
fn a_missing_queue_and_a_wrong_one_are_errors() {
    let mut queues = farm("farm");
    queues.remove("farm-plans");
    queues.get_mut("farm-normal").unwrap()["SqsManagedSseEnabled"] = "false".into();
    let ended = check(queues, &["--json"]);
    assert_eq!(ended.code, 1, "{}{}", ended.stdout, ended.stderr);
    let result = ended.json();
    let findings = result["findings"].as_array().unwrap();
    let errors: Vec<&str> = findings
        .iter()
        .filter(|it| it["level"] == "error")
        .map(|it| it["what"].as_str().unwrap())
        .collect();
    assert_eq!(errors, ["farm-plans", "farm-normal"]);
}

#[test]
fn what_can_not_be_reached_ends_with_three_and_the_rest_is_still_shown() {
    let store = tempfile::tempdir().unwrap();
    let ended = run(bunraku(&[
        "infra",
        "doctor",
        "--json",
        "--queue",
        "sqs://farm",
        "--store",
    ])
    .arg(store.path())
    .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    assert_eq!(ended.code, 3, "{}{}", ended.stdout, ended.stderr);
    let findings = ended.json()["findings"].clone();
    assert_eq!(findings[0]["level"], "ok");
    assert_eq!(findings[1]["what"], "sqs://farm");
    assert_eq!(findings[1]["level"], "error");
}

#[test]
fn an_address_that_is_none_ends_with_one() {
    let store = tempfile::tempdir().unwrap();
    let ended =
        run(bunraku(&["infra", "doctor", "--queue", "http://x", "--store"]).arg(store.path()));
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("sqs://PREFIX"), "{}", ended.stderr);
}
