//! Who is turned away, with which status, and that nothing is stored then.

use std::sync::Arc;

use bunraku_edge::EdgeConfig;
use bunraku_pki::Autosign;
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::client::Client;
use crate::support::{TestFarm, facts};

#[tokio::test]
async fn another_nodes_certificate_gets_nothing_of_a_node() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let b = farm.agent("b");
    let answer = b.catalog("a", &facts("a", json!({}))).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        answer.text(),
        "Forbidden request: /puppet/v3/catalog/a (method :post). Please see the server logs for details."
    );
    assert_eq!(answer.header("content-type"), "text/plain;charset=utf-8");
    for (method, target) in [
        ("GET", "/puppet/v3/node/a?environment=production"),
        ("PUT", "/puppet/v3/facts/a?environment=production"),
        ("PUT", "/puppet/v3/report/a?environment=production"),
        ("GET", "/puppet/v3/catalog/b/../a?environment=production"),
        ("GET", "/puppet/v3/catalog/..%2fa?environment=production"),
        ("GET", "/puppet/v3/catalog/%2e%2e/a?environment=production"),
        ("GET", "/puppet/v3/catalog/b%00?environment=production"),
        ("GET", "/puppet/v3/catalog/B?environment=production"),
        ("GET", "/puppet/v3/catalog/?environment=production"),
        ("GET", "/puppet/v3/catalog?environment=production"),
    ] {
        let headers = [("content-type", "application/json")];
        let answer = b.send(method, target, &headers, Bytes::from("{}")).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{target}");
    }
    assert!(farm.store.known_nodes().await.unwrap().is_empty());
    assert!(farm.store.reporting_nodes().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_a_certificate_only_the_authority_and_status_are_open() {
    let farm = TestFarm::new().await;
    farm.push(&[("modules/a/files/x", "")]).await;
    let nobody = farm.anonymous();
    for target in [
        "/puppet/v3/node/a?environment=production",
        "/puppet/v3/catalog/a?environment=production",
        "/puppet/v3/file_content/modules/a/x?environment=production",
        "/puppet/v3/environments",
        "/bunraku/v1/metrics",
        "/puppet-ca/v1/certificate_status/a",
        "/puppet-ca/v1/certificate_statuses/all",
        "/nowhere",
        "/",
        "/%ff",
    ] {
        assert_eq!(
            nobody.get(target).await.status,
            StatusCode::FORBIDDEN,
            "{target}"
        );
    }
    assert_eq!(nobody.get("/status/v1/simple").await.text(), "running");
    assert_eq!(
        nobody.get("/status/v1/services").await.json()["server"]["state"],
        "running"
    );
    assert_eq!(
        nobody.get("/puppet-ca/v1/certificate/ca").await.status,
        StatusCode::OK
    );
    assert!(farm.edge_counters.forbidden.get() >= 10);
}

#[tokio::test]
async fn a_revoked_certificate_does_not_get_in() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let pair = farm.pair("a");
    let agent = Client::new(
        farm.address,
        &farm.ca.trust().certificate_pem(),
        Some(&pair),
    );
    let target = "/puppet/v3/node/a?environment=production";
    assert_eq!(agent.get(target).await.status, StatusCode::OK);
    let revoked = farm
        .admin()
        .put(
            "/puppet-ca/v1/certificate_status/a",
            "application/json",
            "{\"desired_state\":\"revoked\"}",
        )
        .await;
    assert_eq!(revoked.status, StatusCode::NO_CONTENT);
    let request = Request::get(target)
        .header("host", "localhost")
        .body(Full::default())
        .unwrap();
    let before = farm.edge_counters.requests.get();
    // In TLS 1.3 the client learns of the refusal with its first read.
    assert!(agent.try_send(request).await.is_err());
    assert_eq!(farm.edge_counters.requests.get(), before);
    assert_eq!(farm.edge_counters.connections_refused.get(), 1);
}

#[tokio::test]
async fn a_certificate_revoked_by_another_holder_of_the_authority_is_refused_at_once() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent("a");
    farm.ca.revoke("a").unwrap();
    // The TLS settings follow within seconds; until then each request is checked.
    assert_eq!(
        agent
            .get("/puppet/v3/node/a?environment=production")
            .await
            .status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_certificate_of_another_authority_does_not_get_in() {
    let farm = TestFarm::new().await;
    let other = TestFarm::new().await;
    let stranger = Client::new(
        farm.address,
        &farm.ca.trust().certificate_pem(),
        Some(&other.pair("a")),
    );
    let request = Request::get("/status/v1/simple")
        .header("host", "x")
        .body(Full::default())
        .unwrap();
    assert!(stranger.try_send(request).await.is_err());
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_nothing_is_stored() {
    let config = EdgeConfig {
        max_body: 1000,
        ..EdgeConfig::default()
    };
    let farm = TestFarm::with(config, Autosign::All, true).await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent("a");
    let long = facts("a", json!({"x": "y".repeat(2000)}));
    assert_eq!(
        agent.catalog("a", &long).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let report = agent
        .put(
            "/puppet/v3/report/a?environment=production",
            "application/json",
            long,
        )
        .await;
    assert_eq!(report.status, StatusCode::PAYLOAD_TOO_LARGE);
    let csr = farm
        .anonymous()
        .put(
            "/puppet-ca/v1/certificate_request/b",
            "text/plain",
            "x".repeat(100_000),
        )
        .await;
    assert_eq!(csr.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(farm.store.known_nodes().await.unwrap().is_empty());
    assert!(farm.store.reporting_nodes().await.unwrap().is_empty());
}

#[tokio::test]
async fn bare_connections_and_garbage_disturb_nobody() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    drop(tokio::net::TcpStream::connect(farm.address).await.unwrap());
    let mut garbage = tokio::net::TcpStream::connect(farm.address).await.unwrap();
    garbage.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let _ = garbage.read(&mut [0; 64]).await;
    // A TLS connection on which nothing is said, as agents open them to probe.
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(farm.ca.trust().certificates()[0].clone())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(farm.address).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    drop(
        connector
            .connect("localhost".try_into().unwrap(), stream)
            .await
            .unwrap(),
    );
    let answer = farm
        .agent("a")
        .get("/puppet/v3/node/a?environment=production")
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(farm.edge_counters.errors.get(), 0);
}

#[tokio::test]
async fn methods_and_paths_that_are_not_there_are_told_so() {
    let farm = TestFarm::new().await;
    let agent = farm.agent("a");
    assert_eq!(
        agent
            .send("DELETE", "/puppet/v3/catalog/a", &[], "")
            .await
            .status,
        StatusCode::METHOD_NOT_ALLOWED
    );
    let unknown = agent
        .get("/puppet/v3/resource/a?environment=production")
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["issue_kind"], "HANDLER_NOT_FOUND");
    assert_eq!(
        agent.get("/production/catalog/a").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        agent.get("/bunraku/v1/metrics").await.status,
        StatusCode::FORBIDDEN
    );
}
