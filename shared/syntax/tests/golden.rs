//! Findings in broken programs against golden ones, which the reference made.
//!
//! `BUNRAKU_UPDATE=1 cargo test -p bunraku-syntax --test golden` asks the reference again.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read their environment and golden files"
)]

mod support;

use serde_json::Value;
use support::{ask_reference, cases, difference, ours};

#[test]
fn findings_in_broken_programs_equal_those_of_the_reference() {
    let requests = cases("broken.txt");
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/cases/broken.expected.jsonl"
    );
    if std::env::var_os("BUNRAKU_UPDATE").is_some() {
        let answers = ask_reference(&requests);
        let lines: Vec<String> = requests
            .iter()
            .zip(answers)
            .map(|(request, mut answer)| {
                answer["case"] = Value::String(request.path.clone());
                answer.to_string() + "\n"
            })
            .collect();
        std::fs::write(path, lines.concat()).expect("golden file is writable");
    }
    let golden = std::fs::read_to_string(path).expect("golden file is there");
    let golden: Vec<Value> = golden
        .lines()
        .map(|line| serde_json::from_str(line).expect("golden line is JSON"))
        .collect();
    assert_eq!(
        golden.len(),
        requests.len(),
        "run again with BUNRAKU_UPDATE=1"
    );
    let mut differences = Vec::new();
    for (request, expected) in requests.iter().zip(&golden) {
        assert_eq!(
            expected["case"].as_str(),
            Some(request.path.as_str()),
            "run again with BUNRAKU_UPDATE=1"
        );
        if let Some(text) = difference(&ours(request), expected) {
            differences.push(format!("{}: {text}", request.path));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ:\n{}",
        differences.len(),
        requests.len(),
        differences.join("\n")
    );
}
