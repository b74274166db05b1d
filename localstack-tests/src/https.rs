//! A small HTTPS client that can be as rude as a test wants: any path, any certificate.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, SanType};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};

/// A client of one port of this machine. Each request has a connection of its own.
pub struct Client {
    port: u16,
    config: Arc<ClientConfig>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header lines.
    pub head: String,
    /// The body, whole.
    pub body: Vec<u8>,
}

/// A certificate with its key, PEM.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Client {
    /// A client without a certificate.
    #[must_use]
    pub fn anonymous(port: u16) -> Self {
        let config = builder().with_no_client_auth();
        Self {
            port,
            config: Arc::new(config),
        }
    }

    /// A client with a certificate.
    #[must_use]
    pub fn with(port: u16, credentials: &Credentials) -> Self {
        let certificate =
            CertificateDer::from_pem_slice(credentials.certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(credentials.key.as_bytes()).unwrap();
        let config = builder()
            .with_client_auth_cert(vec![certificate], key)
            .unwrap();
        Self {
            port,
            config: Arc::new(config),
        }
    }

    /// Asks for a certificate in the way of agents, and gives a client with it.
    ///
    /// # Panics
    /// When the certificate is not signed at once.
    #[must_use]
    pub fn enrolled(port: u16, certname: &str) -> Self {
        let (request, key) = certificate_request(certname, &[]);
        let anonymous = Self::anonymous(port);
        let path = format!("/puppet-ca/v1/certificate_request/{certname}");
        let answer = anonymous
            .put(&path, "text/plain", request.as_bytes())
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = anonymous
            .get(&format!("/puppet-ca/v1/certificate/{certname}"))
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self::with(
            port,
            &Credentials {
                certificate: answer.text(),
                key,
            },
        )
    }

    /// The settings of its connections.
    #[must_use]
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// GET.
    ///
    /// # Errors
    /// When there is no answer: no connection, or the certificate is refused.
    pub fn get(&self, path: &str) -> io::Result<Answer> {
        self.request("GET", path, &[], &[])
    }

    /// PUT.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn put(&self, path: &str, kind: &str, body: &[u8]) -> io::Result<Answer> {
        self.request("PUT", path, &[("Content-Type", kind)], body)
    }

    /// A catalog request in the way of agents; `facts` is the JSON text.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn catalog(&self, certname: &str, facts: &str) -> io::Result<Answer> {
        let body = catalog_body(facts);
        let path = format!("/puppet/v3/catalog/{certname}?environment=production");
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let accept = (
            "Accept",
            "application/vnd.puppet.rich+json, application/json",
        );
        self.request("POST", &path, &[kind, accept], body.as_bytes())
    }

    /// Any request.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.set_read_timeout(Some(Duration::from_secs(120)))?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let session =
            ClientConnection::new(Arc::clone(&self.config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(session, socket);
        let mut head =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        stream.write_all(head.as_bytes())?;
        // A server may answer, and close, before it has read a body that it refuses.
        let sent = stream.write_all(body).and_then(|()| stream.flush());
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        match Answer::parse(&bytes) {
            Some(answer) => Ok(answer),
            None => Err(sent
                .and(read.map(|_| ()))
                .err()
                .unwrap_or(io::ErrorKind::UnexpectedEof.into())),
        }
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(bytes.get(..end)?).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = bytes.get(end + 4..)?;
        let chunked = head
            .to_ascii_lowercase()
            .contains("\r\ntransfer-encoding: chunked");
        let body = if chunked {
            dechunk(body)?
        } else {
            body.to_vec()
        };
        Some(Self { status, head, body })
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The form that an agent posts for its catalog; `facts` is the JSON text.
#[must_use]
pub fn catalog_body(facts: &str) -> String {
    format!(
        "facts_format=application%2Fjson&facts={}&environment=production&configured_environment=production\
         &check_environment=true&transaction_uuid=00000000-0000-4000-8000-000000000000&job_uuid=\
         &static_catalog=true&checksum_type=sha256.md5",
        escape(&escape(facts)),
    )
}

fn dechunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(bytes.get(..line)?).ok()?, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(bytes.get(line + 2..line + 2 + size)?);
        bytes = bytes.get(line + 4 + size..)?;
    }
}

/// A certificate request for `name`, with further DNS names; and its key. Both PEM.
#[must_use]
pub fn certificate_request(name: &str, alt_names: &[&str]) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = alt_names
        .iter()
        .map(|name| SanType::DnsName((*name).try_into().unwrap()))
        .collect();
    (
        params.serialize_request(&key).unwrap().pem().unwrap(),
        key.serialize_pem(),
    )
}

/// Percent-encoding of all but letters, digits and `-._~`.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let anyone = Arc::new(AnyServer(Arc::clone(&provider)));
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(anyone)
}

/// Takes any server, as an agent does until it has the CA's certificate. That agents can verify
/// ours is shown by the real ones.
#[derive(Debug)]
struct AnyServer(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
