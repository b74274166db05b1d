//! URLs, and answers of a server that follows a script, by the documentation of both clouds.

use async_trait::async_trait;
use bytes::Bytes;
use object_store::azure::{AzureCredential, MicrosoftAzureBuilder};
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};
use object_store::{CredentialProvider, Error as StoreFailure};

use super::*;
use crate::backend::objects::Objects;
use crate::backend::scripted::{Answer, Server, fails, header, says};
use crate::backend::{Backend, Version};
use crate::{Store, StoreError};

const KEY: &str = "environments/production.json";

/// Which cloud's words a script has.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Google,
    Azure,
}

const KINDS: [Kind; 2] = [Kind::Google, Kind::Azure];

impl Kind {
    fn objects(self, endpoint: &str) -> Objects {
        match self {
            Self::Google => google(
                GoogleCloudStorageBuilder::new()
                    .with_base_url(endpoint)
                    .with_bearer_token("token"),
            ),
            Self::Azure => azure(
                MicrosoftAzureBuilder::new()
                    .with_endpoint(endpoint.to_owned())
                    .with_account("account")
                    .with_access_key("a2V5"),
            ),
        }
    }

    /// The prefix of metadata, and the header that says the version.
    fn headers(self) -> (&'static str, &'static str) {
        match self {
            Self::Google => ("x-goog-meta-", "x-goog-generation: 7"),
            Self::Azure => ("x-ms-meta-", "ETag: \"0x7\""),
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Google => "7",
            Self::Azure => "\"0x7\"",
        }
    }

    fn written(self) -> Answer {
        let (_, version) = self.headers();
        let e_tag = if version.starts_with("ETag") {
            ""
        } else {
            "ETag: \"md5\"\r\n"
        };
        let headers: &'static str = format!("{version}\r\n{e_tag}").leak();
        says("201 Created", headers, "")
    }
}

fn google(settings: GoogleCloudStorageBuilder) -> Objects {
    GcsUrl::parse("farm").unwrap().connect(settings).unwrap()
}

fn azure(settings: MicrosoftAzureBuilder) -> Objects {
    AzureUrl::parse("farm").unwrap().connect(settings).unwrap()
}

async fn swap(objects: &Objects, expected: Option<&str>) -> Option<Version> {
    let expected = expected.map(|version| Version(version.to_owned()));
    let swapped = objects.swap(KEY, Bytes::from("y"), expected.as_ref());
    swapped.await.unwrap()
}

#[tokio::test]
async fn urls_name_a_bucket_or_a_container() {
    for good in ["farm-1", "farm.test/", "fa_rm/a/b_c/"] {
        assert!(GcsUrl::parse(good).is_ok(), "{good}");
    }
    for good in ["farm-1", "farm/a/b", "farm@account.blob.core.windows.net/a"] {
        assert!(AzureUrl::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "gs://",
        "gs://Farm",
        "gs://farm//a",
        "gs://u@farm",
        "az://",
        "az://fa_rm",
        "az://f.m/a",
        "az://@h/a",
    ] {
        let error = Store::open(bad).await.unwrap_err();
        assert!(matches!(error, StoreError::Invalid { .. }), "{error}");
        assert!(error.to_string().contains("is no store"), "{error}");
    }
}

#[test]
fn the_account_comes_from_the_url_or_the_settings() {
    let key = || MicrosoftAzureBuilder::new().with_access_key("a2V5");
    let open = |url: &str, settings| AzureUrl::parse(url).unwrap().connect(settings);
    for (url, settings) in [
        ("farm@account.blob.core.windows.net", key()),
        ("farm", key().with_account("account")),
    ] {
        let objects = open(url, settings).unwrap();
        let shown = format!("{objects:?}");
        assert!(
            shown.contains("https://account.blob.core.windows.net"),
            "{shown}"
        );
    }
    let nobody = open("farm", key()).unwrap_err().to_string();
    assert!(nobody.contains("AZURE_STORAGE_ACCOUNT_NAME"), "{nobody}");
    let elsewhere = open("farm@storage.example.test", key()).unwrap_err();
    assert!(elsewhere.to_string().contains("farm"), "{elsewhere}");
}

#[tokio::test]
async fn writes_are_sent_on_a_condition() {
    for (kind, create, update) in [
        (
            Kind::Google,
            ("x-goog-if-generation-match", "0"),
            ("x-goog-if-generation-match", "5"),
        ),
        (Kind::Azure, ("if-none-match", "*"), ("if-match", "5")),
    ] {
        let server = Server::start(vec![kind.written(), kind.written()]).await;
        let objects = kind.objects(&server.endpoint);
        for expected in [None, Some("5")] {
            assert_eq!(swap(&objects, expected).await.unwrap().0, kind.version());
        }
        let heads = server.heads.lock().unwrap();
        for (head, (name, value)) in heads.iter().zip([create, update]) {
            assert_eq!(header(head, name), Some(value), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_throttled_request_is_sent_again() {
    for (kind, status, code) in [
        (Kind::Google, "429 Too Many Requests", "TooManyRequests"),
        (Kind::Google, "503 Service Unavailable", "SlowDown"),
        (Kind::Azure, "503 Service Unavailable", "ServerBusy"),
    ] {
        let script = vec![fails(status, code), fails(status, code), kind.written()];
        let server = Server::start(script).await;
        assert!(swap(&kind.objects(&server.endpoint), None).await.is_some());
        assert_eq!(server.requests().len(), 3, "{kind:?}");
    }
}

#[tokio::test]
async fn a_swap_knows_its_own_write_when_the_answer_was_lost() {
    for kind in KINDS {
        let own: Answer = Box::new(move |heads| {
            let (prefix, version) = kind.headers();
            let name = format!("{prefix}writeid");
            let id = header(&heads[0], &name).unwrap();
            let e_tag = if version.starts_with("ETag") {
                ""
            } else {
                "ETag: \"md5\"\r\n"
            };
            Some(format!(
                "HTTP/1.1 200 OK\r\nConnection: close\r\n{version}\r\n{e_tag}{name}: {id}\r\n\
                 Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 1\r\n\r\n"
            ))
        });
        let refused = fails("412 Precondition Failed", "ConditionNotMet");
        let server = Server::start(vec![Box::new(|_| None), refused, own]).await;
        let version = swap(&kind.objects(&server.endpoint), Some("5")).await;
        assert_eq!(version.unwrap().0, kind.version());
        let verbs: Vec<String> = server.requests();
        let verbs: Vec<&str> = verbs.iter().map(|line| &line[..4]).collect();
        assert_eq!(verbs, ["PUT ", "PUT ", "HEAD"], "{kind:?}");
    }
}

#[tokio::test]
async fn errors_name_the_bucket_and_what_to_do() {
    for (kind, status, code, hint) in [
        (
            Kind::Google,
            "404 Not Found",
            "NoSuchBucket",
            "there is no bucket farm",
        ),
        (
            Kind::Google,
            "403 Forbidden",
            "AccessDenied",
            "Storage Object User",
        ),
        (
            Kind::Google,
            "401 Unauthorized",
            "AuthenticationRequired",
            "GOOGLE_APPLICATION_CREDENTIALS",
        ),
        (
            Kind::Google,
            "400 Bad Request",
            "EntityTooLarge",
            "bucket farm answers EntityTooLarge: As it is",
        ),
        (
            Kind::Azure,
            "404 Not Found",
            "ContainerNotFound",
            "there is no container farm",
        ),
        (
            Kind::Azure,
            "403 Forbidden",
            "AuthorizationPermissionMismatch",
            "Storage Blob Data Contributor",
        ),
        (
            Kind::Azure,
            "403 Forbidden",
            "AuthenticationFailed",
            "AZURE_STORAGE_ACCOUNT_KEY",
        ),
        (
            Kind::Azure,
            "409 Conflict",
            "ContainerBeingDeleted",
            "there is no container farm",
        ),
        (
            Kind::Azure,
            "409 Conflict",
            "BlobImmutableDueToPolicy",
            "answers BlobImmutableDueToPolicy",
        ),
    ] {
        let server = Server::start(vec![fails(status, code), fails(status, code)]).await;
        let objects = kind.objects(&server.endpoint);
        for error in [
            objects.swap(KEY, Bytes::from("y"), None).await.unwrap_err(),
            objects.read(KEY).await.unwrap_err(),
        ] {
            let StoreError::Unavailable { reason, .. } = &error else {
                panic!("{code}: {error:?}");
            };
            assert!(reason.contains(hint) && !reason.contains('\n'), "{reason}");
            assert!(reason.contains("farm") && reason.len() < 400, "{reason}");
        }
    }
}

/// Has no credentials.
#[derive(Debug)]
struct Nobody<C>(std::marker::PhantomData<fn() -> C>);

#[async_trait]
impl<C: std::fmt::Debug> CredentialProvider for Nobody<C> {
    type Credential = C;

    async fn get_credential(&self) -> object_store::Result<std::sync::Arc<C>> {
        Err(StoreFailure::Generic {
            store: "test",
            source: "nobody is logged in".into(),
        })
    }
}

#[tokio::test]
async fn missing_credentials_are_said_so() {
    let nobody = std::sync::Arc::new(Nobody::<GcpCredential>(std::marker::PhantomData));
    let google = google(GoogleCloudStorageBuilder::new().with_credentials(nobody));
    let nobody = std::sync::Arc::new(Nobody::<AzureCredential>(std::marker::PhantomData));
    let settings = MicrosoftAzureBuilder::new().with_account("account");
    let azure = azure(settings.with_credentials(nobody));
    for (objects, named) in [
        (google, "GOOGLE_APPLICATION_CREDENTIALS"),
        (azure, "AZURE_CLIENT_ID"),
    ] {
        for error in [
            objects.swap(KEY, Bytes::from("y"), None).await.unwrap_err(),
            objects.read(KEY).await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains("nobody is logged in") && text.contains(named),
                "{text}"
            );
        }
    }
}
