//! An edge as an administrator's client: `/bunraku/v1` over mutual TLS.

mod connection;
mod options;
#[cfg(test)]
mod tests;
mod upload;

use std::time::{Duration, Instant};

use bunraku_edge::api::{
    BroughtNodes, Expected, MissingBlobs, PushedBlobs, SignedOrder, UploadPlace,
};
use bunraku_farm::documents::{UploadKey, UploadResult};
use bunraku_farm::{Digest, EnvironmentName};
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::failure::{Failure, Result};
use connection::Answer;
pub(crate) use connection::{Connection, Outgoing};
pub(crate) use options::{ClientOptions, ssl_directories};
pub(crate) use upload::system_tls;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(60);
/// How long an archive may take on its way to the edge or the bucket.
const UPLOAD: Duration = Duration::from_secs(900);
/// How long a client that is told to come again later does so.
const PATIENCE: Duration = Duration::from_secs(120);
/// The wait of one that is told nothing of when.
const NO_WORD: Duration = Duration::from_secs(5);
/// Longest single wait of these.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// How many digests are asked for at once: about 4 MB.
const DIGESTS: usize = 50_000;

/// An edge.
pub(crate) struct EdgeClient {
    /// Its URL, for messages.
    url: String,
    connection: Connection,
}

impl EdgeClient {
    /// The edge of a URL `https://HOST[:PORT]`. Nothing is asked of it yet.
    pub(crate) fn new(url: &str, options: &ClientOptions) -> Result<Self> {
        let wrong = || Failure::input(format!("{url}: an edge's URL is https://HOST[:PORT]"));
        let mut parsed = Url::parse(url).map_err(|_| wrong())?;
        if parsed.scheme() != "https" || !matches!(parsed.path(), "" | "/") {
            return Err(wrong());
        }
        if parsed.port().is_none() {
            // Agents' port, unless the URL says otherwise.
            parsed.set_port(Some(8140)).map_err(|()| wrong())?;
        }
        let tls = options.tls()?;
        let connection = Connection::new(&parsed, || Ok(tls)).map_err(Failure::input)?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            connection,
        })
    }

    /// The edge's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Those of the contents of a push that the store lacks.
    pub(crate) async fn missing_blobs(
        &self,
        environment: &EnvironmentName,
        digests: Vec<Digest>,
    ) -> Result<Vec<Digest>> {
        let mut missing = Vec::new();
        for digests in digests.chunks(DIGESTS) {
            let asked = PushedBlobs {
                environment: environment.clone(),
                digests: digests.to_vec(),
            };
            let answer: MissingBlobs = self.post("blobs/missing", &asked).await?;
            missing.extend(answer.digests);
        }
        Ok(missing)
    }

    /// Puts an upload where the edge says: straight into the bucket, or through the edge.
    pub(crate) async fn upload(&self, key: &UploadKey, archive: Bytes) -> Result<()> {
        let target = key.to_string();
        let asked = self.request(Method::POST, &target, Bytes::new(), ANSWER);
        let answer = self.ask(asked).await?;
        if answer.status == StatusCode::OK {
            let place: UploadPlace = self.document(&answer)?;
            return upload::put(&place, archive).await;
        }
        if answer.status != StatusCode::NO_CONTENT {
            return Err(self.refused(&answer));
        }
        let answer = self
            .ask(self.request(Method::PUT, &target, archive, UPLOAD))
            .await?;
        match answer.status {
            StatusCode::CREATED => Ok(()),
            _ => Err(self.refused(&answer)),
        }
    }

    /// What came of an upload; `None` as long as it is not dealt with.
    pub(crate) async fn upload_result(&self, key: &UploadKey) -> Result<Option<UploadResult>> {
        let asked = self.request(Method::GET, &key.to_string(), Bytes::new(), ANSWER);
        let answer = self.ask(asked).await?;
        match answer.status {
            StatusCode::OK => self.document(&answer).map(Some),
            StatusCode::ACCEPTED => Ok(None),
            _ => Err(self.refused(&answer)),
        }
    }

    /// Those of some nodes that were brought to a sequence.
    pub(crate) async fn brought(&self, expected: &Expected) -> Result<BroughtNodes> {
        self.post("nodes/brought", expected).await
    }

    /// The answer to an order.
    pub(crate) async fn order<T: DeserializeOwned>(
        &self,
        environment: &EnvironmentName,
        order: &SignedOrder,
    ) -> Result<T> {
        self.post(&format!("orders/{environment}"), order).await
    }

    async fn post<T: DeserializeOwned>(&self, what: &str, body: &impl Serialize) -> Result<T> {
        let body = serde_json::to_vec(body).map_err(Failure::input)?;
        let answer = self
            .ask(self.request(Method::POST, what, body.into(), ANSWER))
            .await?;
        match answer.status {
            StatusCode::OK => self.document(&answer),
            _ => Err(self.refused(&answer)),
        }
    }

    fn request(&self, method: Method, what: &str, body: Bytes, time: Duration) -> Outgoing {
        Outgoing {
            method,
            target: format!("/bunraku/v1/{what}"),
            headers: vec![(CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body,
            time,
        }
    }

    /// Sends a request, again as long as the edge says 'later', within bounds.
    async fn ask(&self, request: Outgoing) -> Result<Answer> {
        let began = Instant::now();
        loop {
            let answer = self.connection.send(&request).await;
            let answer = answer
                .map_err(|error| Failure::unreachable(format!("the edge {}: {error}", self.url)))?;
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                return Ok(answer);
            }
            let wait = retry_after(&answer.headers)
                .unwrap_or(NO_WORD)
                .min(LONGEST_WAIT);
            if began.elapsed() + wait > PATIENCE {
                return Err(Failure::unreachable(format!(
                    "the edge {} is busy, or can't reach its store: {}",
                    self.url,
                    answer.words()
                )));
            }
            tracing::info!(seconds = wait.as_secs(), "the edge is busy; trying again");
            tokio::time::sleep(wait).await;
        }
    }

    fn document<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            Failure::unreachable(format!(
                "the edge {} answers with something else than expected: {error}",
                self.url
            ))
        })
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let words = answer.words();
        match answer.status {
            StatusCode::FORBIDDEN => Failure::input(format!(
                "the edge {} lets administrators alone do this: those whose certificate says so (pp_cli_auth), and those \
                 that `bunraku edge --admin CERTNAME` names ({words})",
                self.url
            )),
            status if status.is_client_error() => {
                Failure::input(format!("the edge {} refuses: {words}", self.url))
            }
            _ => Failure::unreachable(format!("the edge {}: {words}", self.url)),
        }
    }
}

/// When to come again, if the answer says so.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
