//! As much of SQS as the doctor asks: queues by name, each with its attributes.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// Attributes of queues by name.
pub(crate) type Queues = BTreeMap<String, Value>;

/// The queues of a farm as the template makes them.
pub(crate) fn farm(prefix: &str) -> Queues {
    let mut queues = Queues::new();
    for channel in ["uploads", "plans", "urgent", "normal", "bulk"] {
        let name = format!("{prefix}-{channel}");
        let arn = |name: &str| format!("arn:aws:sqs:us-east-1:000000000000:{name}");
        let dead = format!("{name}-dead");
        let redrive = json!({ "deadLetterTargetArn": arn(&dead), "maxReceiveCount": 5 });
        let allowed = json!({ "redrivePermission": "byQueue", "sourceQueueArns": [arn(&name)] });
        let lane = json!({
            "RedrivePolicy": redrive.to_string(), "VisibilityTimeout": "390", "SqsManagedSseEnabled": "true",
            "MessageRetentionPeriod": "864000", "ApproximateNumberOfMessages": "0",
        });
        let letters = json!({
            "RedriveAllowPolicy": allowed.to_string(), "SqsManagedSseEnabled": "true",
            "MessageRetentionPeriod": "1209600", "ApproximateNumberOfMessages": "0",
        });
        queues.insert(name, lane);
        queues.insert(dead, letters);
    }
    queues
}

/// Serves the queues for as long as the test runs; gives the endpoint.
pub(crate) fn serve(queues: Queues) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let queues = Arc::new(queues);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let queues = Arc::clone(&queues);
            std::thread::spawn(move || answer(&queues, &stream.unwrap()));
        }
    });
    endpoint
}

/// Answers one request and closes the connection.
fn answer(queues: &Queues, mut stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut action, mut length) = (String::new(), 0);
    let mut line = String::new();
    while reader.read_line(&mut line).unwrap() > 2 {
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "x-amz-target" => action = value.trim().to_owned(),
            "content-length" => length = value.trim().parse().unwrap(),
            _ => {}
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, answer) = act(queues, &action, &asked);
    let answer = answer.to_string();
    let length = answer.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{answer}"
    )
    .unwrap();
}

fn act(queues: &Queues, action: &str, asked: &Value) -> (&'static str, Value) {
    let text = |name: &str| asked[name].as_str().unwrap_or_default();
    let name = match action {
        "AmazonSQS.GetQueueUrl" => text("QueueName"),
        _ => text("QueueUrl").rsplit('/').next().unwrap_or_default(),
    };
    let Some(attributes) = queues.get(name) else {
        let error =
            json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue" });
        return ("400 Bad Request", error);
    };
    let answer = match action {
        "AmazonSQS.GetQueueUrl" => {
            json!({ "QueueUrl": format!("http://127.0.0.1/000000000000/{name}") })
        }
        "AmazonSQS.GetQueueAttributes" => json!({ "Attributes": attributes }),
        _ => json!({ "Messages": [] }),
    };
    ("200 OK", answer)
}
