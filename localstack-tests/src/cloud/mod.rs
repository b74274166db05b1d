//! The farm on an emulator of AWS, as `localstack-tests/run` starts one.

pub mod edge;
pub mod proxy;
pub mod stack;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use crate::farm::text;

pub use stack::Stack;

/// The repository.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where the emulator is (`http://127.0.0.1:PORT`).
///
/// # Panics
/// When no emulator was started for the tests.
#[must_use]
pub fn endpoint() -> String {
    std::env::var("BUNRAKU_TEST_ENDPOINT").expect("BUNRAKU_TEST_ENDPOINT: run localstack-tests/run")
}

/// The address at which the emulator's functions reach this machine: not 127.0.0.1 where they run in
/// containers.
#[must_use]
pub fn host() -> String {
    std::env::var("BUNRAKU_TEST_HOST").unwrap_or_else(|_| "127.0.0.1".to_owned())
}

/// Which emulator it is: `localstack` or `ministack`.
///
/// # Panics
/// When no emulator was started for the tests.
#[must_use]
pub fn kind() -> String {
    std::env::var("BUNRAKU_TEST_CLOUD").expect("BUNRAKU_TEST_CLOUD: run localstack-tests/run")
}

/// The AWS command line, at the emulator.
#[must_use]
pub fn aws(args: &[&str]) -> Command {
    static TOOLS: OnceLock<PathBuf> = OnceLock::new();
    let tools = TOOLS.get_or_init(|| {
        let setup = repository().join("localstack-tests/python/setup");
        let made = Command::new(setup).arg("tools").output().unwrap();
        assert!(made.status.success(), "{}", text(&made));
        PathBuf::from(String::from_utf8(made.stdout).unwrap().trim())
    });
    let mut aws = Command::new(tools.join("bin/aws"));
    aws.args(["--endpoint-url", &endpoint()])
        .args(args)
        .stdin(Stdio::null());
    aws
}

/// Runs a command that has to succeed.
///
/// # Panics
/// When it does not.
pub fn succeed(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    output
}
