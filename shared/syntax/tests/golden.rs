//! Findings in broken programs against golden ones, which the reference made.
//!
//! `BUNRAKU_UPDATE=1 cargo test -p bunraku-syntax --test golden` asks the reference again.

#![allow(
    clippy::disallowed_methods,
    reason = "tests read their environment and golden files"
)]

mod support;

use serde_json::Value;
use support::{ask_reference, broken_topics, cases, difference, golden, golden_path, ours};

#[test]
fn findings_in_broken_programs_equal_those_of_the_reference() {
    let mut differences = Vec::new();
    let mut count = 0;
    for topic in broken_topics() {
        let requests = cases(&topic);
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
            std::fs::write(golden_path(&topic), lines.concat()).expect("golden file is writable");
        }
        let golden = golden(&topic);
        assert_eq!(
            golden.len(),
            requests.len(),
            "{topic}: run again with BUNRAKU_UPDATE=1"
        );
        count += requests.len();
        for (request, expected) in requests.iter().zip(&golden) {
            assert_eq!(
                expected["case"].as_str(),
                Some(request.path.as_str()),
                "{topic}: run again with BUNRAKU_UPDATE=1"
            );
            if let Some(text) = difference(&ours(request), expected) {
                differences.push(format!("{topic}: {}: {text}", request.path));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {count} differ:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
