//! Runs a function as Lambda would. `localstack-tests/bench/run` is what calls it.
//!
//! - `runtime_api cold PROGRAM EVENT [NAME=VALUE]...`: starts the function with these variables, invokes it twice with
//!   the event in the file EVENT, and prints one JSON object: `first_ms` from before its start to its first answer, `warm_ms` of
//!   the second invocation
//! - `runtime_api many PROGRAM EVENTS [NAME=VALUE]...`: starts the function, invokes it with each event of the JSON list in
//!   the file EVENTS, and prints one JSON object: its memory in kB, `idle_kb` before the first event, `resident_kb` after the
//!   last and `peak_kb`, and `ms` from the first event to the last answer
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Stdio};
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
        [verb, program, events, variables @ ..] if verb == "many" => {
            let events: Vec<Json> =
                serde_json::from_slice(&std::fs::read(events).unwrap()).unwrap();
            println!("{}", many(Path::new(program), &events, variables));
        }
        _ => panic!("runtime_api cold|many; see the top of its source"),
    }
}

/// The function's program with these variables, for one API.
fn function(api: &RuntimeApi, program: &Path, variables: &[String]) -> Command {
    let mut command = api.command(program);
    let variables = variables
        .iter()
        .map(|word| word.split_once('=').expect("NAME=VALUE"));
    command
        .envs(variables)
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null());
    command
}

fn cold(program: &Path, event: &Json, variables: &[String]) -> Json {
    let api = RuntimeApi::start();
    let mut command = function(&api, program, variables);
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

fn many(program: &Path, events: &[Json], variables: &[String]) -> Json {
    let api = RuntimeApi::start();
    let running = Running(function(&api, program, variables).spawn().unwrap());
    // Answered when the function is up; nothing is opened for it.
    api.invoke("idle", &json!({"Records": []}), TIMEOUT);
    api.answer(TIMEOUT).result.unwrap();
    let memory = |name| memory_kb(running.0.id(), name);
    let idle_kb = memory("VmRSS");
    let began = Instant::now();
    for (number, event) in events.iter().enumerate() {
        api.invoke(&number.to_string(), event, TIMEOUT);
        milliseconds(began, &api.answer(TIMEOUT));
    }
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    json!({"idle_kb": idle_kb, "resident_kb": memory("VmRSS"), "peak_kb": memory("VmHWM"), "ms": ms})
}

/// A line of a process's `/proc/PID/status`, in kB.
fn memory_kb(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
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
