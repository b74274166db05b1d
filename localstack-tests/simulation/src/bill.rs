//! Requests by how AWS charges them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// S3: GET and HEAD.
    Get,
    /// S3: PUT.
    Put,
    /// S3: LIST, a thousand names each.
    List,
    /// S3: DELETE, which is free.
    Delete,
    /// SQS: send, of up to ten messages.
    Send,
    /// SQS: receive.
    Receive,
    /// SQS: delete, and changes of a lease.
    Settle,
}

impl Request {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Get,
        Self::Put,
        Self::List,
        Self::Delete,
        Self::Send,
        Self::Receive,
        Self::Settle,
    ];

    /// Its name in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "S3 GET, HEAD",
            Self::Put => "S3 PUT",
            Self::List => "S3 LIST",
            Self::Delete => "S3 DELETE",
            Self::Send => "SQS send",
            Self::Receive => "SQS receive",
            Self::Settle => "SQS delete, extend",
        }
    }
}

/// How many requests of each kind were made.
pub type RequestCounts = BTreeMap<Request, u64>;

/// Counts requests.
#[derive(Debug, Default)]
pub(crate) struct Requests([AtomicU64; Request::ALL.len()]);

impl Requests {
    pub(crate) fn count(&self, request: Request) {
        self.add(request, 1);
    }

    pub(crate) fn add(&self, request: Request, count: u64) {
        self.0[request as usize].fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> RequestCounts {
        let count = |request: Request| (request, self.0[request as usize].load(Ordering::Relaxed));
        Request::ALL.into_iter().map(count).collect()
    }
}
