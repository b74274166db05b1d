//! URLs, endpoints, and answers of a server that follows a script.

use aws_config::Region;
use aws_sdk_s3::config::SharedCredentialsProvider;
use bytes::Bytes;
use object_store::{ClientOptions, RetryConfig};
use tokio::net::TcpListener;

use super::*;
use crate::backend::scripted::{Answer, Server, fails, header, says};

fn sdk(endpoint: Option<&str>) -> SdkConfig {
    let credentials = Credentials::new("key", "secret", None, None, "test");
    let mut sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials));
    sdk.set_endpoint_url(endpoint.map(str::to_owned));
    sdk.build()
}

#[test]
fn urls_name_a_bucket_and_a_prefix() {
    let parts = |rest: &str| S3Url::parse(rest).map(|url| (url.0.bucket, url.0.prefix));
    let named = |bucket: &str, prefix: &str| (bucket.to_owned(), prefix.to_owned());
    assert_eq!(parts("farm-1").unwrap(), named("farm-1", ""));
    assert_eq!(parts("farm.test/").unwrap(), named("farm.test", ""));
    assert_eq!(parts("farm/a/b_c/").unwrap(), named("farm", "a/b_c"));
    for bad in [
        "",
        "ab",
        "Farm",
        "-farm",
        "farm-",
        "fa_rm",
        "farm//a",
        "farm/../a",
        "farm/a b",
        "farm/a?x",
        "u:p@farm",
    ] {
        let refused = S3Url::parse(bad);
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{bad}");
    }
}

#[tokio::test]
async fn endpoints_are_those_of_the_sdk() {
    let found = |bucket: &'static str, endpoint: Option<&'static str>| async move {
        let url = S3Url::parse(bucket).unwrap();
        let found = url.endpoint(&settings(&sdk(endpoint))).await.unwrap();
        (found.url.to_string(), found.path_style)
    };
    let aws = found("farm", None).await;
    assert_eq!(
        aws,
        ("https://farm.s3.eu-west-1.amazonaws.com/".to_owned(), false)
    );
    let dotted = found("farm.test", None).await.0;
    assert_eq!(dotted, "https://s3.eu-west-1.amazonaws.com/farm.test/");
    let local = found("farm", Some("http://localhost:4566")).await;
    assert_eq!(local, ("http://localhost:4566/farm/".to_owned(), true));
}

#[tokio::test]
async fn settings_that_lack_something_are_said_so() {
    let url = S3Url::parse("farm").unwrap();
    let nowhere = sdk(None).into_builder().region(None).build();
    let error = url.connect(&nowhere).await.unwrap_err().to_string();
    assert!(
        error.contains("AWS_REGION") && error.contains("farm"),
        "{error}"
    );
}

async fn objects(server: &Server) -> Objects {
    let url = S3Url::parse("farm").unwrap();
    url.connect(&sdk(Some(&server.endpoint))).await.unwrap()
}

fn written() -> Answer {
    says("200 OK", "ETag: \"1\"\r\n", "")
}

async fn create(server: &Server) -> Result<bool, StoreError> {
    let created = objects(server)
        .await
        .create(vec![("blobs/x".to_owned(), Bytes::from("content"))])
        .await?;
    Ok(created[0])
}

#[tokio::test]
async fn a_throttled_request_is_sent_again() {
    let server = Server::start(vec![
        fails("503 Slow Down", "SlowDown"),
        fails("500 Internal Server Error", "InternalError"),
        written(),
    ])
    .await;
    assert!(create(&server).await.unwrap());
    assert_eq!(server.requests(), ["PUT /farm/blobs/x HTTP/1.1"; 3]);
    let heads = server.heads.lock().unwrap();
    assert_eq!(header(&heads[0], "if-none-match"), Some("*"));
}

#[tokio::test]
async fn a_conditional_request_conflict_is_sent_again() {
    let raced = || fails("409 Conflict", "ConditionalRequestConflict");
    let server = Server::start(vec![raced(), raced(), written()]).await;
    assert!(create(&server).await.unwrap());
    let server = Server::start(vec![raced(), written()]).await;
    let objects = objects(&server).await;
    let expected = crate::Version("\"0\"".to_owned());
    let swapped = objects.swap("x", Bytes::from("y"), Some(&expected)).await;
    assert!(swapped.unwrap().is_some());
}

#[tokio::test]
async fn a_swap_knows_its_own_write_when_the_answer_was_lost() {
    let own: Answer = Box::new(|heads| {
        let id = header(&heads[0], "x-amz-meta-writeid").unwrap();
        let meta = format!(
            "ETag: \"7\"\r\nLast-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\nx-amz-meta-writeid: {id}\r\n"
        );
        Some(format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\n{meta}Content-Length: 1\r\n\r\n"
        ))
    });
    let server = Server::start(vec![
        Box::new(|_| None),
        fails("412 Precondition Failed", "PreconditionFailed"),
        own,
    ])
    .await;
    let objects = objects(&server).await;
    let version = objects.swap("x", Bytes::from("y"), None).await.unwrap();
    assert_eq!(version.unwrap().0, "\"7\"");
    let sent = [
        "PUT /farm/x HTTP/1.1",
        "PUT /farm/x HTTP/1.1",
        "HEAD /farm/x HTTP/1.1",
    ];
    assert_eq!(server.requests(), sent);
}

#[tokio::test]
async fn a_swap_of_a_missing_object_is_a_lost_race() {
    let server = Server::start(vec![
        fails("404 Not Found", "NoSuchKey"),
        says("404 Not Found", "", ""),
    ])
    .await;
    let objects = objects(&server).await;
    let expected = crate::Version("\"0\"".to_owned());
    let swapped = objects.swap("x", Bytes::from("y"), Some(&expected)).await;
    assert_eq!(swapped.unwrap(), None);
}

#[tokio::test]
async fn errors_name_the_bucket_and_what_to_do() {
    for (status, code, hint) in [
        ("404 Not Found", "NoSuchBucket", "there is no bucket farm"),
        (
            "403 Forbidden",
            "AccessDenied",
            "access to bucket farm was denied (As it is)",
        ),
        ("403 Forbidden", "InvalidAccessKeyId", "AWS_PROFILE"),
        ("403 Forbidden", "RequestTimeTooSkewed", "clock"),
        ("301 Moved Permanently", "PermanentRedirect", "AWS_REGION"),
        (
            "400 Bad Request",
            "AuthorizationHeaderMalformed",
            "not in region eu-west-1",
        ),
        (
            "400 Bad Request",
            "KMS.DisabledException",
            "the key of bucket farm",
        ),
        (
            "400 Bad Request",
            "EntityTooLarge",
            "bucket farm answers EntityTooLarge: As it is",
        ),
    ] {
        let server = Server::start(vec![fails(status, code), fails(status, code)]).await;
        let objects = objects(&server).await;
        for error in [
            create(&server).await.unwrap_err(),
            objects.read("x").await.unwrap_err(),
        ] {
            let StoreError::Unavailable { reason, .. } = &error else {
                panic!("{code}: {error:?}");
            };
            assert!(reason.contains(hint) && !reason.contains('\n'), "{reason}");
            assert!(reason.contains("farm") && reason.len() < 300, "{reason}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let place = Place {
        bucket: "farm".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: endpoint.clone(),
    };
    let s3 = AmazonS3Builder::new()
        .with_bucket_name("farm")
        .with_endpoint(&endpoint)
        .with_access_key_id("key")
        .with_secret_access_key("secret")
        .with_client_options(ClientOptions::new().with_allow_http(true))
        .with_retry(RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        })
        .build()
        .unwrap();
    let error = object_store::ObjectStoreExt::head(&s3, &"x".into()).await;
    let reason = place.reason(&error.unwrap_err(), None);
    assert!(
        reason.contains("can't be reached") && reason.contains(&endpoint),
        "{reason}"
    );
}

#[tokio::test]
async fn missing_credentials_are_said_so() {
    use aws_credential_types::provider::error::CredentialsError;
    let place = Place {
        bucket: "farm".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: String::new(),
    };
    let error = object_store::Error::Generic {
        store: "S3",
        source: Box::new(CredentialsError::not_loaded("nothing")),
    };
    let reason = place.reason(&error, None);
    assert!(
        reason.contains("no AWS credentials") && reason.contains("AWS_PROFILE"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_signed_upload_binds_its_condition_and_no_length() {
    let url = S3Url::parse("farm/a").unwrap();
    let objects = url.connect(&sdk(None)).await.unwrap();
    let upload = "uploads/production/0190-x.tar.gz".parse().unwrap();
    let signed = objects.bucket().unwrap();
    let signed = signed.presigned_upload(&upload, Duration::from_secs(60));
    let signed = signed.await.unwrap();
    let headers: Vec<&str> = signed.headers.keys().map(String::as_str).collect();
    assert_eq!(headers, ["if-none-match"]);
    let url = Url::parse(&signed.url).unwrap();
    assert_eq!(url.path(), "/a/uploads/production/0190-x.tar.gz");
    let bound = url
        .query_pairs()
        .find(|(name, _)| name == "X-Amz-SignedHeaders");
    assert_eq!(bound.unwrap().1, "host;if-none-match");
}

/// Writes through a server of this script that must show what it knows first; the requests.
async fn untried(answers: Vec<Answer>) -> (Result<Vec<bool>, StoreError>, Vec<String>) {
    let server = Server::start(answers).await;
    let objects = objects(&server).await.untried();
    let write = |key: &str| vec![(key.to_owned(), Bytes::from("y"))];
    let mut created = Vec::new();
    for key in ["x", "z"] {
        match objects.create(write(key)).await {
            Ok(mut written) => created.append(&mut written),
            Err(error) => return (Err(error), server.requests()),
        }
    }
    (Ok(created), server.requests())
}

fn refused() -> Answer {
    fails("412 Precondition Failed", "PreconditionFailed")
}

#[tokio::test]
async fn a_server_that_knows_conditions_is_asked_once() {
    let (written_both, requests) =
        untried(vec![written(), refused(), refused(), written(), written()]).await;
    assert_eq!(written_both.unwrap(), [true, true]);
    let probe = "PUT /farm/probe/conditions HTTP/1.1";
    let keys = ["PUT /farm/x HTTP/1.1", "PUT /farm/z HTTP/1.1"];
    assert_eq!(requests, [probe, probe, probe, keys[0], keys[1]]);
    // Where another process asked before, its object is there.
    let (written_both, requests) = untried(vec![refused(), refused(), written(), written()]).await;
    assert_eq!(written_both.unwrap(), [true, true]);
    assert_eq!(requests, [probe, probe, keys[0], keys[1]]);
}

#[tokio::test]
async fn a_server_that_passes_over_conditions_gets_no_write() {
    for (script, named) in [
        (vec![written(), written()], "If-None-Match"),
        (vec![refused(), written()], "If-Match"),
    ] {
        let (outcome, requests) = untried(script).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
        assert!(!requests.iter().any(|line| line.contains("/farm/x")));
    }
}
