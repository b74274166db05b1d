//! Runs a function as Lambda would. `localstack-tests/bench/run` is what calls it.
//!
//! - `runtime_api cold PROGRAM EVENT [NAME=VALUE]...`: starts the function with these variables, invokes it twice with
//!   the event in the file EVENT, and prints one JSON object: `first_ms` from before its start to its first answer, `warm_ms` of
//!   the second invocation
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use bunraku_tests::runtime_api::{Answer, Running, RuntimeApi};
use serde_json::{Value as Json, json};

const TIMEOUT: Duration = Duration::from_secs(60);

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [verb, program, event, variables @ ..] if verb == "cold" => {
            let event = serde_json::from_slice(&std::fs::read(event).unwrap()).unwrap();
            println!("{}", cold(Path::new(program), &event, variables));
        }
        _ => panic!("runtime_api cold; see the top of its source"),
    }
}

fn cold(program: &Path, event: &Json, variables: &[String]) -> Json {
    let api = RuntimeApi::start();
    let mut command = api.command(program);
    let variables = variables
        .iter()
        .map(|word| word.split_once('=').expect("NAME=VALUE"));
    command
        .envs(variables)
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null());
    // The event waits, as on Lambda: the process is started for it.
    api.invoke("first", event, TIMEOUT);
    let began = Instant::now();
    let _function = Running(command.spawn().unwrap());
    let first_ms = milliseconds(began, &api.answer(TIMEOUT));
    let began = Instant::now();
    api.invoke("warm", event, TIMEOUT);
    let warm_ms = milliseconds(began, &api.answer(TIMEOUT));
    json!({"first_ms": first_ms, "warm_ms": warm_ms})
}

fn milliseconds(began: Instant, answer: &Answer) -> f64 {
    assert_eq!(
        answer.result,
        Ok(json!({"batchItemFailures": []})),
        "{}",
        answer.request_id
    );
    (answer.at - began).as_secs_f64() * 1000.0
}
