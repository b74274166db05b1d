//! A server with the part of Google's XML API that the store uses.
//!
//! No emulator that a package brings knows the preconditions of the XML API. So this one follows Google's
//! documentation, as far as that goes: `x-goog-if-generation-match`, where 0 is 'is not there'; a generation
//! that each write changes, also of the same bytes, and an `ETag` that is the same for the same bytes;
//! times in whole seconds; lists of version 2 in pages; `Range` and `If-Match`; error documents. What real
//! servers do beside that, it can't tell.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use bunraku_farm::Digest;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use object_store::gcp::GoogleCloudStorageBuilder;
use tokio::net::TcpListener;
use url::form_urlencoded;

use crate::Store;
use crate::backend::GcsUrl;

/// A list's page: a client has to ask for the next.
const PAGE: usize = 3;

type Answer = Response<Full<Bytes>>;

#[derive(Default)]
struct Objects {
    by_name: BTreeMap<String, Object>,
    generations: u64,
}

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    generation: u64,
    modified: Timestamp,
    /// The headers `x-goog-meta-*`.
    metadata: HeaderMap,
}

/// A store in a part of a bucket of its own, on a server of its own.
pub(crate) async fn store() -> Store {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener));
    let settings = GoogleCloudStorageBuilder::new()
        .with_base_url(&endpoint)
        .with_bearer_token("token");
    let url = GcsUrl::parse("bucket/a/prefix").unwrap();
    Store::over(Arc::new(url.connect(settings).unwrap()))
}

async fn serve(listener: TcpListener) {
    let objects = Arc::new(Mutex::new(Objects::default()));
    while let Ok((stream, _)) = listener.accept().await {
        let objects = Arc::clone(&objects);
        let service = service_fn(move |request: Request<Incoming>| {
            let objects = Arc::clone(&objects);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let answer = answer(
                    &mut objects.lock().unwrap(),
                    &Request::from_parts(head, body),
                );
                Ok::<_, Infallible>(answer)
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(objects: &mut Objects, request: &Request<Bytes>) -> Answer {
    if header(request, "authorization") != Some("Bearer token") {
        return refusal(StatusCode::UNAUTHORIZED, "AuthenticationRequired");
    }
    let path = decoded(request.uri().path());
    let name = match path.strip_prefix("/bucket") {
        Some("") => return objects.list(request),
        Some(name) => name.trim_start_matches('/').to_owned(),
        None => return refusal(StatusCode::NOT_FOUND, "NoSuchBucket"),
    };
    match *request.method() {
        Method::PUT => objects.put(name, request),
        Method::DELETE => match objects.by_name.remove(&name) {
            Some(_) => reply(StatusCode::NO_CONTENT, ""),
            None => refusal(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
        _ => match objects.by_name.get(&name) {
            Some(object) => object.get(request),
            None => refusal(StatusCode::NOT_FOUND, "NoSuchKey"),
        },
    }
}

impl Objects {
    fn put(&mut self, name: String, request: &Request<Bytes>) -> Answer {
        let there = self
            .by_name
            .get(&name)
            .map_or(0, |object| object.generation);
        let wanted = header(request, "x-goog-if-generation-match");
        if wanted.is_some_and(|wanted| wanted.parse() != Ok(there)) {
            return refusal(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        }
        self.generations += 1;
        let headers = request.headers().iter();
        let object = Object {
            bytes: request.body().clone(),
            generation: self.generations,
            modified: Timestamp::now(),
            metadata: headers
                .filter(|(name, _)| name.as_str().starts_with("x-goog-meta-"))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        };
        let answer = object.described(reply(StatusCode::OK, ""));
        self.by_name.insert(name, object);
        answer
    }

    fn list(&self, request: &Request<Bytes>) -> Answer {
        let query = request.uri().query().unwrap_or_default().as_bytes();
        let query: BTreeMap<_, _> = form_urlencoded::parse(query).into_owned().collect();
        let prefix = query.get("prefix").map_or("", String::as_str);
        let begin = query.get("continuation-token").map_or("", String::as_str);
        let mut entries = BTreeMap::new();
        let range = (Bound::Excluded(begin.to_owned()), Bound::Unbounded);
        for (name, object) in self.by_name.range(range) {
            let Some(rest) = name.strip_prefix(prefix) else {
                continue;
            };
            match rest.split_once('/') {
                Some((directory, _)) if query.contains_key("delimiter") => {
                    let directory = format!("{prefix}{directory}/");
                    // All of it was said on an earlier page.
                    if !begin.starts_with(&directory) {
                        entries.insert(directory, None);
                    }
                }
                _ => drop(entries.insert(name.clone(), Some(object))),
            }
        }
        let more = entries.len() > PAGE;
        let page: Vec<_> = entries.into_iter().take(PAGE).collect();
        let mut text = "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>".to_owned();
        for (name, object) in &page {
            if let Some(object) = object {
                text += &format!(
                    "<Contents><Key>{name}</Key><Generation>{}</Generation><LastModified>{:.3}</LastModified>\
                     <ETag>{}</ETag><Size>{}</Size></Contents>",
                    object.generation,
                    object.modified,
                    object.e_tag(),
                    object.bytes.len()
                );
            }
        }
        for (name, object) in &page {
            if object.is_none() {
                text += &format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>");
            }
        }
        if let (true, Some((last, _))) = (more, page.last()) {
            text += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        reply(StatusCode::OK, text + "</ListBucketResult>")
    }
}

impl Object {
    fn e_tag(&self) -> String {
        format!("\"{}\"", &Digest::of(&self.bytes).to_string()[..32])
    }

    fn get(&self, request: &Request<Bytes>) -> Answer {
        let matches = header(request, "if-match");
        if matches.is_some_and(|e_tag| e_tag != self.e_tag()) {
            return refusal(StatusCode::PRECONDITION_FAILED, "PreconditionFailed");
        }
        let (status, bytes, range) = match header(request, "range") {
            None => (StatusCode::OK, self.bytes.clone(), None),
            Some(range) => {
                let (first, last) = range
                    .strip_prefix("bytes=")
                    .unwrap()
                    .split_once('-')
                    .unwrap();
                let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                let shown = format!("bytes {first}-{last}/{}", self.bytes.len());
                (
                    StatusCode::PARTIAL_CONTENT,
                    self.bytes.slice(first..=last),
                    Some(shown),
                )
            }
        };
        let length = bytes.len();
        let mut answer = self.described(match *request.method() {
            Method::HEAD => reply(status, ""),
            _ => reply(status, bytes),
        });
        let headers = answer.headers_mut();
        headers.insert("content-length", length.into());
        if let Some(range) = range {
            headers.insert("content-range", range.parse().unwrap());
        }
        let modified = self
            .modified
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string();
        headers.insert("last-modified", modified.parse().unwrap());
        headers.extend(self.metadata.clone());
        answer
    }

    /// Says which writing it is.
    fn described(&self, mut answer: Answer) -> Answer {
        let headers = answer.headers_mut();
        headers.insert("etag", self.e_tag().parse().unwrap());
        headers.insert("x-goog-generation", self.generation.into());
        answer
    }
}

fn header<'r>(request: &'r Request<Bytes>, name: &str) -> Option<&'r str> {
    request
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

/// A path without its `%` signs; the client has none of `+`, `&` and `=` in it.
fn decoded(path: &str) -> String {
    let pairs = form_urlencoded::parse(path.as_bytes());
    pairs.map(|(name, _)| name.into_owned()).collect()
}

fn reply(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer
}

fn refusal(status: StatusCode, code: &str) -> Answer {
    let body = format!(
        "<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>Refused.</Message></Error>"
    );
    reply(status, body)
}
