//! What the edge refuses: with the right status, and nothing stored.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use bunraku_tests::farm::{self, Farm};
use bunraku_tests::https::{Client, certificate_request, escape};
use bunraku_tests::{site, tree, wait_for};
use serde_json::json;

/// Everything that the farm keeps: objects, certificates, requests for certificates.
fn kept(farm: &Farm) -> [BTreeMap<PathBuf, Vec<u8>>; 2] {
    [tree::files(&farm.store()), tree::files(&farm.authority())]
}

fn names(kept: &[BTreeMap<PathBuf, Vec<u8>>; 2]) -> Vec<&PathBuf> {
    kept.iter().flat_map(BTreeMap::keys).collect()
}

/// Facts of a node that may ask for its catalog.
fn facts(certname: &str) -> String {
    json!({"name": certname, "values": {"os": {"name": "Debian", "family": "Debian"}, "clientcert": certname},
           "timestamp": "2026-01-01T00:00:00Z", "expiration": "2036-01-01T00:00:00Z"})
    .to_string()
}

#[test]
fn refused_requests_get_the_right_status_and_store_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("site");
    site::copy_of_demo(&code, &dir.path().join("root"));
    let farm = Farm::start(&dir.path().join("farm"), None);
    let pushed = farm.push(&code);
    assert_eq!(pushed.status.code(), Some(0), "{}", farm::text(&pushed));

    let (mine, other) = ("mine.example.test", "web01.ams.example.test");
    let client = Client::enrolled(farm.port, mine);
    let revoked = Client::enrolled(farm.port, "revoked.example.test");
    assert_eq!(
        revoked
            .get("/puppet/v3/node/revoked.example.test?environment=production")
            .unwrap()
            .status,
        200
    );
    let done = farm.ca(&["revoke", "revoked.example.test"]);
    assert!(done.status.success(), "{}", farm::text(&done));
    // Another process wrote the list of the revoked: the edge reads it before long.
    wait_for("the revocation", Duration::from_secs(30), || {
        let answer = revoked.get("/puppet/v3/node/revoked.example.test?environment=production");
        answer
            .map_or(true, |answer| answer.status == 403)
            .then_some(())
    });
    let anonymous = Client::anonymous(farm.port);
    let before = kept(&farm);

    // Another node's certificate.
    let node = |name: &str| format!("/puppet/v3/node/{name}?environment=production");
    let report = |name: &str| format!("/puppet/v3/report/{name}?environment=production");
    let refused = [
        client.catalog(other, &facts(other)),
        client.get(&format!(
            "/puppet/v3/catalog/{other}?environment=production"
        )),
        client.get(&node(other)),
        client.put(&report(other), "application/json", b"{}"),
        client.put(
            &format!("/puppet/v3/facts/{other}?environment=production"),
            "application/json",
            facts(other).as_bytes(),
        ),
    ];
    for (number, answer) in refused.into_iter().enumerate() {
        assert_eq!(
            answer.unwrap().status,
            403,
            "request {number} with another's certificate"
        );
    }

    // No certificate.
    let refused = [
        anonymous.catalog(mine, &facts(mine)),
        anonymous.get(&node(mine)),
        anonymous.put(&report(mine), "application/json", b"{}"),
        anonymous.get("/puppet/v3/file_content/modules/demo/hello.sh?environment=production"),
        anonymous.get("/puppet/v3/file_metadatas/plugins?recurse=true&environment=production"),
    ];
    for (number, answer) in refused.into_iter().enumerate() {
        assert_eq!(
            answer.unwrap().status,
            403,
            "request {number} without a certificate"
        );
    }

    // A revoked one: refused by TLS, or at the latest by the edge.
    for answer in [
        revoked.catalog("revoked.example.test", &facts("revoked.example.test")),
        revoked.get(&node("revoked.example.test")),
    ] {
        assert!(
            answer.as_ref().map_or(true, |answer| answer.status == 403),
            "{answer:?}"
        );
    }

    // A certname with `../`, and files outside.
    for name in [
        "../mine.example.test",
        "..%2F..%2Fmine.example.test",
        "%2E%2E/x",
        "..%5Cx",
        "a%00b",
    ] {
        for answer in [
            client.catalog(name, &facts(mine)),
            client.get(&node(name)),
            client.put(&report(name), "application/json", b"{}"),
        ] {
            let status = answer.unwrap().status;
            assert!([400, 403, 404].contains(&status), "{name}: {status}");
        }
    }
    for path in [
        "../../../manifests/site.pp",
        "..%2F..%2F..%2Fmanifests%2Fsite.pp",
        "%2e%2e/manifests/init.pp",
    ] {
        let answer = client
            .get(&format!(
                "/puppet/v3/file_content/modules/demo/{path}?environment=production"
            ))
            .unwrap();
        assert!(
            [400, 403, 404].contains(&answer.status),
            "{path}: {}",
            answer.status
        );
    }

    // Certificate requests with bad names.
    for (path, name, alt_names) in [
        ("new.example.test", "different.example.test", &[][..]),
        ("..%2Fnew.example.test", "../new.example.test", &[]),
        ("UPPER.example.test", "UPPER.example.test", &[]),
        ("*.example.test", "*.example.test", &[]),
        ("new%0A.example.test", "new\n.example.test", &[]),
    ] {
        let (request, _) = certificate_request(name, alt_names);
        let path = format!("/puppet-ca/v1/certificate_request/{path}");
        let answer = anonymous
            .put(&path, "text/plain", request.as_bytes())
            .unwrap();
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    let answer = anonymous
        .put(
            "/puppet-ca/v1/certificate_request/x.example.test",
            "text/plain",
            b"no request",
        )
        .unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());

    // A body over the limit.
    let large = vec![b'x'; 20 << 20];
    let answer = client
        .put(&report(mine), "application/json", &large)
        .unwrap();
    assert_eq!(answer.status, 413);
    let answer = anonymous
        .put(
            "/puppet-ca/v1/certificate_request/big.example.test",
            "text/plain",
            &large,
        )
        .unwrap();
    assert_eq!(answer.status, 413);

    // Broken facts, and facts of another.
    for broken in [
        "{\"name\":",
        "[]",
        "{\"name\":\"mine.example.test\"}",
        "null",
        "\u{0}",
    ] {
        assert_eq!(
            client.catalog(mine, broken).unwrap().status,
            400,
            "{broken:?}"
        );
    }
    let status = client.catalog(mine, &facts(other)).unwrap().status;
    assert!(
        [400, 403, 500].contains(&status),
        "facts of another: {status}"
    );

    let after = kept(&farm);
    assert_eq!(names(&after), names(&before));
    assert!(after == before, "a refused request changed what is kept");

    // The same client is served when it asks for its own.
    let answer = client.catalog(mine, &facts_of_sandbox(mine)).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Facts as a whole agent of the sandbox has them.
fn facts_of_sandbox(certname: &str) -> String {
    let all = site::facts();
    let (_, facts) = all
        .iter()
        .find(|(name, _)| name.starts_with("sandbox01"))
        .unwrap();
    let mut facts = facts.clone();
    facts["name"] = certname.into();
    facts["values"]["clientcert"] = certname.into();
    facts.to_string()
}

#[test]
fn a_request_with_other_names_is_not_signed_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let farm = Farm::start(&dir.path().join("farm"), None);
    let anonymous = Client::anonymous(farm.port);
    let name = "alt.example.test";
    let (request, _) = certificate_request(name, &[name, "puppet", "web01.ams.example.test"]);
    let path = format!("/puppet-ca/v1/certificate_request/{name}");
    // Puppet Server either refuses it or keeps it for a person.
    let status = anonymous
        .put(&path, "text/plain", request.as_bytes())
        .unwrap()
        .status;
    assert!([200, 400].contains(&status), "{status}");
    assert_eq!(
        anonymous
            .get(&format!("/puppet-ca/v1/certificate/{name}"))
            .unwrap()
            .status,
        404
    );
}

#[test]
fn what_a_test_escapes_is_what_an_agent_escapes() {
    assert_eq!(
        escape(&escape("{\"a\": 1}")),
        "%257B%2522a%2522%253A%25201%257D"
    );
}
