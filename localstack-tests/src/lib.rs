//! End to end: real agents, the demo site, and the reference.
//!
//! This library is what the tests share; it is not part of the farm. A step that fails is a failed
//! test, so its functions panic.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub mod agent;
pub mod cloud;
pub mod farm;
pub mod https;
pub mod loopback;
pub mod reference;
pub mod runtime_api;
pub mod site;
pub mod tree;

use std::time::{Duration, Instant};

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none in time.
pub fn wait_for<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
