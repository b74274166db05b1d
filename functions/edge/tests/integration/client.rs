//! An HTTPS client with a certificate or without one.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsConnector;

/// A certificate and its key, PEM.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.plain()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.plain()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn plain(&self) -> Vec<u8> {
        if self.header("content-encoding") != "gzip" {
            return self.body.to_vec();
        }
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut GzDecoder::new(self.body.as_ref()), &mut plain).unwrap();
        plain
    }
}

/// A client: one connection per request.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) config: Arc<ClientConfig>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, ca_pem: &str, pair: Option<&Pair>) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(ca_pem.as_bytes()) {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match pair {
            None => builder.with_no_client_auth(),
            Some(pair) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        Self {
            address,
            config: Arc::new(config),
        }
    }

    /// Sends a request; an error when the connection was refused.
    pub(crate) async fn try_send(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let stream = tokio::net::TcpStream::connect(self.address)
            .await
            .map_err(|e| e.to_string())?;
        let connector = TlsConnector::from(Arc::clone(&self.config));
        let stream = connector
            .connect("localhost".try_into().unwrap(), stream)
            .await
            .map_err(|e| e.to_string())?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        let driver = tokio::spawn(connection);
        let reply = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
        driver.abort();
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let answer = self.try_send(request).await.unwrap();
        assert_eq!(answer.header("x-puppet-version"), "7.23.0");
        answer
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(
            "GET",
            target,
            &[("accept", "application/json, text/pson")],
            Bytes::new(),
        )
        .await
    }

    pub(crate) async fn put(
        &self,
        target: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        self.send(
            "PUT",
            target,
            &[
                ("content-type", content_type),
                ("accept", "application/json"),
            ],
            body,
        )
        .await
    }
}

/// A catalog request as an agent of version 7 makes it.
pub(crate) fn catalog_form(facts: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let once = utf8_percent_encode(facts, NON_ALPHANUMERIC).to_string();
    let twice = utf8_percent_encode(&once, NON_ALPHANUMERIC);
    format!(
        "facts_format=application%2Fjson&facts={twice}&environment=production&configured_environment=production&\
         check_environment=true&transaction_uuid=2c4&job_uuid=&static_catalog=true&checksum_type=sha256.sha384"
    )
}

pub(crate) const RICH: &str = "application/vnd.puppet.rich+json, application/json, \
     application/vnd.puppet.rich+msgpack, application/x-msgpack, text/pson";

impl Client {
    pub(crate) async fn catalog(&self, name: &str, facts: &str) -> Answer {
        let headers = [
            ("accept", RICH),
            ("accept-encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let target = format!("/puppet/v3/catalog/{name}?environment=production");
        self.send("POST", &target, &headers, catalog_form(facts))
            .await
    }
}
