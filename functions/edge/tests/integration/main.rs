//! The edge as clients see it: over TLS, with a store and queue in memory and a compiler that is made up. One binary
//! for all integration tests.

// Helpers of tests may fail as tests do; clippy allows it in test functions alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin;
mod agent;
mod announced;
mod ca;
mod catalog;
mod client;
mod elsewhere;
mod files;
mod refusals;
mod rollout;
mod stopping;
mod support;
mod watcher;
mod watching;
