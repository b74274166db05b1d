//! The client against an edge in this process, and a bucket that does as it is told.

mod orders;

use std::collections::VecDeque;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bunraku_edge::{Authority, Edge, EdgeConfig, EdgePki, Services, UploadPlaces};
use bunraku_farm::documents::{ArchiveFormat, UploadResult};
use bunraku_farm::{Certname, Counters, EnvironmentName};
use bunraku_pki::{Ca, CaOptions, Credentials, PemSource};
use bunraku_queue::MemoryQueue;
use bunraku_store::{Store, StoreError};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::administration::AtStore;

/// An edge on this machine, and its store.
struct Site {
    _dir: tempfile::TempDir,
    ca: Ca,
    store: Store,
    url: String,
}

async fn site(upload_places: Option<Arc<dyn UploadPlaces>>, config: EdgeConfig) -> Site {
    let dir = tempfile::tempdir().unwrap();
    let ca = Ca::open(dir.path(), CaOptions::default()).unwrap();
    let pki = EdgePki {
        credentials: ca.server_credentials("edge", &[]).unwrap(),
        authority: Authority::Here(ca.clone()),
    };
    let store = Store::memory();
    let edge = Edge::new(
        config,
        store.clone(),
        Arc::new(MemoryQueue::default()),
        pki,
        Services {
            upload_places,
            administration: Some(Arc::new(AtStore(store.clone()))),
        },
        Arc::new(Counters::default()),
    )
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { edge.serve(listener, std::future::pending()).await });
    Site {
        _dir: dir,
        ca,
        store,
        url,
    }
}

impl Site {
    fn client_of(&self, credentials: &Credentials) -> EdgeClient {
        let text = |pem: &str| Some(PemSource::from_str(pem).unwrap());
        let options = ClientOptions::given(
            text(&credentials.certificate_pem),
            text(&credentials.key_pem),
            text(&self.ca.trust().certificate_pem()),
        );
        EdgeClient::new(&self.url, &options).unwrap()
    }

    fn client(&self) -> EdgeClient {
        self.client_of(&self.ca.admin_credentials("admin").unwrap())
    }
}

fn upload() -> UploadKey {
    UploadKey::new(environment(), "0190-x", ArchiveFormat::TarZstd).unwrap()
}

fn environment() -> EnvironmentName {
    EnvironmentName::parse("production").unwrap()
}

#[tokio::test]
async fn a_push_goes_through_an_edge() {
    let site = site(None, EdgeConfig::default()).await;
    let client = site.client();
    let (there, _) = site.store.put_blob("there").await.unwrap();
    let missing = Digest::of("missing");
    let asked = client
        .missing_blobs(&environment(), vec![there, missing])
        .await
        .unwrap();
    assert_eq!(asked, [missing]);

    let key = upload();
    client
        .upload(&key, Bytes::from_static(b"archive"))
        .await
        .unwrap();
    assert_eq!(site.store.waiting_uploads().await.unwrap().len(), 1);
    // The answer may have been lost: the same again is no harm, something else is.
    let again = client.upload(&key, Bytes::from_static(b"archive")).await;
    assert!(again.is_ok());
    let other = client.upload(&key, Bytes::from_static(b"other")).await;
    assert!(other.unwrap_err().to_string().contains("409"));

    assert!(client.upload_result(&key).await.unwrap().is_none());
    let result: UploadResult = serde_json::from_value(json!({
        "upload": key.id(), "environment": "production", "accepted": true, "release": missing,
        "sequence": 1, "nodes": ["a"], "finished_at": Timestamp::now(),
    }))
    .unwrap();
    site.store.put_upload_result(&key, &result).await.unwrap();
    assert_eq!(client.upload_result(&key).await.unwrap(), Some(result));
    let expected = Expected {
        environment: environment(),
        sequence: 1,
        nodes: vec![Certname::parse("a").unwrap()],
    };
    assert!(client.brought(&expected).await.unwrap().nodes.is_empty());
}

#[tokio::test]
async fn who_is_no_administrator_is_told_who_may() {
    let site = site(None, EdgeConfig::default()).await;
    let agent = site.ca.server_credentials("agent", &[]).unwrap();
    let client = site.client_of(&agent);
    let failure = client
        .missing_blobs(&environment(), vec![Digest::of("x")])
        .await;
    let failure = failure.unwrap_err();
    assert!(matches!(failure, Failure::Input(_)), "{failure}");
    assert!(
        failure.to_string().contains("`bunraku edge --admin"),
        "{failure}"
    );
}

#[tokio::test]
async fn an_edge_that_is_not_there_or_not_believed_is_unreachable() {
    let site = site(None, EdgeConfig::default()).await;
    let other = self::site(None, EdgeConfig::default()).await;
    let mut stranger = site.client();
    stranger.connection = {
        let url = Url::parse(&other.url).unwrap();
        let options = ClientOptions::given(
            Some(PemSource::Text(
                site.ca.admin_credentials("admin").unwrap().certificate_pem,
            )),
            Some(PemSource::Text(
                site.ca.admin_credentials("admin").unwrap().key_pem,
            )),
            Some(PemSource::Text(
                site.ca.trust().certificate_pem().to_string(),
            )),
        );
        Connection::new(&url, || Ok(options.tls().unwrap())).unwrap()
    };
    let failure = stranger
        .missing_blobs(&environment(), vec![Digest::of("x")])
        .await;
    assert!(
        matches!(failure, Err(Failure::Unreachable(_))),
        "{failure:?}"
    );
    for url in ["http://edge", "https://edge/path", "edge:8140"] {
        let options = ClientOptions::given(None, None, None);
        assert!(EdgeClient::new(url, &options).is_err(), "{url}");
    }
}

#[tokio::test]
async fn an_edge_that_says_later_is_asked_again_within_bounds() {
    let busy = EdgeConfig {
        max_requests: 0,
        retry_after: 1..=1,
        ..EdgeConfig::default()
    };
    let site = site(None, busy).await;
    let client = site.client();
    let production = environment();
    let asked = client.missing_blobs(&production, vec![Digest::of("x")]);
    // It goes on asking: two seconds are far from its patience.
    let asked = tokio::time::timeout(Duration::from_secs(2), asked).await;
    assert!(asked.is_err());
}

/// A bucket that answers by a script, and remembers what it was sent.
#[derive(Clone, Debug, Default)]
struct Bucket {
    url: String,
    script: Arc<Mutex<VecDeque<u16>>>,
    got: Arc<Mutex<Vec<(String, HeaderMap, Bytes)>>>,
}

impl Bucket {
    async fn start(script: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bucket = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            got: Arc::default(),
        };
        let served = bucket.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let served = served.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| served.answer(request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        bucket
    }

    async fn answer(
        &self,
        request: Request<hyper::body::Incoming>,
    ) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let target = parts.uri.to_string();
        self.got.lock().unwrap().push((target, parts.headers, body));
        let status = self.script.lock().unwrap().pop_front().unwrap();
        let mut response = Response::new(Full::from("<Code>AsTold</Code>"));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Ok(response)
    }
}

#[async_trait]
impl UploadPlaces for Bucket {
    async fn place(&self, upload: &UploadKey) -> Result<UploadPlace, StoreError> {
        Ok(UploadPlace {
            url: format!("{}/{upload}?X-Amz-Signature=abc%2F1", self.url),
            headers: [("if-none-match".to_owned(), "*".to_owned())].into(),
        })
    }
}

async fn put(script: &[u16]) -> (Result<()>, Bucket) {
    let bucket = Bucket::start(script).await;
    let site = site(Some(Arc::new(bucket.clone())), EdgeConfig::default()).await;
    let put = site
        .client()
        .upload(&upload(), Bytes::from_static(b"archive"))
        .await;
    assert!(site.store.waiting_uploads().await.unwrap().is_empty());
    (put, bucket)
}

#[tokio::test]
async fn an_archive_goes_straight_to_the_bucket_where_there_is_one() {
    let (put, bucket) = put(&[200]).await;
    put.unwrap();
    let got = bucket.got.lock().unwrap().clone();
    let [(target, headers, body)] = got.as_slice() else {
        panic!("{got:?}")
    };
    assert_eq!(
        target,
        "/uploads/production/0190-x.tar.zst?X-Amz-Signature=abc%2F1"
    );
    assert_eq!(headers["if-none-match"], "*");
    assert_eq!(headers["content-length"], "7");
    assert_eq!(
        bucket.url,
        format!("http://{}", headers["host"].to_str().unwrap())
    );
    assert_eq!(body, "archive");
}

#[tokio::test]
async fn a_bucket_that_is_out_of_order_is_tried_again_and_one_that_refuses_is_not() {
    let (done, bucket) = put(&[503, 200]).await;
    done.unwrap();
    assert_eq!(bucket.got.lock().unwrap().len(), 2);
    // The first was done, but said otherwise: then it is there already.
    let (done, _) = put(&[500, 412]).await;
    done.unwrap();
    for script in [&[403], &[412]] {
        let (refused, bucket) = put(script).await;
        let failure = refused.unwrap_err().to_string();
        assert!(failure.contains("AsTold"), "{failure}");
        assert!(!failure.contains("Signature"), "{failure}");
        assert_eq!(bucket.got.lock().unwrap().len(), 1);
    }
}
