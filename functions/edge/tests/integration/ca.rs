//! `/puppet-ca/v1` over HTTPS.

use bunraku_edge::EdgeConfig;
use bunraku_pki::Autosign;
use hyper::StatusCode;
use serde_json::json;

use crate::support::{TestFarm, csr};

fn request(name: &str) -> String {
    csr(
        name,
        &rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
    )
}

#[tokio::test]
async fn a_request_is_handed_in_signed_and_fetched() {
    let farm = TestFarm::with(EdgeConfig::default(), Autosign::Off, false).await;
    let (nobody, admin) = (farm.anonymous(), farm.admin());
    let missing = nobody.get("/puppet-ca/v1/certificate/a").await;
    assert_eq!(
        (missing.status, missing.text().as_str()),
        (StatusCode::NOT_FOUND, "Could not find certificate a")
    );
    let target = "/puppet-ca/v1/certificate_request/a";
    let pem = request("a");
    let handed = nobody.put(target, "text/plain", pem.clone()).await;
    assert_eq!(
        (handed.status, handed.text().as_str()),
        (StatusCode::OK, "")
    );
    assert_eq!(
        nobody.get(target).await.text().replace("\r\n", "\n"),
        pem.replace("\r\n", "\n")
    );
    let again = nobody.put(target, "text/plain", request("a")).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        again.text(),
        "a already has a requested certificate; ignoring certificate request"
    );

    let list = admin
        .get("/puppet-ca/v1/certificate_statuses/all?state=requested")
        .await
        .json();
    assert_eq!(
        (list[0]["name"].as_str(), list[0]["state"].as_str()),
        (Some("a"), Some("requested"))
    );
    let status = "/puppet-ca/v1/certificate_status/a";
    let change = |state| json!({"desired_state": state}).to_string();
    let signed = admin
        .put(status, "application/json", change("signed"))
        .await;
    assert_eq!(signed.status, StatusCode::NO_CONTENT);
    assert!(
        nobody
            .get("/puppet-ca/v1/certificate/a")
            .await
            .text()
            .starts_with("-----BEGIN CERTIFICATE")
    );
    assert_eq!(admin.get(status).await.json()["state"], "signed");
    assert_eq!(
        admin
            .put(status, "application/json", change("signed"))
            .await
            .status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        admin
            .put(status, "application/json", change("lost"))
            .await
            .status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        admin.send("DELETE", status, &[], "").await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(admin.get(status).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn requests_with_bad_names_are_400_and_nothing_is_stored() {
    let farm = TestFarm::new().await;
    let nobody = farm.anonymous();
    for (path, subject) in [
        ("..%2f..%2fevil", "../../evil"),
        ("a/../b", "b"),
        ("%2e%2e", ".."),
        ("A", "A"),
        ("a%00b", "a\0b"),
        ("*.example.test", "*.example.test"),
        ("a", "b"),
        ("", ""),
    ] {
        let target = format!("/puppet-ca/v1/certificate_request/{path}");
        let answer = nobody.put(&target, "text/plain", request(subject)).await;
        assert_eq!(
            answer.status,
            StatusCode::BAD_REQUEST,
            "{path}: {}",
            answer.text()
        );
    }
    let answer = nobody
        .put(
            "/puppet-ca/v1/certificate_request/a",
            "text/plain",
            vec![0xff, 0xfe],
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    // The edge's own certificate is the only one.
    assert_eq!(farm.ca.list().unwrap().len(), 1);
    for path in ["..%2fca_key", "..%2f..%2fca%2fca_key", "../ca_key"] {
        let answer = nobody
            .get(&format!("/puppet-ca/v1/certificate/{path}"))
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_revocation_list_is_304_for_those_who_have_it() {
    let farm = TestFarm::new().await;
    let nobody = farm.anonymous();
    let target = "/puppet-ca/v1/certificate_revocation_list/ca";
    let first = nobody.get(target).await;
    assert!(first.text().starts_with("-----BEGIN X509 CRL-----"));
    let since = |time: &str| {
        let (nobody, time) = (nobody.clone(), time.to_owned());
        async move {
            nobody
                .send("GET", target, &[("if-modified-since", &time)], "")
                .await
                .status
        }
    };
    assert_eq!(
        since(first.header("last-modified")).await,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(since("Sun, 06 Nov 1994 08:49:37 GMT").await, StatusCode::OK);
    assert_eq!(since("nonsense").await, StatusCode::OK);
}
