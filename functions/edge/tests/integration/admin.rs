//! `/bunraku/v1`: what administrators ask.

use bunraku_farm::Digest;
use hyper::StatusCode;
use serde_json::json;

use crate::support::{TestFarm, facts};

#[tokio::test]
async fn a_push_uploads_what_is_missing_and_asks_for_the_result() {
    let farm = TestFarm::new().await;
    let admin = farm.admin();
    farm.push(&[("manifests/site.pp", "there")]).await;
    let digests = json!({"digests": [Digest::of("there"), Digest::of("missing")]}).to_string();
    let headers = [("content-type", "application/json")];
    let missing = admin
        .send("POST", "/bunraku/v1/blobs/missing", &headers, digests)
        .await;
    assert_eq!(missing.json(), json!({"digests": [Digest::of("missing")]}));

    let target = "/bunraku/v1/uploads/production/0190-x.tar.zst";
    assert_eq!(admin.get(target).await.status, StatusCode::NOT_FOUND);
    let put = admin
        .put(target, "application/octet-stream", "archive")
        .await;
    assert_eq!(put.status, StatusCode::CREATED);
    assert_eq!(admin.get(target).await.status, StatusCode::ACCEPTED);
    assert_eq!(
        admin
            .put(target, "application/octet-stream", "other")
            .await
            .status,
        StatusCode::CONFLICT
    );
    assert_eq!(farm.store.waiting_uploads().await.unwrap().len(), 1);
    for key in [
        "production/..%2fx.tar.zst",
        "../x.tar.zst",
        "production/x.zip",
    ] {
        let target = format!("/bunraku/v1/uploads/{key}");
        assert_eq!(
            admin
                .put(&target, "application/octet-stream", "x")
                .await
                .status,
            StatusCode::BAD_REQUEST,
            "{key}"
        );
    }
}

#[tokio::test]
async fn nodes_and_metrics_show_what_happened() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let agent = farm.agent("a");
    agent.catalog("a", &facts("a", json!({"os": 1}))).await;
    agent.catalog("a", &facts("a", json!({"os": 1}))).await;
    let admin = farm.admin();
    let nodes = admin
        .get("/bunraku/v1/nodes?environment=production")
        .await
        .json();
    assert_eq!(
        (
            nodes["nodes"][0]["certname"].as_str(),
            nodes["nodes"][0]["current"].as_bool()
        ),
        (Some("a"), Some(true))
    );
    let metrics = admin.get("/bunraku/v1/metrics").await.text();
    assert!(
        metrics.contains("bunraku_catalogs_served_total 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("bunraku_catalogs_waited_total 1\n"),
        "{metrics}"
    );
    assert!(
        metrics.contains("bunraku_queue_messages{lane=\"urgent\",standing=\"waiting\"} 0\n"),
        "{metrics}"
    );
    assert_eq!(
        admin
            .get("/bunraku/v1/environments/production")
            .await
            .json()["sequence"],
        1
    );
}
