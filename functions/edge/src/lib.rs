//! Serves catalogs and files to agents over mutual TLS.
//!
//! The edge speaks the HTTPS API of Puppet Server (`/puppet/v3`, `/puppet-ca/v1`) to unmodified agents, and
//! compiles nothing. A catalog request is answered by copying stored bytes when the node's pointer names the
//! release that the environment has for it and every fact that its trace says was read still has the same value; otherwise
//! the facts are stored, a compile task is put into the `urgent` lane, and the agent waits, within bounds.
//! Whatever is over capacity is answered 503 with `Retry-After` at once.
//!
//! - [`Edge`]: made from a store, a queue and an [`Authority`]; [`Edge::serve`] is its life
//! - [`api`]: the documents of `/bunraku/v1`, for its clients too
//! - `server`: connections, TLS, limits; `routes`: who may ask what; `catalog`, `files`, `ca`, ...: the answers
//! - `farm`: the store behind bounded caches; `watching`: nodes that are told of their new catalogs;
//!   `rollouts`: the clock of staged rollouts

mod admin;
pub mod api;
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
mod orders;
mod report;
mod rollouts;
mod routes;
mod server;
mod status;
mod uploads;
mod watching;

pub use catalog::pointer::{Claims, NodePointer, Verdict};
pub use config::EdgeConfig;
pub use counters::EdgeCounters;
pub use edge::{Authority, Edge, EdgePki, Services};
pub use orders::{Administration, OrderError};
pub use uploads::UploadPlaces;
