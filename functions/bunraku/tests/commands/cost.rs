use crate::{bunraku, run};

const SITE: [&str; 8] = [
    "infra",
    "cost",
    "--nodes",
    "1000",
    "--runs-per-day",
    "48",
    "--changes-per-day",
    "10",
];

#[test]
fn the_bill_adds_up_and_shows_what_it_rests_on() {
    let ended = run(bunraku(&SITE).arg("--json"));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let bill = ended.json();
    let lines = bill["lines"].as_array().unwrap();
    for line in lines {
        let number = |name: &str| line[name].as_f64().unwrap();
        let product = number("quantity") * number("unit_price");
        assert!((product - number("sum")).abs() < 1e-9, "{line}");
    }
    let sum: f64 = lines.iter().map(|line| line["sum"].as_f64().unwrap()).sum();
    let total = bill["total"].as_f64().unwrap();
    assert!((sum - total).abs() < 1e-6);
    assert!(total > 1.0 && total < 1000.0, "{total}");
    for step in [
        "per_compiled_node",
        "per_unchanged_node",
        "per_push",
        "per_agent_run",
    ] {
        for kind in ["get", "put", "list", "messages"] {
            assert!(bill["assumptions"][step][kind].is_number(), "{step} {kind}");
        }
    }
    assert!(
        bill["biggest_lever"]
            .as_str()
            .unwrap()
            .starts_with("Biggest lever: ")
    );
}

#[test]
fn the_table_ends_with_the_total_and_the_lever() {
    let ended = run(&mut bunraku(&SITE));
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.starts_with("SERVICE"), "{}", ended.stdout);
    assert!(ended.stdout.contains("TOTAL of a month"));
    assert!(ended.stdout.contains("\nBiggest lever: "));
}

#[test]
fn prices_of_ones_own_are_taken_and_must_be_whole() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("prices.json");
    let listed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/prices.json");
    let mut table: serde_json::Value =
        serde_json::from_slice(&std::fs::read(listed).unwrap()).unwrap();
    let total = |table: &serde_json::Value| {
        std::fs::write(&file, table.to_string()).unwrap();
        run(bunraku(&SITE).arg("--json").arg("--prices").arg(&file))
    };
    let before = total(&table).json()["total"].as_f64().unwrap();
    table["regions"]["us-east-1"]["kms_key_month"] = 101.0.into();
    let after = total(&table).json()["total"].as_f64().unwrap();
    assert!((after - before - 100.0).abs() < 1e-6, "{before} {after}");

    table["regions"]["us-east-1"]
        .as_object_mut()
        .unwrap()
        .remove("sqs_request");
    let ended = total(&table);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("lack sqs_request"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_region_that_is_not_listed_is_refused_and_a_share_over_one_is_wrong_usage() {
    let ended = run(bunraku(&SITE).args(["--region", "mars-north-1"]));
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("the table has ") && ended.stderr.contains("us-east-1"));
    let ended = run(bunraku(&SITE).args(["--share-of-nodes-changed", "30"]));
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("0.3 is 30 %"), "{}", ended.stderr);
}
