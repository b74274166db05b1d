//! A stand-in for Lambda's runtime API, which runs a function as a process of this machine.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value as Json, json};

use crate::loopback::{self, Request, Response};

const PATH: &str = "/2018-06-01/runtime/";
/// The name under which functions run.
pub const FUNCTION: &str = "farm-function";
/// The X-Ray header of every invocation.
pub const TRACE: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// A function's answer to one invocation.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which.
    pub request_id: String,
    /// The response, or the error.
    pub result: Result<Json, Json>,
    /// When it was there.
    pub at: Instant,
    /// How long the function had the event.
    pub took: Duration,
}

/// What the API's connections share.
struct Desk {
    waiting: Mutex<Receiver<Invocation>>,
    answered: Mutex<Sender<Answer>>,
    /// When the function got the event at hand.
    handed_out: Mutex<Instant>,
}

struct Invocation {
    request_id: String,
    event: String,
    timeout: Duration,
}

/// The API, served until the process ends.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    invocations: Sender<Invocation>,
    answers: Receiver<Answer>,
}

impl RuntimeApi {
    /// Serves the API for one function.
    #[must_use]
    pub fn start() -> Self {
        let (invocations, waiting) = channel();
        let (answered, answers) = channel();
        let desk = Desk {
            waiting: Mutex::new(waiting),
            answered: Mutex::new(answered),
            handed_out: Mutex::new(Instant::now()),
        };
        let address = loopback::serve(move |request| desk.respond(request));
        Self {
            address,
            invocations,
            answers,
        }
    }

    /// The function's program, in an environment that holds Lambda's variables and nothing else.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", self.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", FUNCTION)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .stdin(Stdio::null());
        command
    }

    /// Invokes the function; its timeout counts from when it gets the event.
    ///
    /// # Panics
    /// When the API is no longer served.
    pub fn invoke(&self, request_id: &str, event: &Json, timeout: Duration) {
        let invocation = Invocation {
            request_id: request_id.to_owned(),
            event: event.to_string(),
            timeout,
        };
        self.invocations.send(invocation).unwrap();
    }

    /// The next answer.
    ///
    /// # Panics
    /// When there is none in time.
    #[must_use]
    pub fn answer(&self, limit: Duration) -> Answer {
        let answer = self.answers.recv_timeout(limit);
        answer.expect("the function answers in time")
    }
}

impl Desk {
    fn respond(&self, request: &Request) -> Response {
        let at = Instant::now();
        let path = request.path.strip_prefix(PATH).unwrap_or_default();
        let words: Vec<&str> = path.split('/').collect();
        let (request_id, result) = match words[..] {
            ["invocation", "next"] => return self.next(),
            ["invocation", id, "response"] => (id, Ok(json(request))),
            ["invocation", id, "error"] => (id, Err(json(request))),
            ["init", "error"] => ("init", Err(json(request))),
            _ => panic!("{} is not of the runtime API", request.path),
        };
        let answer = Answer {
            request_id: request_id.to_owned(),
            result,
            at,
            took: at - *self.handed_out.lock().unwrap(),
        };
        // Nobody may be left to hear of it.
        let _ = self.answered.lock().unwrap().send(answer);
        Response {
            status: 202,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Waits for an invocation, however long it takes.
    fn next(&self) -> Response {
        let waiting = self.waiting.lock().unwrap();
        let Ok(invocation) = waiting.recv() else {
            // Whoever invokes is gone: there will be nothing any more.
            return Response {
                status: 500,
                headers: Vec::new(),
                body: Vec::new(),
            };
        };
        *self.handed_out.lock().unwrap() = Instant::now();
        let ends_at = SystemTime::now() + invocation.timeout;
        let ends_at = ends_at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{FUNCTION}");
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("lambda-runtime-aws-request-id", invocation.request_id),
            (
                "lambda-runtime-deadline-ms",
                ends_at.as_millis().to_string(),
            ),
            ("lambda-runtime-invoked-function-arn", arn),
            ("lambda-runtime-trace-id", TRACE.to_owned()),
        ];
        Response {
            status: 200,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).into(),
            body: invocation.event.into_bytes(),
        }
    }
}

fn json(request: &Request) -> Json {
    serde_json::from_slice(&request.body).expect("an answer is JSON")
}

/// An event of SQS with one record for each body, from the queue `farm-CHANNEL`. The record's number
/// is in its id, `m0`, and its receipt handle, `r0`; each is delivered for the `attempt`th time.
#[must_use]
pub fn sqs_event(channel: &str, attempt: u32, bodies: &[String]) -> Json {
    let records = bodies.iter().enumerate().map(|(number, body)| {
        json!({
            "messageId": format!("m{number}"),
            "receiptHandle": format!("r{number}"),
            "body": body,
            "attributes": {"ApproximateReceiveCount": attempt.to_string(), "SentTimestamp": "1545082649183"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:farm-{channel}"),
            "awsRegion": "us-east-1",
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

/// A process that ends with this value.
#[derive(Debug)]
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
