//! The authority as agents and the `openssl` tool see it. One binary for all integration tests.

// Helpers of tests may fail as tests do; clippy allows it in test functions alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod authority;
mod handshake;
mod openssl;
mod support;
mod trust;
