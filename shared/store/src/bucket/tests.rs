//! The verbs of a bucket, on the server that the environment names.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, Event,
    ExpirationStatus, FilterRule, FilterRuleName, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, NotificationConfiguration, NotificationConfigurationFilter,
    PublicAccessBlockConfiguration, QueueConfiguration, S3KeyFilter, ServerSideEncryption,
    ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
    TopicConfiguration, VersioningConfiguration,
};
use bunraku_farm::documents::UploadKey;
use url::Url;

use crate::conformance::server;
use bunraku_farm::Level;

use crate::{Key, PresignedUpload, StoreError};

/// Sends a body as a client without credentials would; the status.
fn put(signed: &PresignedUpload, body: &str) -> u16 {
    let url = Url::parse(&signed.url).unwrap();
    let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect((host, port)).unwrap();
    let headers: String = signed
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    write!(
        stream,
        "PUT {} HTTP/1.1\r\nHost: {host}:{port}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        &url[url::Position::BeforePath..],
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn who_has_a_signed_url_may_upload_once() {
    let store = server::store().await;
    let bucket = store.s3_bucket().unwrap();
    let upload: UploadKey = "uploads/production/0190-x.tar.gz".parse().unwrap();
    let signed = bucket
        .presigned_upload(&upload, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(signed.headers.get("if-none-match").unwrap(), "*");
    assert_eq!(put(&signed, "archive"), 200);
    assert_eq!(put(&signed, "another"), 412);
    let mut text = String::new();
    let mut stream = store.open_upload(&upload).await.unwrap();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text, "archive");
    let long = Duration::from_secs(8 * 24 * 3600);
    let refused = bucket.presigned_upload(&upload, long).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })));
}

#[tokio::test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn old_versions_are_listed_and_restored() {
    let name = server::bucket().await;
    let on = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    let client = server::client().await;
    let set = client
        .put_bucket_versioning()
        .bucket(&name)
        .versioning_configuration(on);
    set.send().await.unwrap();
    let store = server::open(&format!("{name}/a")).await;
    let bucket = store.s3_bucket().unwrap();
    let key: Key = "facts/web1.json".parse().unwrap();
    let longer: Key = "facts/web1.json.json".parse().unwrap();
    assert!(bucket.versions(&key).await.unwrap().is_empty());
    let version = store.swap(&key, &1, None).await.unwrap();
    store.swap(&key, &22, Some(&version)).await.unwrap();
    store.swap(&longer, &1, None).await.unwrap();
    store.delete(&key).await.unwrap();
    let versions = bucket.versions(&key).await.unwrap();
    let mut sizes: Vec<_> = versions.iter().map(|at| (at.size, at.deleted)).collect();
    assert_eq!(sizes.remove(0), (0, true));
    assert!(versions[0].latest && !versions[1].latest);
    sizes.sort_unstable();
    assert_eq!(sizes, [(1, false), (2, false)]);
    let first = versions.iter().find(|at| at.size == 1).unwrap();
    bucket.restore(&key, &first.id).await.unwrap();
    assert_eq!(store.read::<u64>(&key).await.unwrap(), Some(1));
    assert_eq!(bucket.versions(&key).await.unwrap().len(), 4);
    let deletion = bucket.restore(&key, &versions[0].id).await;
    assert!(deletion.is_err(), "{deletion:?}");
    // What was restored is swapped like anything else.
    let add = |n: Option<&u64>| n.map(|n| n + 1);
    assert_eq!(store.update(&key, add).await.unwrap().value, Some(2));
}

#[tokio::test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn parts_that_nobody_completes_are_removed() {
    let name = server::bucket().await;
    let client = server::client().await;
    for key in ["a/blobs/x", "a/blobs/y", "b/blobs/x"] {
        let begun = client.create_multipart_upload().bucket(&name).key(key);
        begun.send().await.unwrap();
    }
    let store = server::open(&format!("{name}/a")).await;
    let bucket = store.s3_bucket().unwrap();
    let hour = Duration::from_secs(3600);
    assert_eq!(bucket.abort_stale_uploads(hour).await.unwrap(), 0);
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(bucket.abort_stale_uploads(Duration::ZERO).await.unwrap(), 2);
    let left = client.list_multipart_uploads().bucket(&name).send().await;
    assert_eq!(left.unwrap().uploads().len(), 1);
}

#[tokio::test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn big_objects_leave_no_parts() {
    let name = server::bucket().await;
    let store = server::open(&name).await;
    let big = vec![7_u8; 20_000_000];
    let (created, other) = tokio::join!(store.put_blob(big.clone()), store.put_blob(big.clone()));
    let (created, other) = (created.unwrap(), other.unwrap());
    assert_eq!(created.0, other.0);
    assert_eq!(store.blob(created.0).await.unwrap().len(), big.len());
    let client = server::client().await;
    let left = client.list_multipart_uploads().bucket(&name).send().await;
    assert!(left.unwrap().uploads().is_empty());
}

#[tokio::test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_missing_bucket_is_named() {
    let store = server::open("bunraku-no-such-bucket").await;
    let error = store.put_blob("x").await.unwrap_err().to_string();
    assert!(
        error.contains("there is no bucket bunraku-no-such-bucket"),
        "{error}"
    );
    let findings = store.s3_bucket().unwrap().check().await;
    assert_eq!(
        (findings[0].what.as_str(), findings[0].level),
        ("reachable", Level::Error)
    );
    assert!(
        findings[0].detail.contains("there is no bucket"),
        "{findings:?}"
    );
}

fn filter(prefix: &str, suffix: &str) -> NotificationConfigurationFilter {
    let rule = |name, value: &str| FilterRule::builder().name(name).value(value).build();
    let key = S3KeyFilter::builder()
        .filter_rules(rule(FilterRuleName::Prefix, prefix))
        .filter_rules(rule(FilterRuleName::Suffix, suffix));
    NotificationConfigurationFilter::builder()
        .key(key.build())
        .build()
}

/// Sets a bucket up as the farm's template does.
async fn set_up(name: &str) {
    let client = server::client().await;
    let versioning = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    let set = client.put_bucket_versioning().bucket(name);
    set.versioning_configuration(versioning)
        .send()
        .await
        .unwrap();
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::AwsKms)
        .kms_master_key_id("arn:aws:kms:us-east-1:000000000000:key/1234")
        .build()
        .unwrap();
    let encryption = ServerSideEncryptionConfiguration::builder()
        .rules(
            ServerSideEncryptionRule::builder()
                .apply_server_side_encryption_by_default(default)
                .build(),
        )
        .build()
        .unwrap();
    let set = client.put_bucket_encryption().bucket(name);
    set.server_side_encryption_configuration(encryption)
        .send()
        .await
        .unwrap();
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    let set = client.put_public_access_block().bucket(name);
    set.public_access_block_configuration(block)
        .send()
        .await
        .unwrap();
    let rule = |id: &str, prefix: &str| {
        LifecycleRule::builder()
            .id(id)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
    };
    let abort = AbortIncompleteMultipartUpload::builder().days_after_initiation(1);
    let expiration = LifecycleExpiration::builder().days(7);
    let lifecycle = BucketLifecycleConfiguration::builder()
        .rules(
            rule("parts", "")
                .abort_incomplete_multipart_upload(abort.build())
                .build()
                .unwrap(),
        )
        .rules(
            rule("uploads", "uploads/")
                .expiration(expiration.build())
                .build()
                .unwrap(),
        )
        .build()
        .unwrap();
    let set = client.put_bucket_lifecycle_configuration().bucket(name);
    set.lifecycle_configuration(lifecycle).send().await.unwrap();
    let queue = |suffix: &str| {
        QueueConfiguration::builder()
            .queue_arn("arn:aws:sqs:us-east-1:000000000000:test-uploads")
            .events(Event::S3ObjectCreated)
            .filter(filter("uploads/", suffix))
            .build()
            .unwrap()
    };
    let topic = TopicConfiguration::builder()
        .topic_arn("arn:aws:sns:us-east-1:000000000000:test-published")
        .events(Event::S3ObjectCreated)
        .filter(filter("pointers/", ".json"))
        .build()
        .unwrap();
    let notifications = NotificationConfiguration::builder()
        .queue_configurations(queue(".tar.zst"))
        .queue_configurations(queue(".tar.gz"))
        .topic_configurations(topic)
        .build();
    let set = client.put_bucket_notification_configuration().bucket(name);
    set.notification_configuration(notifications)
        .skip_destination_validation(true)
        .send()
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_bucket_of_the_template_is_as_it_should_be() {
    let name = server::bucket().await;
    set_up(&name).await;
    let store = server::open(&name).await;
    let findings = store.s3_bucket().unwrap().check().await;
    let wrong: Vec<_> = findings
        .iter()
        .filter(|one| one.level != Level::Ok)
        .collect();
    // The key of this test is none that the server knows; all else must be right.
    let only_writes = wrong.iter().all(|one| one.what == "conditional writes");
    assert!(only_writes, "{wrong:#?}");
    assert_eq!(findings.len(), 10, "{findings:#?}");
}

#[tokio::test]
#[ignore = "needs an S3 and SQS server: localstack-tests/run"]
async fn a_bare_bucket_is_found_wanting_and_its_writes_work() {
    let name = server::bucket().await;
    let store = server::open(&format!("{name}/a")).await;
    let findings = store.s3_bucket().unwrap().check().await;
    let level = |what: &str| findings.iter().find(|one| one.what == what).unwrap().level;
    for (what, expected) in [
        ("reachable", Level::Ok),
        ("clock", Level::Ok),
        ("versioning", Level::Warning),
        ("lifecycle of parts", Level::Warning),
        ("lifecycle of uploads", Level::Warning),
        ("notifications of uploads", Level::Error),
        ("notifications of pointers", Level::Error),
        ("conditional writes", Level::Ok),
    ] {
        assert_eq!(level(what), expected, "{what}: {findings:#?}");
    }
    let client = server::client().await;
    let left = client
        .list_object_versions()
        .bucket(&name)
        .send()
        .await
        .unwrap();
    assert!(left.versions().is_empty() && left.delete_markers().is_empty());
}
