//! Serves catalogs and files to agents over mutual TLS.
//!
//! The edge speaks the HTTPS API of Puppet Server (`/puppet/v3`, `/puppet-ca/v1`) to unmodified agents, and
//! compiles nothing. A catalog request is answered by copying stored bytes when the node's pointer names the
//! environment's current release and every fact that its trace says was read still has the same value; otherwise
//! the facts are stored, a compile task is put into the `urgent` lane, and the agent waits, within bounds.
//! Whatever is over capacity is answered 503 with `Retry-After` at once.
//!
//! - [`Edge`]: made from a store, a queue and an authority; [`Edge::serve`] is its life
//! - `server`: connections, TLS, limits; `routes`: who may ask what; `catalog`, `files`, `ca`, ...: the answers
//! - `farm`: the store behind bounded caches

mod admin;
mod bucket;
mod ca;
mod catalog;
mod config;
mod counters;
mod edge;
mod farm;
mod files;
mod http;
mod node;
mod report;
mod routes;
mod server;
mod status;

pub use config::EdgeConfig;
pub use counters::EdgeCounters;
pub use edge::{Edge, EdgePki};
