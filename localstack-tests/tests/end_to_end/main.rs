//! End to end, as users and agents meet it: issue by issue, line by line.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and shows what it found"
)]

mod agent_runs;
mod blocks;
mod comparison;
mod crash;
mod export;
mod exports;
mod publish;
mod refusals;
mod rollout;
mod watching;
