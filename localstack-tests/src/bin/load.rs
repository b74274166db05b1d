//! Load on an edge: keep-alive connections with one client's certificate, each sending the same
//! catalog request again and again. `localstack-tests/bench/run` is what calls it.
//!
//! - `load enroll PORT CERTNAME DIR`: asks the farm for a certificate; writes `DIR/CERTNAME.{crt,key}`
//! - `load first PORT CERTNAME FACTS [CRT KEY]`: asks until the edge is there and serves the catalog, with a new
//!   certificate if none is given
//! - `load run PORT CERTNAME FACTS CRT KEY CLIENTS SECONDS`: prints one JSON object of figures
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use bunraku_tests::https::{Client, Credentials, catalog_body, certificate_request};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use serde_json::json;

/// How long `first` waits for the edge and the catalog.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long connections are made and warmed before anything is counted.
const WARM_UP: Duration = Duration::from_secs(2);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["enroll", port, certname, dir] => {
            let credentials =
                enroll(port.parse().unwrap(), certname).expect("the farm signs at once");
            let file = |end: &str| Path::new(dir).join(format!("{certname}.{end}"));
            std::fs::write(file("crt"), credentials.certificate).unwrap();
            std::fs::write(file("key"), credentials.key).unwrap();
        }
        ["first", port, certname, facts] => first(port, certname, facts, None),
        ["first", port, certname, facts, crt, key] => {
            first(port, certname, facts, Some(read_credentials(crt, key)));
        }
        ["run", port, certname, facts, crt, key, clients, seconds] => {
            let client = Client::with(port.parse().unwrap(), &read_credentials(crt, key));
            let load = Load {
                port: port.parse().unwrap(),
                config: client.config(),
                request: request(certname, &std::fs::read_to_string(facts).unwrap()),
                seconds: Duration::from_secs(seconds.parse().unwrap()),
            };
            load.run(clients.parse().unwrap());
        }
        _ => panic!("load enroll|first|run; see the top of its source"),
    }
}

fn read_credentials(crt: &str, key: &str) -> Credentials {
    let read = |path| std::fs::read_to_string(path).unwrap();
    Credentials {
        certificate: read(crt),
        key: read(key),
    }
}

/// Asks for a certificate; `None` while there is no edge that answers.
fn enroll(port: u16, certname: &str) -> Option<Credentials> {
    let (request, key) = certificate_request(certname, &[]);
    let anonymous = Client::anonymous(port);
    let path = format!("/puppet-ca/v1/certificate_request/{certname}");
    let answer = anonymous
        .put(&path, "text/plain", request.as_bytes())
        .ok()?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = anonymous
        .get(&format!("/puppet-ca/v1/certificate/{certname}"))
        .ok()?;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Some(Credentials {
        certificate: answer.text(),
        key,
    })
}

fn first(port: &str, certname: &str, facts: &str, credentials: Option<Credentials>) {
    let port = port.parse().unwrap();
    let facts = std::fs::read_to_string(facts).unwrap();
    let began = Instant::now();
    let patiently = |ask: &mut dyn FnMut() -> bool| {
        while !ask() {
            assert!(began.elapsed() < PATIENCE, "no answer within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    // A closed port is told by the kernel at once: asking costs the starting farm nothing.
    patiently(&mut || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let mut credentials = credentials;
    patiently(&mut || {
        credentials = credentials.take().or_else(|| enroll(port, certname));
        credentials.is_some()
    });
    let client = Client::with(port, credentials.as_ref().unwrap());
    patiently(&mut || {
        client
            .catalog(certname, &facts)
            .is_ok_and(|answer| answer.status == 200)
    });
}

/// The request as an agent sends it, on a connection that stays open.
fn request(certname: &str, facts: &str) -> Vec<u8> {
    let body = catalog_body(facts);
    format!(
        "POST /puppet/v3/catalog/{certname}?environment=production HTTP/1.1\r\nHost: localhost\r\n\
         User-Agent: Puppet/7.23.0 Ruby/3.1.2-p20 (x86_64-linux-gnu)\r\nX-Puppet-Version: 7.23.0\r\n\
         Accept: application/vnd.puppet.rich+json, application/json\r\nAccept-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len(),
    )
    .into_bytes()
}

struct Load {
    port: u16,
    config: Arc<ClientConfig>,
    request: Vec<u8>,
    seconds: Duration,
}

/// What one connection saw.
struct Seen {
    latencies: Vec<Duration>,
    bytes: usize,
    tls: String,
}

impl Load {
    fn run(&self, clients: usize) {
        let ready = Barrier::new(clients + 1);
        let seen: Vec<Seen> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..clients)
                .map(|_| scope.spawn(|| self.client(&ready)))
                .collect();
            ready.wait();
            clients
                .into_iter()
                .map(|client| client.join().unwrap())
                .collect()
        });
        let mut latencies: Vec<Duration> = seen
            .iter()
            .flat_map(|seen| seen.latencies.iter().copied())
            .collect();
        latencies.sort_unstable();
        let count = latencies.len();
        let at = |part: f64| {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss
            )]
            let index = ((count as f64 * part) as usize).min(count.saturating_sub(1));
            latencies
                .get(index)
                .map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
        };
        let one = seen.first().expect("a client");
        assert!(
            seen.iter().all(|seen| seen.bytes == one.bytes),
            "replies of different lengths"
        );
        #[allow(clippy::cast_precision_loss)]
        let rate = count as f64 / self.seconds.as_secs_f64();
        println!(
            "{}",
            json!({
                "clients": clients, "seconds": self.seconds.as_secs(), "requests": count, "per_second": rate,
                "p50_ms": at(0.50), "p99_ms": at(0.99), "max_ms": at(1.0),
                "request_bytes": self.request.len(), "body_bytes": one.bytes, "tls": one.tls,
            })
        );
    }

    fn client(&self, ready: &Barrier) -> Seen {
        let socket = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        socket.set_nodelay(true).unwrap();
        let session = ClientConnection::new(
            Arc::clone(&self.config),
            ServerName::try_from("localhost").unwrap(),
        )
        .unwrap();
        let mut stream = StreamOwned::new(session, socket);
        let mut buffer = vec![0; 1 << 20];
        let mut bytes = self.exchange(&mut stream, &mut buffer);
        ready.wait();
        let warm = Instant::now() + WARM_UP;
        while Instant::now() < warm {
            bytes = self.exchange(&mut stream, &mut buffer);
        }
        let end = warm + self.seconds;
        let mut latencies = Vec::with_capacity(1 << 16);
        loop {
            let began = Instant::now();
            if began >= end {
                break;
            }
            assert_eq!(
                self.exchange(&mut stream, &mut buffer),
                bytes,
                "a reply of another length"
            );
            latencies.push(began.elapsed());
        }
        let tls = format!(
            "{:?} {:?}",
            stream.conn.protocol_version().unwrap(),
            stream.conn.negotiated_cipher_suite().unwrap().suite()
        );
        Seen {
            latencies,
            bytes,
            tls,
        }
    }

    /// One request and its reply; the length of the reply's body.
    fn exchange(
        &self,
        stream: &mut StreamOwned<ClientConnection, TcpStream>,
        buffer: &mut [u8],
    ) -> usize {
        stream.write_all(&self.request).unwrap();
        stream.flush().unwrap();
        let mut filled = 0;
        let head = loop {
            let read = stream.read(&mut buffer[filled..]).unwrap();
            assert_ne!(read, 0, "the connection was closed");
            filled += read;
            if let Some(end) = buffer[..filled]
                .windows(4)
                .position(|four| four == b"\r\n\r\n")
            {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(&buffer[..head])
            .unwrap()
            .to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        assert!(text.contains("\r\ncontent-encoding: gzip\r\n"), "{text}");
        let length = text
            .split("\r\ncontent-length: ")
            .nth(1)
            .and_then(|rest| rest.split('\r').next());
        let length: usize = length.expect("a reply with its length").parse().unwrap();
        while filled < head + length {
            let read = stream.read(&mut buffer[filled..]).unwrap();
            assert_ne!(read, 0, "the connection was closed");
            filled += read;
        }
        length
    }
}
