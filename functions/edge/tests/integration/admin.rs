//! `/bunraku/v1`: what administrators ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bunraku_edge::api::{Brought, BroughtNodes, Expected, UploadPlace};
use bunraku_edge::{Services, UploadPlaces};
use bunraku_farm::documents::UploadKey;
use bunraku_farm::{Certname, Digest};
use bunraku_store::StoreError;
use hyper::StatusCode;
use serde_json::json;

use crate::support::{Setup, TestFarm, facts, production};

const UPLOAD: &str = "/bunraku/v1/uploads/production/0190-x.tar.zst";

#[tokio::test]
async fn a_push_uploads_what_is_missing_and_asks_for_the_result() {
    let farm = TestFarm::new().await;
    let admin = farm.admin();
    farm.push(&[("manifests/site.pp", "there")]).await;
    let digests = json!({"environment": "production", "digests": [Digest::of("there"), Digest::of("missing")]}).to_string();
    let headers = [("content-type", "application/json")];
    let missing = admin
        .send("POST", "/bunraku/v1/blobs/missing", &headers, digests)
        .await;
    assert_eq!(missing.json(), json!({"digests": [Digest::of("missing")]}));

    let target = UPLOAD;
    assert_eq!(admin.get(target).await.status, StatusCode::NOT_FOUND);
    let place = admin.send("POST", target, &headers, "").await;
    assert_eq!(place.status, StatusCode::NO_CONTENT);
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

/// A bucket that signs uploads; of one environment it says that it can't.
#[derive(Debug)]
struct SigningBucket;

#[async_trait]
impl UploadPlaces for SigningBucket {
    async fn place(&self, upload: &UploadKey) -> Result<UploadPlace, StoreError> {
        if upload.environment.as_str() == "broken" {
            return Err(StoreError::Unavailable {
                key: upload.to_string(),
                reason: "no credentials".to_owned(),
            });
        }
        Ok(UploadPlace {
            url: format!("https://bucket.example.test/{upload}?signature=x"),
            headers: BTreeMap::from([("if-none-match".to_owned(), "*".to_owned())]),
        })
    }
}

#[tokio::test]
async fn a_bucket_takes_uploads_itself_with_a_signature_of_the_edge() {
    let farm = TestFarm::set_up(Setup {
        services: Services {
            upload_places: Some(Arc::new(SigningBucket)),
            ..Services::default()
        },
        ..Setup::default()
    })
    .await;
    let place = farm.admin().send("POST", UPLOAD, &[], "").await;
    assert_eq!(place.status, StatusCode::OK);
    let expected = json!({
        "url": "https://bucket.example.test/uploads/production/0190-x.tar.zst?signature=x",
        "headers": {"if-none-match": "*"},
    });
    assert_eq!(place.json(), expected);
    let agent = farm.agent("a").send("POST", UPLOAD, &[], "").await;
    assert_eq!(agent.status, StatusCode::FORBIDDEN);
    let broken = UPLOAD.replace("production", "broken");
    let broken = farm.admin().send("POST", &broken, &[], "").await;
    assert_eq!(broken.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!broken.header("retry-after").is_empty());
}

#[tokio::test]
async fn a_push_learns_of_many_nodes_at_once_which_are_brought() {
    let farm = TestFarm::new().await;
    farm.push(&[("manifests/site.pp", "")]).await;
    for (name, values) in [("a", json!({"os": 1})), ("b", json!({"fail": true}))] {
        farm.agent(name).catalog(name, &facts(name, values)).await;
    }
    let admin = farm.admin();
    let ask = |sequence, names: Vec<String>| {
        let nodes = names
            .into_iter()
            .map(|name| Certname::parse(name).unwrap())
            .collect();
        let expected = Expected {
            environment: production(),
            sequence,
            nodes,
        };
        let (admin, body) = (admin.clone(), serde_json::to_vec(&expected).unwrap());
        async move {
            admin
                .send("POST", "/bunraku/v1/nodes/brought", &[], body)
                .await
        }
    };
    let names = || ["a", "nobody", "b"].map(str::to_owned).to_vec();
    let BroughtNodes { nodes } = serde_json::from_value(ask(1, names()).await.json()).unwrap();
    let [a, b] = nodes.as_slice() else {
        panic!("{nodes:?}")
    };
    assert!(a.certname.as_str() == "a" && a.compiled_at.is_some() && a.error.is_none());
    let failed = Brought {
        certname: Certname::parse("b").unwrap(),
        compiled_at: None,
        error: Some("Evaluation Error: no (file: /x, line: 1) on node a".to_owned()),
    };
    assert_eq!(*b, failed);
    assert_eq!(ask(2, names()).await.json(), json!({"nodes": []}));
    // A fleet that is not there is not read to its end.
    let mut late: Vec<String> = (0..20).map(|number| format!("n{number}")).collect();
    late.push("a".to_owned());
    assert_eq!(ask(1, late).await.json(), json!({"nodes": []}));
    let many = (0..=Expected::MOST).map(|number| format!("n{number}"));
    let refused = ask(1, many.collect()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let agent = farm.agent("c");
    let refused = agent
        .send("POST", "/bunraku/v1/nodes/brought", &[], "{}")
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
