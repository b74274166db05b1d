//! Catalog requests: served from the store, compiled, refused.

use std::time::Duration;

use bunraku_edge::EdgeConfig;
use bunraku_farm::Certname;
use bunraku_farm::messages::{Cause, Channel, Lane, Message};
use bunraku_pki::Autosign;
use hyper::StatusCode;
use serde_json::json;

use crate::client::{Client, Pair, catalog_form};
use crate::support::{TestFarm, facts, one, production};

const NODE: &str = "a.example.test";

fn debian(memory: u64) -> String {
    facts(
        NODE,
        json!({"os": {"family": "Debian"}, "memoryfree_mb": memory, "kernel": "Linux"}),
    )
}

#[tokio::test]
async fn a_first_request_compiles_and_the_next_copies_what_is_stored() {
    let farm = TestFarm::new().await;
    let release = farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    let first = agent.catalog(NODE, &debian(1)).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    assert_eq!(
        first.header("content-type"),
        "application/vnd.puppet.rich+json; charset=utf-8"
    );
    assert_eq!(first.header("content-encoding"), "gzip");
    assert_eq!(first.json()["code_id"], release.to_hex());
    assert_eq!(
        (farm.compiled(), farm.counters.catalogs_waited.get()),
        (1, 1)
    );

    // The same facts, then a volatile one changed: no compile.
    for memory in [1, 1, 2] {
        let again = agent.catalog(NODE, &debian(memory)).await;
        assert_eq!((again.status, &again.body), (StatusCode::OK, &first.body));
    }
    assert_eq!(farm.compiled(), 1);
    assert_eq!(farm.counters.catalogs_served.get(), 3);
}

#[tokio::test]
async fn a_fact_that_was_read_brings_a_new_catalog_and_one_that_was_not_is_only_stored() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    agent.catalog(NODE, &debian(1)).await;
    let certname = Certname::parse(NODE).unwrap();

    let other = facts(NODE, json!({"os": {"family": "Debian"}, "kernel": "other"}));
    assert_eq!(agent.catalog(NODE, &other).await.status, StatusCode::OK);
    assert_eq!(farm.compiled(), 1);
    assert_eq!(
        farm.store.facts(&certname).await.unwrap().unwrap().values["kernel"],
        "other"
    );

    let redhat = facts(NODE, json!({"os": {"family": "RedHat"}, "kernel": "other"}));
    let answer = agent.catalog(NODE, &redhat).await;
    assert_eq!(answer.json()["os"]["family"], "RedHat");
    assert_eq!(farm.compiled(), 2);
}

#[tokio::test]
async fn a_new_release_is_never_answered_with_the_old_catalog() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "1")]).await;
    let agent = farm.agent(NODE);
    agent.catalog(NODE, &debian(1)).await;
    let release = farm.push(&[("manifests/site.pp", "2")]).await;
    let answer = agent.catalog(NODE, &debian(1)).await;
    assert_eq!(answer.json()["code_id"], release.to_hex());
}

#[tokio::test]
async fn the_client_gets_the_form_and_coding_it_takes() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    let target = format!("/puppet/v3/catalog/{NODE}?environment=production");
    for (accept, status, content_type, key) in [
        (
            "application/json, text/pson",
            200,
            "application/json;charset=utf-8",
            "plain",
        ),
        ("text/pson", 200, "text/pson;charset=utf-8", "plain"),
        (
            "application/vnd.puppet.rich+json",
            200,
            "application/vnd.puppet.rich+json; charset=utf-8",
            "os",
        ),
        (
            "application/x-msgpack",
            406,
            "application/json;charset=utf-8",
            "issue_kind",
        ),
    ] {
        let headers = [
            ("accept", accept),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let answer = agent
            .send("POST", &target, &headers, catalog_form(&debian(1)))
            .await;
        assert_eq!(answer.status, status, "{accept}");
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("content-encoding"), "");
        assert!(answer.json().get(key).is_some(), "{}", answer.text());
    }
    let get = format!("{target}&{}", catalog_form(&debian(1)));
    assert_eq!(agent.get(&get).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_failed_compile_is_500_in_the_references_shape_and_is_not_tried_at_each_request() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    let failing = facts(NODE, json!({"fail": true}));
    for _ in 0..2 {
        let answer = agent.catalog(NODE, &failing).await;
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        let expected = json!({
            "message": "Server Error: Evaluation Error: no (file: /x, line: 1) on node a",
            "issue_kind": "RUNTIME_ERROR",
        });
        assert_eq!(answer.json(), expected);
    }
    assert_eq!(farm.compiled(), 1);
    // Other facts are another matter.
    assert_eq!(agent.catalog(NODE, &debian(1)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn facts_that_come_back_after_a_failure_are_told_once_to_who_can_mend_it() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    let waiting = async || {
        let normal = [Channel::Compile(Lane::Normal)];
        let received = farm.queue.receive(&normal, 10, Duration::ZERO).await;
        let messages = received.unwrap().into_iter().map(|it| it.message);
        messages.collect::<Vec<_>>()
    };
    agent.catalog(NODE, &debian(1)).await;
    let failing = agent
        .catalog(NODE, &facts(NODE, json!({"fail": true})))
        .await;
    assert_eq!(failing.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(waiting().await, []);
    for _ in 0..2 {
        assert_eq!(agent.catalog(NODE, &debian(1)).await.status, StatusCode::OK);
    }
    let told = waiting().await;
    let [Message::Compile(task)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!((task.certname.as_str(), &task.cause), (NODE, &Cause::Facts));
    // What a worker makes of it: the catalog holds, and the failure goes.
    one(&farm.store, task, &farm.compiles).await;
    let certname = Certname::parse(NODE).unwrap();
    let pointer = farm.store.pointer(&production(), &certname).await.unwrap();
    assert_eq!(pointer.unwrap().failure, None);
}

#[tokio::test]
async fn the_last_good_catalog_is_served_where_the_site_says_so() {
    let config = EdgeConfig {
        serve_last_good: true,
        ..EdgeConfig::default()
    };
    let farm = TestFarm::with(config, Autosign::All, true).await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    let good = agent.catalog(NODE, &debian(1)).await;
    let answer = agent
        .catalog(NODE, &facts(NODE, json!({"fail": true})))
        .await;
    assert_eq!((answer.status, answer.body), (StatusCode::OK, good.body));
}

#[tokio::test]
async fn without_workers_an_agent_is_told_when_to_come_again() {
    let config = EdgeConfig {
        wait: Duration::from_millis(50),
        retry_after: 7..=9,
        ..EdgeConfig::default()
    };
    let farm = TestFarm::with(config, Autosign::All, false).await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let answer = farm.agent(NODE).catalog(NODE, &debian(1)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!((7..=9).contains(&answer.header("retry-after").parse::<u64>().unwrap()));
    assert_eq!(farm.counters.requests_shed.get(), 1);
}

#[tokio::test]
async fn over_capacity_is_503_at_once_and_leaves_no_task() {
    let config = EdgeConfig {
        max_waiting: 0,
        ..EdgeConfig::default()
    };
    let farm = TestFarm::with(config, Autosign::All, false).await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let answer = farm.agent(NODE).catalog(NODE, &debian(1)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty());
    let depths = farm.queue.depths().await.unwrap();
    assert!(depths.values().all(|depth| depth.open() == 0));

    let config = EdgeConfig {
        max_requests: 0,
        ..EdgeConfig::default()
    };
    let farm = TestFarm::with(config, Autosign::All, false).await;
    let answer = farm
        .agent(NODE)
        .get("/puppet/v3/node/a.example.test?environment=production")
        .await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.header("retry-after").is_empty());
}

#[tokio::test]
async fn broken_facts_are_400_and_another_nodes_500_and_nothing_is_stored() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    for broken in ["{", "[1]", "null", ""] {
        let answer = agent.catalog(NODE, broken).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{broken}");
    }
    let other = agent.catalog(NODE, &facts("b", json!({}))).await;
    assert_eq!(other.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        other.json()["message"],
        "Server Error: Catalog for \"a.example.test\" was requested with fact definition for the wrong node (\"b\")."
    );
    assert!(farm.store.known_nodes().await.unwrap().is_empty());
    assert_eq!(farm.compiled(), 0);
}

#[tokio::test]
async fn an_environment_that_is_not_there_is_404_in_the_references_words() {
    let farm = TestFarm::new().await;
    let agent = farm.agent(NODE);
    let node = agent
        .get("/puppet/v3/node/a.example.test?environment=nowhere")
        .await;
    let catalog = agent.catalog(NODE, &debian(1)).await;
    let plugins = agent
        .get("/puppet/v3/file_metadatas/plugins?environment=nowhere")
        .await;
    for (answer, name) in [
        (node, "nowhere"),
        (catalog, "production"),
        (plugins, "nowhere"),
    ] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        let expected = json!({
            "message": format!("Not Found: Could not find environment '{name}'"),
            "issue_kind": "RUNTIME_ERROR",
        });
        assert_eq!(answer.json(), expected);
    }
    let bad = agent
        .get("/puppet/v3/node/a.example.test?environment=a-b")
        .await;
    assert_eq!(bad.status, StatusCode::BAD_REQUEST);
    let none = agent.get("/puppet/v3/node/a.example.test").await;
    assert_eq!(
        none.json()["message"],
        "Bad Request: An environment parameter must be specified"
    );
}

#[tokio::test]
async fn node_and_report_answer_what_agents_read() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent(NODE);
    let node = agent
        .get("/puppet/v3/node/a.example.test?environment=production&configured_environment=production&transaction_uuid=1")
        .await;
    assert_eq!(
        node.json(),
        json!({"name": NODE, "environment": "production"})
    );
    let target = "/puppet/v3/report/a.example.test?environment=production";
    let report = agent
        .put(target, "application/json", "{\"host\":\"a\"}")
        .await;
    assert_eq!(
        (report.status, report.text().as_str()),
        (StatusCode::OK, "[\"store\"]")
    );
    let certname = Certname::parse(NODE).unwrap();
    let ids = farm.store.reports(&certname).await.unwrap();
    assert_eq!(
        farm.store.report(&certname, ids[0]).await.unwrap(),
        "{\"host\":\"a\"}"
    );
    let refused = agent.put(target, "text/html", "x").await;
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let environments = agent.get("/puppet/v3/environments").await.json();
    assert_eq!(
        environments["environments"]["production"]["settings"]["modulepath"],
        json!(["/etc/puppetlabs/code/environments/production/modules"])
    );
}

#[tokio::test]
async fn the_certificates_extensions_go_to_the_compiler_with_the_facts() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, NODE);
    let pp_role = [1, 3, 6, 1, 4, 1, 34380, 1, 1, 13];
    params.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(
        &pp_role,
        b"\x0c\x03web".to_vec(),
    )];
    let csr = params.serialize_request(&key).unwrap().pem().unwrap();
    farm.ca.submit(NODE, &csr).unwrap();
    let pair = Pair {
        certificate: farm.ca.certificate(NODE).unwrap().unwrap(),
        key: key.serialize_pem(),
    };
    let agent = Client::new(
        farm.address,
        &farm.ca.trust().certificate_pem(),
        Some(&pair),
    );
    assert_eq!(agent.catalog(NODE, &debian(1)).await.status, StatusCode::OK);
    let certname = Certname::parse(NODE).unwrap();
    let stored = farm.store.facts(&certname).await.unwrap().unwrap();
    assert_eq!(stored.trusted()["extensions"], json!({"pp_role": "web"}));
}
