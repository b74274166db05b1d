//! For tests: a server that follows a script.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Answers each request with the next of its answers, given the requests' heads; `None` hangs up.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) heads: Arc<Mutex<Vec<String>>>,
}

pub(crate) type Answer = Box<dyn Fn(&[String]) -> Option<String> + Send>;

impl Server {
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        tokio::spawn(async move {
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = request(&mut stream).await;
                let text = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(head);
                    answer(&seen)
                };
                if let Some(text) = text {
                    stream.write_all(text.as_bytes()).await.unwrap();
                }
            }
        });
        Self { endpoint, heads }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        let line = |head: &String| head.lines().next().unwrap_or_default().to_owned();
        heads.iter().map(line).collect()
    }
}

/// Reads one request whole; its head.
async fn request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let wanted = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= wanted {
                return head.to_owned();
            }
        }
        assert!(count > 0, "the request ended early: {text}");
    }
}

pub(crate) fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(found, value)| found.eq_ignore_ascii_case(name).then_some(value))
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn says(status: &'static str, headers: &'static str, body: &'static str) -> Answer {
    Box::new(move |_| Some(reply(status, headers, body)))
}

pub(crate) fn fails(status: &'static str, code: &'static str) -> Answer {
    Box::new(move |_| {
        let body = format!("<Error><Code>{code}</Code><Message>As\n it is</Message></Error>");
        Some(reply(status, "", &body))
    })
}
