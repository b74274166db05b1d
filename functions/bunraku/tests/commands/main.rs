//! The command line from outside: what commands print and how they end.

// Helpers of tests may fail as tests do; clippy allows it in test functions alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cost;
mod doctor;
mod exports;
mod garbage;
mod package;
mod queues;
mod sqs_server;
mod variables;
mod work;

use std::process::{Command, Output};

/// The program, without what the surroundings say of a farm, and with credentials that are good
/// nowhere.
fn bunraku(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bunraku"));
    command
        .args(arguments)
        .env_remove("BUNRAKU_STORE")
        .env_remove("BUNRAKU_QUEUE")
        .env_remove("AWS_PROFILE")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

/// How a command ended.
struct Ended {
    code: i32,
    stdout: String,
    stderr: String,
}

fn run(command: &mut Command) -> Ended {
    ended(command.output().expect("the program starts"))
}

fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().expect("no signal"),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

impl Ended {
    /// The one JSON document on standard output.
    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}
