//! The trace: names of reads, digests of answers, what holds and what breaks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bunraku_catalog::trace::{answer_digest, diff_reads};
use bunraku_catalog::{AnswerDigest, Read, ReadChange, Trace};
use bunraku_pcore::{PuppetHash, Value};
use serde_json::{Value as Json, json};

/// The value that a compile makes of plain JSON.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Undef,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number
            .as_i64()
            .map_or_else(|| Value::Float(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::array(items.iter().map(value).collect()),
        Json::Object(map) => Value::hash(
            map.iter()
                .map(|(key, item)| (key.as_str(), value(item)))
                .collect::<PuppetHash>(),
        ),
    }
}

#[test]
fn names_of_reads_parse_back() {
    let reads = [
        (Read::fact(["os", "family"]), "fact:os.family"),
        (
            Read::fact(["processors", "models", "0"]),
            "fact:processors.models.0",
        ),
        (
            Read::fact(["mountpoints", "/srv/a.b"]),
            "fact:mountpoints./srv/a\\.b",
        ),
        (
            Read::fact(["back\\slash", "", "x"]),
            "fact:back\\\\slash.\\e.x",
        ),
        (Read::Fact(vec![]), "fact:"),
        (Read::fact([""]), "fact:\\e"),
        (
            Read::trusted(["extensions", "1.3.6.1"]),
            "trusted:extensions.1\\.3\\.6\\.1",
        ),
        (
            Read::ServerFact(vec!["serverversion".into()]),
            "server_fact:serverversion",
        ),
        (
            Read::File("modules/a/manifests/init.pp".into()),
            "file:modules/a/manifests/init.pp",
        ),
        (Read::Listing("manifests".into()), "listing:manifests"),
        (
            Read::Data {
                path: "data/c.yaml".into(),
                key: "ntp::servers".into(),
            },
            "data:data/c.yaml:ntp::servers",
        ),
        (
            Read::Data {
                path: "a:b\\c".into(),
                key: "k".into(),
            },
            "data:a\\:b\\\\c:k",
        ),
        (
            Read::FileMetadata("modules/a/files/x".into()),
            "metadata:modules/a/files/x",
        ),
        (Read::Setting("strict".into()), "setting:strict"),
        (
            Read::Classification("classes".into()),
            "classification:classes",
        ),
        (Read::Exported("Sshkey".into()), "exported:Sshkey"),
        (Read::Clock, "clock"),
        (Read::Random, "random"),
        (Read::Environment("LANG".into()), "env:LANG"),
    ];
    for (read, name) in reads {
        assert_eq!(read.to_string(), name);
        assert_eq!(name.parse::<Read>().unwrap(), read);
    }
    for name in [
        "",
        "fact",
        "nope:x",
        "clock:",
        "fact:a\\",
        "fact:a\\q",
        "data:a",
    ] {
        assert!(name.parse::<Read>().is_err(), "{name}");
    }
}

#[test]
fn digests_are_the_same_for_json_and_for_values() {
    let documents = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.0),
        json!(0.1),
        json!(1e300),
        json!(u64::MAX),
        json!("caf\u{e9} \"quoted\"\n"),
        json!([1, [2, "3"], {}]),
        json!({"b": {"y": 1, "x": null}, "a": [], "__ptype": "x", "": 1.5}),
    ];
    let mut seen = std::collections::HashSet::new();
    for document in documents {
        assert_eq!(
            AnswerDigest::of_json(&document),
            answer_digest(&value(&document)),
            "{document}"
        );
        assert!(seen.insert(AnswerDigest::of_json(&document)), "{document}");
    }
    assert!(seen.insert(AnswerDigest::absent()));
}

#[test]
fn digests_are_sha256_of_canonical_json() {
    let digest = AnswerDigest::of_json(&json!({"b": 1.0, "a": [true, "x"]}));
    // printf '{"a":[true,"x"],"b":1.0}' | sha256sum
    let expected = "8f0fc4b0eeff569a43d03b84601b1546f0db5e2e1d07cfdc8d564889d3928661";
    assert_eq!(digest.to_string(), expected);
    assert_eq!(digest.to_string().parse::<AnswerDigest>().unwrap(), digest);
}

fn trace(facts: &Json, reads: &[Read]) -> Trace {
    let answer = |read: &Read| match read {
        Read::Fact(path) => AnswerDigest::of_json_option(bunraku_catalog::trace::dig(facts, path)),
        _ => AnswerDigest::of_json(&json!("other")),
    };
    reads
        .iter()
        .map(|read| (read.clone(), answer(read)))
        .collect()
}

#[test]
fn a_trace_holds_while_the_facts_it_read_are_the_same() {
    let facts = json!({"os": {"family": "Debian", "name": "Debian"}, "uptime": 1, "list": ["a"]});
    let reads = [
        Read::fact(["os", "family"]),
        Read::fact(["list", "0"]),
        Read::fact(["list", "1"]),
        Read::Clock,
    ];
    let trace = trace(&facts, &reads);
    assert_eq!(trace.facts_hold(&facts, &json!({})), Ok(()));
    let other =
        json!({"os": {"family": "Debian", "name": "Ubuntu"}, "uptime": 2, "list": ["a"], "new": 1});
    assert_eq!(trace.facts_hold(&other, &json!({})), Ok(()));
    let broken = trace
        .facts_hold(&json!({"os": "x", "list": ["a", "b"]}), &json!({}))
        .unwrap_err();
    let names: Vec<String> = broken
        .iter()
        .map(|broken| broken.read.to_string())
        .collect();
    assert_eq!(names, ["fact:list.1", "fact:os.family"]);
    assert_eq!(broken[1].now, AnswerDigest::absent());
}

#[test]
fn trusted_data_counts_too() {
    let reads = [(
        Read::trusted(["extensions"]),
        AnswerDigest::of_json(&json!({})),
    )];
    let trace = Trace::from_iter(reads);
    assert!(
        trace
            .facts_hold(&json!({}), &json!({"extensions": {}}))
            .is_ok()
    );
    assert!(
        trace
            .facts_hold(&json!({}), &json!({"extensions": {"pp_role": "x"}}))
            .is_err()
    );
}

#[test]
fn a_null_fact_is_not_an_absent_one() {
    let trace = trace(&json!({"a": null}), &[Read::fact(["a"])]);
    assert!(trace.facts_hold(&json!({}), &json!({})).is_err());
}

#[test]
fn traces_are_json_objects() {
    let facts = json!({"os": {"family": "Debian"}});
    let trace = trace(&facts, &[Read::fact(["os", "family"]), Read::Clock]);
    let json = serde_json::to_value(&trace).unwrap();
    assert_eq!(
        json.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["fact:os.family", "clock"]
    );
    assert_eq!(serde_json::from_value::<Trace>(json).unwrap(), trace);
}

#[test]
fn the_difference_of_traces_says_why() {
    let old = trace(
        &json!({"a": 1, "b": 2}),
        &[Read::fact(["a"]), Read::fact(["b"])],
    );
    let new = trace(
        &json!({"a": 2, "c": 3}),
        &[Read::fact(["a"]), Read::fact(["c"])],
    );
    let changes = diff_reads(&old, &new);
    assert!(matches!(&changes[0], ReadChange::Changed(broken) if broken.read == Read::fact(["a"])));
    assert_eq!(
        changes[1..],
        [
            ReadChange::Removed(Read::fact(["b"])),
            ReadChange::Added(Read::fact(["c"]))
        ]
    );
    assert_eq!(diff_reads(&old, &old), []);
}
