//! What the edge can be told.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Settings of the edge. The defaults serve one machine with some thousands of agents.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// What `X-Puppet-Version` says. Agents from 3.3 on change their ways without it, and ask for the `locales`
    /// mount from 5.3.4 on.
    pub puppet_version: String,
    /// The `codedir` that paths of files are shown under.
    pub codedir: String,
    /// Certnames that may administer the farm besides those whose certificate says so (`pp_cli_auth`).
    pub admins: Vec<String>,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of a request may take; also how long a connection may idle.
    pub header_timeout: Duration,
    /// How long the body of a request may take.
    pub body_timeout: Duration,
    /// Connections at the same time; further ones are closed at once.
    pub max_connections: usize,
    /// Requests at the same time, those that wait for a compile not counted; further ones get 503.
    pub max_requests: usize,
    /// Longest body of an agent's request, in bytes; longer ones get 413.
    pub max_body: usize,
    /// Longest upload, in bytes.
    pub max_upload: usize,
    /// Agents that may wait for a compile at the same time; further ones get 503 at once.
    pub max_waiting: usize,
    /// Nodes that may watch for their catalogs at the same time, beyond `max_connections`; further ones get 503.
    pub max_watchers: usize,
    /// How many of them may run at the same time after they were told of a new catalog; the others are told when
    /// these are done.
    pub runs_at_once: usize,
    /// When a node that was told to run, and was not heard of since, is taken to be done.
    pub longest_run: Duration,
    /// How often a watching node hears from the edge, if only that it is there.
    pub heartbeat: Duration,
    /// How long an agent waits for a compile before it gets 503. Agents read for ten minutes at most.
    pub wait: Duration,
    /// Bounds of `Retry-After` in seconds; each 503 says a random number between, so that agents spread.
    pub retry_after: RangeInclusive<u64>,
    /// Whether the last good catalog is served when a compile fails, takes too long or can't be begun.
    pub serve_last_good: bool,
    /// How long a compile's failure is answered from memory before an agent's request tries it again.
    pub failure_ttl: Duration,
    /// How long a pointer or environment document may be used before the store is asked again; changes that the
    /// store tells of are seen at once.
    pub document_ttl: Duration,
    /// Bytes of catalogs and files kept in memory.
    pub cache_bytes: u64,
    /// How long connections are still taken once the edge is told to stop, and says so in its status: load balancers
    /// need a while to notice.
    pub grace: Duration,
    /// How long open requests may take to end after that.
    pub drain: Duration,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            puppet_version: "7.23.0".to_owned(),
            codedir: "/etc/puppetlabs/code".to_owned(),
            admins: Vec::new(),
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(60),
            max_connections: 8192,
            max_requests: 512,
            max_body: 16 << 20,
            max_upload: 512 << 20,
            max_waiting: 512,
            max_watchers: 10_000,
            runs_at_once: 50,
            longest_run: Duration::from_secs(600),
            heartbeat: Duration::from_secs(30),
            wait: Duration::from_secs(60),
            retry_after: 10..=60,
            serve_last_good: false,
            failure_ttl: Duration::from_secs(300),
            document_ttl: Duration::from_secs(2),
            cache_bytes: 32 << 20,
            grace: Duration::ZERO,
            drain: Duration::from_secs(10),
        }
    }
}
