//! What the edge did since its start, beyond the farm's own counters.

use bunraku_farm::counters::Counter;

/// Counters of one edge.
#[derive(Debug, Default)]
pub struct EdgeCounters {
    /// Connections whose handshake succeeded.
    pub connections: Counter,
    /// Connections refused: too many, a failed handshake, a revoked certificate. Agents' probes, which send nothing,
    /// are not counted.
    pub connections_refused: Counter,
    /// Requests, all kinds.
    pub requests: Counter,
    /// Requests refused with 403.
    pub forbidden: Counter,
    /// Requests that failed on our side (500).
    pub errors: Counter,
    /// Catalogs answered without reading the facts, because they were the very same bytes as last time.
    pub catalogs_repeated: Counter,
    /// Catalog requests answered with a compile's failure.
    pub catalogs_failed: Counter,
    /// Waits for a compile that ended without one.
    pub waits_expired: Counter,
    /// Files served: file_content and static_file_content.
    pub files_served: Counter,
    /// Streams of watching nodes that began.
    pub watches: Counter,
    /// New catalogs that watching nodes were told of.
    pub catalogs_told: Counter,
}

impl EdgeCounters {
    /// Names and values, for metrics.
    pub fn values(&self) -> [(&'static str, u64); 11] {
        [
            ("connections", self.connections.get()),
            ("connections_refused", self.connections_refused.get()),
            ("requests", self.requests.get()),
            ("forbidden", self.forbidden.get()),
            ("errors", self.errors.get()),
            ("catalogs_repeated", self.catalogs_repeated.get()),
            ("catalogs_failed", self.catalogs_failed.get()),
            ("waits_expired", self.waits_expired.get()),
            ("files_served", self.files_served.get()),
            ("watches", self.watches.get()),
            ("catalogs_told", self.catalogs_told.get()),
        ]
    }
}
