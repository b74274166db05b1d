//! Every issue that the reference's lexer, parser and validator can report has a broken program that raises it.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests read their files and say what they counted"
)]

mod support;

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use support::{broken_topics, golden};

const ISSUES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/issues.jsonl");

/// The cases of each issue code; of errors without a code, of each message.
fn raised() -> BTreeMap<String, Vec<String>> {
    let mut raised: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for topic in broken_topics() {
        for answer in golden(&topic) {
            let case = format!("{topic}: {}", answer["case"].as_str().unwrap_or(""));
            for found in answer["diagnostics"].as_array().into_iter().flatten() {
                let key = match found["code"].as_str() {
                    Some("") | None => &found["message"],
                    Some(_) => &found["code"],
                };
                let key = key.as_str().unwrap_or("").to_owned();
                raised.entry(key).or_default().push(case.clone());
            }
        }
    }
    raised
}

fn unreachable_issues() -> BTreeMap<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unreachable.txt");
    let text = std::fs::read_to_string(path).expect("the list of unreachable issues is there");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(": "))
        .map(|(code, reason)| (code.to_owned(), reason.to_owned()))
        .collect()
}

#[test]
fn every_issue_of_the_reference_has_a_case_or_a_reason() {
    let text = std::fs::read_to_string(ISSUES).expect("the list of issues is there");
    let raised = raised();
    let unreachable = unreachable_issues();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut missing = Vec::new();
    for line in text.lines() {
        let issue: Value = serde_json::from_str(line).expect("a line is JSON");
        let stage = issue["stage"].as_str().unwrap_or("");
        if matches!(stage, "evaluator" | "never") {
            continue;
        }
        let key = issue["code"]
            .as_str()
            .or(issue["message"].as_str())
            .unwrap_or("");
        let (before, after) = key.split_once("%{name}").unwrap_or((key, ""));
        let cases = raised
            .iter()
            .find(|(found, _)| found.starts_with(before) && found.ends_with(after));
        let count = counts.entry(stage.to_owned()).or_default();
        count.1 += 1;
        match (cases, unreachable.get(key)) {
            (Some((_, cases)), None) => {
                count.0 += 1;
                println!("{stage:>14}  {key}: {} ({})", cases[0], cases.len());
            }
            (None, Some(reason)) => println!("{stage:>14}  {key}: none, since {reason}"),
            (Some((_, cases)), Some(_)) => {
                missing.push(format!("{key} is no longer unreachable: {}", cases[0]));
            }
            (None, None) => missing.push(format!("{key} ({stage}) has no case")),
        }
    }
    for (stage, (covered, all)) in &counts {
        println!("{stage:>14}  {covered} of {all}");
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn there_are_more_than_four_hundred_broken_programs() {
    let broken = |answer: &Value| {
        let found = answer["diagnostics"].as_array();
        answer["crash"].is_string()
            || found.is_some_and(|found| found.iter().any(|found| found["severity"] == "error"))
    };
    let count: usize = broken_topics()
        .iter()
        .map(|topic| golden(topic).iter().filter(|answer| broken(answer)).count())
        .sum();
    println!("{count} broken programs");
    assert!(count > 400, "only {count}");
}

/// `ruby tests/issues.rb > tests/issues.jsonl` makes it again.
#[test]
fn the_list_of_issues_is_that_of_the_installed_reference() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/issues.rb");
    let output = Command::new("ruby")
        .arg(script)
        .output()
        .expect("the reference is not installed (apt-get install puppet-agent)");
    let listed = std::fs::read_to_string(ISSUES).expect("the list of issues is there");
    assert_eq!(String::from_utf8_lossy(&output.stdout), listed);
}

#[test]
fn the_reasons_for_issues_without_a_case_hold_on_the_installed_reference() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/unreachable.rb");
    let output = Command::new("ruby")
        .args(["-W0", script])
        .output()
        .expect("the reference is not installed (apt-get install puppet-agent)");
    let proved = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    let listed = unreachable_issues();
    assert_eq!(
        proved.lines().collect::<Vec<_>>(),
        listed.keys().collect::<Vec<_>>(),
        "{why}"
    );
    assert!(output.status.success(), "{why}");
}
