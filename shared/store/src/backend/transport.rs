//! How requests are sent through `object_store`, to whatever cloud.

use std::time::Duration;

use object_store::{BackoffConfig, ClientOptions, RetryConfig};

/// A connection must stand after this time.
pub(super) const CONNECT: Duration = Duration::from_secs(3);
/// An answer must come, and go on, after this time. With [`RETRYING`] it bounds a call to less
/// than the minute that a function has.
pub(super) const ANSWER: Duration = Duration::from_secs(20);
/// After this time no request is sent again.
const RETRYING: Duration = Duration::from_secs(20);
/// S3 closes connections that are idle for some 20 s; earlier is safer than a lost request.
const IDLE: Duration = Duration::from_secs(10);

/// Limits of time; an endpoint may be `http://`.
pub(super) fn client() -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(true)
        .with_connect_timeout(CONNECT)
        // For progress, not for the whole: bundles may take their time.
        .with_timeout_disabled()
        .with_read_timeout(ANSWER)
        .with_pool_idle_timeout(IDLE)
}

/// What is sent again: what the server can't do now, and what did not reach it.
pub(super) fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(4),
            base: 2.0,
        },
        max_retries: 10,
        retry_timeout: RETRYING,
    }
}
