use std::io::Write as _;
use std::process::Stdio;

use crate::{Ended, bunraku, ended, run};

const STACKS: &str = r#"{"Stacks": [{"StackName": "farm", "Outputs": [
    {"OutputKey": "StoreUrl", "OutputValue": "s3://the-bucket"},
    {"OutputKey": "QueueUrl", "OutputValue": "sqs://farm"},
    {"OutputKey": "Region", "OutputValue": "it's $(here)"}]}]}"#;

fn with_input(text: &str) -> Ended {
    let mut child = bunraku(&["infra", "env"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    ended(child.wait_with_output().unwrap())
}

#[test]
fn a_shell_takes_the_lines_as_they_were_meant() {
    let printed = with_input(STACKS);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    let script = format!(
        "{}\nprintf '%s|%s|%s' \"$BUNRAKU_STORE\" \"$BUNRAKU_QUEUE\" \"$AWS_REGION\"",
        printed.stdout
    );
    let shell = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(shell.stdout).unwrap(),
        "s3://the-bucket|sqs://farm|it's $(here)"
    );
}

#[test]
fn a_file_is_read_and_json_is_json() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("outputs.json");
    std::fs::write(&file, STACKS).unwrap();
    let printed = run(bunraku(&["infra", "env", "--json", "--outputs"]).arg(&file));
    assert_eq!(printed.json()["BUNRAKU_QUEUE"], "sqs://farm");
}

#[test]
fn anything_else_ends_with_one_and_says_what_was_expected() {
    let printed = with_input("An error occurred (ValidationError)");
    assert_eq!(printed.code, 1);
    assert_eq!(printed.stdout, "");
    assert!(
        printed.stderr.contains("terraform output -json"),
        "{}",
        printed.stderr
    );
}
