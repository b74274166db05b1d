//! The file server and the file bucket.

use bunraku_farm::Digest;
use hyper::StatusCode;
use serde_json::json;

use crate::support::TestFarm;

const SYNC: &str = "recurse=true&max_files=-1&ignore=.svn&ignore=CVS&ignore=.git&ignore=.hg&links=follow&\
                    checksum_type=sha256&source_permissions=ignore&environment=production";

#[tokio::test]
async fn plugins_are_listed_and_fetched_as_an_agent_does() {
    let farm = TestFarm::new().await;
    farm.push(&[
        ("modules/a/lib/facter/x.rb", "x"),
        ("modules/a/lib/.git/config", "no"),
        ("modules/b/facts.d/f.yaml", "f: 1"),
    ])
    .await;
    let agent = farm.agent("a");
    let list = agent
        .get(&format!("/puppet/v3/file_metadatas/plugins?{SYNC}"))
        .await
        .json();
    let shown: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["relative_path"].as_str().unwrap())
        .collect();
    assert_eq!(shown, [".", "facter", "facter/x.rb"]);
    assert_eq!(
        list[2],
        json!({
            "path": "/etc/puppetlabs/code/environments/production/modules/a/lib",
            "relative_path": "facter/x.rb", "links": "follow", "owner": 0, "group": 0, "mode": 0o644,
            "checksum": {"type": "sha256", "value": format!("{{sha256}}{}", Digest::of("x"))},
            "type": "file", "destination": null,
        })
    );
    let facts = agent
        .get(&format!("/puppet/v3/file_metadatas/pluginfacts?{SYNC}"))
        .await
        .json();
    assert_eq!(facts[1]["relative_path"], "f.yaml");
    let content = agent
        .send(
            "GET",
            "/puppet/v3/file_content/plugins/facter/x.rb?environment=production",
            &[("accept", "application/octet-stream")],
            "",
        )
        .await;
    assert_eq!(
        (content.text().as_str(), content.header("content-type")),
        ("x", "application/octet-stream")
    );
    // The environment check that agents begin with, and mounts without anything.
    let check = "recurse=false&links=manage&checksum_type=sha256&source_permissions=ignore&environment=production";
    assert_eq!(
        agent
            .get(&format!("/puppet/v3/file_metadatas/plugins?{check}"))
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let locales = agent
        .get(&format!("/puppet/v3/file_metadatas/locales?{SYNC}"))
        .await
        .json();
    assert_eq!(locales[0]["relative_path"], ".");
}

#[tokio::test]
async fn long_listings_are_compressed_and_the_same_again() {
    let farm = TestFarm::new().await;
    let files: Vec<_> = (0..50).map(|n| format!("modules/a/lib/{n}.rb")).collect();
    let files: Vec<_> = files.iter().map(|path| (path.as_str(), "x")).collect();
    farm.push(&files).await;
    let agent = farm.agent("a");
    let target = format!("/puppet/v3/file_metadatas/plugins?{SYNC}");
    let headers = [("accept", "application/json"), ("accept-encoding", "gzip")];
    let first = agent.send("GET", &target, &headers, "").await;
    assert_eq!(first.header("content-encoding"), "gzip");
    assert_eq!(first.json().as_array().unwrap().len(), 51);
    assert_eq!(
        agent.send("GET", &target, &headers, "").await.body,
        first.body
    );
    assert_eq!(agent.get(&target).await.json(), first.json());
}

#[tokio::test]
async fn module_files_come_with_their_checksum_of_the_kind_asked_for() {
    let farm = TestFarm::new().await;
    farm.push(&[("modules/m/files/d/x", "x")]).await;
    let agent = farm.agent("a");
    let target = "/puppet/v3/file_metadata/modules/m/d/x?links=manage&source_permissions=use&environment=production";
    let one = agent
        .get(&format!("{target}&checksum_type=md5"))
        .await
        .json();
    // `printf x | md5sum`
    assert_eq!(
        one["checksum"],
        json!({"type": "md5", "value": "{md5}9dd4e461268c8034f5c8564e155c67a6"})
    );
    assert_eq!(
        (one["relative_path"].is_null(), one["mode"].as_u64()),
        (true, Some(0o755))
    );
    let missing = agent
        .get("/puppet/v3/file_metadata/modules/m/y?environment=production")
        .await;
    assert_eq!(
        missing.json(),
        json!({"message": "Not Found: Could not find file_metadata modules/m/y", "issue_kind": "RESOURCE_NOT_FOUND"})
    );
    for path in [
        "modules/m/../manifests/init.pp",
        "modules/m/..%2f..%2fx",
        "modules/m/%00",
        "tasks/m/x",
        "modules%2fm/../x",
    ] {
        for indirection in ["file_metadata", "file_content", "file_metadatas"] {
            let target = format!("/puppet/v3/{indirection}/{path}?environment=production");
            let answer = agent.send("GET", &target, &[("accept", "*/*")], "").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{target}");
        }
    }
}

#[tokio::test]
async fn static_content_is_that_of_the_release_named() {
    let farm = TestFarm::new().await;
    let first = farm
        .push(&[("modules/m/files/x", "one"), ("data/secret.yaml", "s")])
        .await;
    let second = farm
        .push(&[("modules/m/files/x", "two"), ("data/secret.yaml", "s")])
        .await;
    let agent = farm.agent("a");
    let get = |path: &str, release: String| {
        let target = format!(
            "/puppet/v3/static_file_content/{path}?environment=production&code_id={release}"
        );
        let agent = agent.clone();
        async move { agent.get(&target).await }
    };
    assert_eq!(get("modules/m/files/x", first.to_hex()).await.text(), "one");
    assert_eq!(
        get("modules/m/files/x", second.to_hex()).await.text(),
        "two"
    );
    assert_eq!(
        get("modules/m/files/x", Digest::of("none").to_hex())
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        get("data/secret.yaml", first.to_hex()).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        get("modules/m/files/../../../data/secret.yaml", first.to_hex())
            .await
            .status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        get("modules/m/files/x", String::new()).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn the_bucket_keeps_what_its_checksum_says() {
    let farm = TestFarm::new().await;
    let agent = farm.agent("a");
    let digest = Digest::of("old");
    let target =
        format!("/puppet/v3/file_bucket_file/sha256/{digest}//srv/path?environment=production");
    assert_eq!(
        agent.send("HEAD", &target, &[], "").await.status,
        StatusCode::NOT_FOUND
    );
    let put = agent.put(&target, "application/octet-stream", "old").await;
    assert_eq!(
        (put.status, put.header("content-type"), put.text().as_str()),
        (StatusCode::OK, "application/octet-stream", "")
    );
    assert_eq!(
        agent.send("HEAD", &target, &[], "").await.status,
        StatusCode::OK
    );
    assert_eq!(agent.get(&target).await.text(), "old");
    let lie = agent.put(&target, "application/octet-stream", "new").await;
    assert_eq!(lie.status, StatusCode::BAD_REQUEST);
    for key in [
        "md5/d41d8cd98f00b204e9800998ecf8427e",
        "sha256/../x",
        "sha256",
    ] {
        let target = format!("/puppet/v3/file_bucket_file/{key}?environment=production");
        assert_eq!(
            agent.get(&target).await.status,
            StatusCode::BAD_REQUEST,
            "{key}"
        );
    }
}
