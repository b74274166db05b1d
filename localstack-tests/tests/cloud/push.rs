//! From a push to every node's catalog.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use bunraku_tests::cloud::{Stack, aws, kind, succeed};
use bunraku_tests::farm::{json, run, text};
use bunraku_tests::site;

use super::{pointers, site_of, small_site, wait_for_text, write_text};

const NODES: usize = 500;

/// Requests to S3 and SQS for each of `nodes`, by operation.
fn each(counts: &BTreeMap<String, usize>, nodes: usize) -> BTreeMap<String, f64> {
    counts
        .iter()
        .map(|(name, count)| (name.clone(), *count as f64 / nodes as f64))
        .collect()
}

/// Requests to S3 for each node.
fn to_s3(each: &BTreeMap<String, f64>) -> f64 {
    let s3 = each.iter().filter(|(name, _)| name.starts_with("s3 "));
    s3.map(|(_, count)| count).sum()
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn a_push_gives_500_nodes_their_catalogs_and_one_that_changes_nothing_costs_next_to_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = site_of(&code, NODES);
    let stack = Stack::deploy(&[]);

    let began = Instant::now();
    let pushed = stack.push(&code);
    let took = began.elapsed();
    assert_eq!(pushed["nodes"], NODES, "{pushed}");
    assert_eq!(pushed["compiled"], NODES, "{pushed}");
    assert_eq!(
        pushed["failed"].as_array().map(Vec::len),
        Some(0),
        "{pushed}"
    );
    let found = pointers(&stack, &nodes);
    assert_eq!(found.len(), NODES);
    assert!(found.iter().all(|pointer| pointer.catalog.is_some()));
    let compiled = each(&stack.proxy.counts(), NODES);
    println!(
        "{}: {NODES} catalogs in {took:.1?}; requests for each: {compiled:.2?}",
        kind()
    );

    // What no node reads.
    stack.proxy.forget();
    fs::write(code.join("README.md"), "Another text.\n").unwrap();
    let began = Instant::now();
    let pushed = stack.push(&code);
    let took = began.elapsed();
    assert_eq!(pushed["reused"], NODES, "{pushed}");
    let unchanged = each(&stack.proxy.counts(), NODES);
    println!(
        "{}: {NODES} unchanged in {took:.1?}; requests for each: {unchanged:.2?}",
        kind()
    );
    let requests = to_s3(&unchanged);
    assert!(
        requests < 3.0,
        "{requests} requests for an unchanged node: {unchanged:?}"
    );
    // The bill of `bunraku infra cost` rests on the same numbers.
    for (kind, operations) in [
        ("get", &["s3 GetObject", "s3 HeadObject"][..]),
        ("put", &["s3 PutObject"]),
    ] {
        let counted = operations.iter().filter_map(|name| unchanged.get(*name));
        let (counted, assumed) = (counted.sum::<f64>(), assumed(kind));
        assert!(
            (counted - assumed).abs() < 0.3,
            "{kind}: {counted} counted for an unchanged node, {assumed} in the bill"
        );
    }
}

/// What `infra cost` takes for the requests of an unchanged node, with its share of the push.
fn assumed(kind: &str) -> f64 {
    let site = [
        "--nodes",
        "500",
        "--runs-per-day",
        "48",
        "--changes-per-day",
        "1",
    ];
    let cost = run(&[&["infra", "cost", "--json"][..], &site].concat());
    let assumptions = &json(&cost)["assumptions"];
    let of = |what: &str| assumptions[what][kind].as_f64().unwrap();
    of("per_unchanged_node") + of("per_push") / NODES as f64
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn an_archive_that_anyone_copies_into_the_bucket_is_a_push_under_the_same_name_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "first");
    let stack = Stack::deploy(&[]);
    let archive = dir.path().join("my site.tar.gz");
    for text in ["first", "second", "first"] {
        write_text(&code, text);
        let mut tar = std::process::Command::new("tar");
        succeed(tar.arg("-czf").arg(&archive).arg("-C").arg(&code).arg("."));
        let target = format!("{}/uploads/production/", stack.outputs["StoreUrl"]);
        succeed(aws(&["s3", "cp", "--quiet"]).arg(&archive).arg(target));
        wait_for_text(&stack, &nodes, text, 60);
    }
}

#[test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
fn a_push_with_an_error_is_refused_and_one_node_s_error_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    let nodes = small_site(&code, 3, "good");
    let stack = Stack::deploy(&[]);
    stack.push(&code);
    let code_of =
        |name: &str| format!("node '{name}' {{ fail('not here') }}\nnode default {{ }}\n");
    fs::write(code.join("manifests/one.pp"), code_of(nodes[1].as_str())).unwrap();
    let failed = stack.push_command(&code).output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let summary = json(&failed);
    assert_eq!(summary["failed"][0]["node"], nodes[1].as_str(), "{summary}");
    let found = pointers(&stack, &nodes);
    let failing = found.iter().filter(|pointer| pointer.failure.is_some());
    assert_eq!(failing.count(), 1);
    assert!(
        found.iter().all(|pointer| pointer.catalog.is_some()),
        "the last good catalogs stay"
    );
    site::replace(
        &code.join("manifests/one.pp"),
        "fail('not here')",
        "fail('not here'",
    );
    let refused = stack.push_command(&code).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("one.pp"));
}
