//! An edge that knows an authority's certificate and revocation list alone.

use std::time::Duration;

use bunraku_farm::Certname;
use bunraku_pki::Autosign;
use hyper::{Method, StatusCode};

use crate::agent::puppet;
use crate::client::Client;
use crate::support::{Setup, TestFarm, csr};

async fn farm() -> TestFarm {
    let farm = TestFarm::set_up(Setup {
        elsewhere: true,
        ..Setup::default()
    })
    .await;
    farm.push(&[("manifests/site.pp", "")]).await;
    farm
}

#[tokio::test]
async fn certificates_of_the_authority_are_known_and_those_of_clients_are_not() {
    let farm = farm().await;
    let nobody = farm.anonymous();
    let ca = nobody.get("/puppet-ca/v1/certificate/ca").await;
    assert_eq!(ca.text(), *farm.ca.trust().certificate_pem());
    let crl = nobody
        .get("/puppet-ca/v1/certificate_revocation_list/ca")
        .await;
    assert_eq!(crl.text(), *farm.ca.trust().crl().pem);
    farm.pair("a");
    let key = rcgen::KeyPair::generate().unwrap();
    let (admin, pem) = (farm.admin(), csr("b", &key));
    for (client, method, target, status) in [
        (&nobody, Method::GET, "certificate/a", StatusCode::NOT_FOUND),
        (
            &nobody,
            Method::GET,
            "certificate_request/a",
            StatusCode::NOT_FOUND,
        ),
        (
            &nobody,
            Method::PUT,
            "certificate_request/b",
            StatusCode::FORBIDDEN,
        ),
        (
            &admin,
            Method::GET,
            "certificate_statuses/all",
            StatusCode::NOT_FOUND,
        ),
        (
            &admin,
            Method::PUT,
            "certificate_status/a",
            StatusCode::NOT_FOUND,
        ),
        (
            &admin,
            Method::DELETE,
            "certificate_request/a",
            StatusCode::NOT_FOUND,
        ),
    ] {
        let target = format!("/puppet-ca/v1/{target}");
        let answer = client
            .send(method.as_str(), &target, &[], pem.clone())
            .await;
        assert_eq!(answer.status, status, "{method} {target}");
        let text = answer.text();
        assert!(
            text.contains("the certificate authority is elsewhere"),
            "{text}"
        );
    }
    // Who is no administrator learns nothing.
    let statuses = nobody.get("/puppet-ca/v1/certificate_statuses/all").await;
    assert_eq!(statuses.status, StatusCode::FORBIDDEN);
    assert!(farm.ca.request("b").unwrap().is_none());
    let services = nobody.get("/status/v1/services").await.json();
    assert!(services.get("ca").is_none() && services.get("server").is_some());
}

#[tokio::test]
async fn who_is_on_a_new_revocation_list_is_refused_on_open_connections_and_new_ones() {
    let farm = farm().await;
    let pair = farm.pair("a");
    let agent = Client::new(
        farm.address,
        &farm.ca.trust().certificate_pem(),
        Some(&pair),
    );
    let target = "/puppet/v3/node/a?environment=production";
    assert_eq!(agent.get(target).await.status, StatusCode::OK);
    farm.ca.revoke("a").unwrap();
    let mut last = StatusCode::OK;
    for _ in 0..50 {
        let request = hyper::Request::get(target)
            .header("host", "localhost")
            .body(http_body_util::Full::default())
            .unwrap();
        match agent.try_send(request).await {
            Ok(answer) => last = answer.status,
            Err(_) => {
                last = StatusCode::FORBIDDEN;
                break;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(last, StatusCode::FORBIDDEN);
    // Others still come in.
    let target = "/puppet/v3/node/b?environment=production";
    assert_eq!(farm.agent("b").get(target).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revocation_list_that_can_not_be_used_leaves_the_former_in_force() {
    let farm = farm().await;
    let file = farm.dir.path().join("ca/ca_crl.pem");
    std::fs::write(&file, "no list").unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let target = "/puppet/v3/node/a?environment=production";
    // An authority elsewhere signs on; the edge's list is what is broken.
    let agent = farm.agent("a");
    assert_eq!(agent.get(target).await.status, StatusCode::OK);
    let list = agent
        .get("/puppet-ca/v1/certificate_revocation_list/ca")
        .await;
    assert!(list.text().starts_with("-----BEGIN X509 CRL-----"));
}

/// Debian's agent with a certificate that it has already: it asks the edge for its lists and catalog alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_agent_with_a_certificate_of_the_authority_gets_its_catalog() {
    const NODE: &str = "agent1.example.test";
    let farm = TestFarm::set_up(Setup {
        elsewhere: true,
        autosign: Autosign::All,
        ..Setup::default()
    })
    .await;
    farm.push(&[("manifests/site.pp", "")]).await;
    let pair = farm.pair(NODE);
    let ssl = farm.dir.path().join("agent/ssl");
    let trust = farm.ca.trust();
    for (path, text) in [
        (format!("certs/{NODE}.pem"), pair.certificate),
        (format!("private_keys/{NODE}.pem"), pair.key),
        (
            "certs/ca.pem".to_owned(),
            trust.certificate_pem().to_string(),
        ),
        ("crl.pem".to_owned(), trust.crl().pem.to_string()),
    ] {
        let path = ssl.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let (status, text) = puppet(&farm, &["agent", "--test", "--environment", "production"]).await;
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("Applied catalog"), "{text}");
    let certname = Certname::parse(NODE).unwrap();
    assert_eq!(farm.store.reports(&certname).await.unwrap().len(), 1);
    assert_eq!(farm.edge_counters.errors.get(), 0);
}
