//! Events of a store that other processes write, told to a web service and a command in this process.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex as StdMutex;

use bunraku_farm::documents::{CatalogRef, EnvironmentDoc, Pointer};
use bunraku_farm::{Certname, Digest};
use bytes::Bytes;
use clap::Parser;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    events: Events,
}

/// A web service that answers as it is told, then 204; it keeps what it took.
#[derive(Clone, Default)]
struct Service {
    answers: Arc<StdMutex<VecDeque<StatusCode>>>,
    taken: Arc<StdMutex<Vec<(HeaderMap, Value)>>>,
}

impl Service {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let service = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service.clone();
                let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                    let service = service.clone();
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let answer = service.answers.lock().unwrap().pop_front();
                        let status = answer.unwrap_or(StatusCode::NO_CONTENT);
                        if status.is_success() {
                            let event = serde_json::from_slice(&body).unwrap();
                            service.taken.lock().unwrap().push((parts.headers, event));
                        }
                        let mut reply = Response::new(Full::<Bytes>::default());
                        *reply.status_mut() = status;
                        Ok::<_, hyper::Error>(reply)
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), answer);
                tokio::spawn(connection);
            }
        });
        url
    }

    async fn wait_for(&self, count: usize) -> Vec<Value> {
        let taken = || self.taken.lock().unwrap().clone();
        let wait = async {
            while taken().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
        waited.unwrap_or_else(|_| panic!("taken: {:?}", taken()));
        taken().into_iter().map(|(_, event)| event).collect()
    }
}

async fn publish(store: &Store, node: &str, catalog: &str) {
    let environment = EnvironmentName::parse("production").unwrap();
    let released = store.update_environment(&environment, |current| match current {
        Some(_) => None,
        None => EnvironmentDoc::advance(None, Digest::of("r"), None, Timestamp::now()),
    });
    released.await.unwrap();
    let certname = Certname::parse(node).unwrap();
    let written = store.update_pointer(&environment, &certname, |current| {
        let blank = || serde_json::from_value::<Pointer>(json!({"certname": node, "sequence": 0}));
        let mut pointer = current.cloned().unwrap_or_else(|| blank().unwrap());
        pointer.catalog = Some(CatalogRef {
            digest: Digest::of(catalog),
            plain_digest: None,
            size: 1,
        });
        pointer.sequence += 1;
        Some(pointer)
    });
    written.await.unwrap();
}

/// `bunraku events` with these options; it has looked once when this returns.
async fn events(dir: &Path, options: &[&str]) -> JoinHandle<Result<ExitCode>> {
    let (store, state) = (dir.join("store"), dir.join("events.json"));
    let known = std::fs::metadata(&state).ok();
    let words = [
        "events",
        "--store",
        store.to_str().unwrap(),
        "--state",
        state.to_str().unwrap(),
    ];
    let words: Vec<String> = words
        .iter()
        .chain(options)
        .map(|&word| word.to_owned())
        .collect();
    let options = Line::try_parse_from(words).unwrap().events;
    let task = tokio::spawn(async move { run(&options, false).await });
    while known.is_none() && !state.exists() {
        assert!(!task.is_finished());
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn a_web_service_that_fails_first_gets_every_event_signed_and_none_is_repeated_by_a_restart()
{
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_directory(&dir.path().join("store"))
        .await
        .unwrap();
    publish(&store, "a", "there before").await;
    let service = Service::default();
    let failing = [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    service.answers.lock().unwrap().extend(failing);
    let url = service.start().await;
    let options = ["--webhook", &url, "--secret", "s3cret"];
    let task = events(dir.path(), &options).await;
    publish(&store, "a", "1").await;
    publish(&store, "b", "1").await;
    let taken = service.wait_for(2).await;
    let mut nodes: Vec<_> = taken
        .iter()
        .map(|event| event["node"].as_str().unwrap())
        .collect();
    nodes.sort_unstable();
    assert_eq!(nodes, ["a", "b"]);
    let of_a = taken.iter().find(|event| event["node"] == "a").unwrap();
    assert_eq!(of_a["previous"], json!(Digest::of("there before")));
    assert_eq!(
        (&of_a["cause"], &of_a["version"]),
        (&json!("release"), &json!(1))
    );
    let headers = service.taken.lock().unwrap()[0].0.clone();
    let signature = headers["x-bunraku-signature"].to_str().unwrap();
    assert!(signature.starts_with("sha256=") && signature.len() == 71);
    assert!(headers.contains_key("x-bunraku-delivery"));
    // What was told is on disk a moment later.
    let state = dir.path().join("events.json");
    while !std::fs::read_to_string(&state).unwrap().contains("\"b\"") {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.is_err());
    // Nobody listens for a while; then only what is new is told.
    publish(&store, "b", "2").await;
    let task = events(dir.path(), &options).await;
    let taken = service.wait_for(3).await;
    assert_eq!(
        (&taken[2]["node"], &taken[2]["catalog"]),
        (&json!("b"), &json!(Digest::of("2")))
    );
    publish(&store, "a", "3").await;
    let taken = service.wait_for(4).await;
    assert_eq!(taken[3]["node"], "a");
    task.abort();
}

#[tokio::test]
async fn an_event_that_is_refused_for_good_holds_up_no_other_and_a_command_gets_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_directory(&dir.path().join("store"))
        .await
        .unwrap();
    let service = Service::default();
    service
        .answers
        .lock()
        .unwrap()
        .push_back(StatusCode::NOT_FOUND);
    let url = service.start().await;
    let seen = dir.path().join("seen");
    let command = format!("cat >> {}", seen.display());
    let task = events(dir.path(), &["--webhook", &url, "--exec", &command]).await;
    publish(&store, "a", "1").await;
    while !std::fs::read_to_string(&seen)
        .unwrap_or_default()
        .ends_with('\n')
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    publish(&store, "a", "2").await;
    let taken = service.wait_for(1).await;
    assert_eq!(taken[0]["catalog"], json!(Digest::of("2")));
    assert!(
        std::fs::read_to_string(&seen)
            .unwrap()
            .contains(&Digest::of("1").to_string())
    );
    task.abort();
}
