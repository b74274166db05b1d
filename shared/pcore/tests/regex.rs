//! Patterns against what MRI made of them (`regex.jsonl`, recorded by `regex.rb`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bunraku_pcore::RubyRegex;
use serde_json::{Value as Json, json};

const RECORDED: &str = include_str!("regex.jsonl");

/// What is known to differ: pattern and why.
const DIFFERENT: &[&str] = &[
    // Full case folding of one character to two.
    "(?i)straße",
    // Grapheme clusters.
    r"\X",
    // `\w` of all Unicode by option.
    r"(?u)\w",
    // What an iteration that matched nothing leaves in the group.
    "(a*)*",
    // Ruby refuses what varies in length.
    "(?<=a+)b",
];

fn ours(case: &Json) -> Json {
    let text = |name: &str| case[name].as_str().unwrap();
    let mut ours = case.clone();
    let fields = ours.as_object_mut().unwrap();
    fields.retain(|name, _| matches!(name.as_str(), "pattern" | "subject" | "replacement"));
    let regex = match RubyRegex::new(text("pattern")) {
        Ok(regex) => regex,
        Err(error) => {
            fields.insert("error".to_owned(), json!(error.message));
            return ours;
        }
    };
    let subject = text("subject");
    if case.get("replacement").is_some() || case.get("sub").is_some() {
        for (name, all) in [("sub", false), ("gsub", true)] {
            match regex.replace(subject, text("replacement"), all) {
                Ok(replaced) => fields.insert(name.to_owned(), json!(replaced)),
                Err(error) => fields.insert("error".to_owned(), json!(error.message)),
            };
        }
    } else if case.get("split").is_some() {
        fields.insert("split".to_owned(), json!(regex.split(subject).unwrap()));
    } else {
        let found = regex.captures(subject).unwrap();
        let found =
            found.map(|found| json!([found.start, found.end, found.groups.get(1..).unwrap()]));
        fields.insert("match".to_owned(), json!(found));
    }
    ours
}

#[test]
fn patterns_match_replace_and_split_as_in_ruby() {
    let mut wrong = Vec::new();
    for line in RECORDED.lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let pattern = case["pattern"].as_str().unwrap();
        let ours = ours(&case);
        let same = ours == case || ours.get("error").is_some() && case.get("error").is_some();
        if same == DIFFERENT.contains(&pattern) {
            wrong.push(format!("ruby {case}\nours {ours}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_pattern_that_backtracks_without_end_is_an_error() {
    let regex = RubyRegex::new(r"(?=(a+)+\1b)(x+x+)+y").unwrap();
    let result = regex.is_match(&"a".repeat(40));
    assert!(result.is_ok_and(|matched| !matched) || regex.is_match(&"a".repeat(40)).is_err());
}
