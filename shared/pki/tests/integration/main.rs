//! The authority as agents and the `openssl` tool see it. One binary for all integration tests.

mod authority;
mod handshake;
mod openssl;
mod support;
