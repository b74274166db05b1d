//! The documents in the object store: JSON, one type per file.
//!
//! Unknown fields are ignored everywhere and new fields get defaults, so that workers of two
//! versions can share a store; `version` is raised only when an old reader would go wrong.

mod collection;
mod environment;
mod exchange;
mod facts;
mod pointer;
mod pool;
mod release;
mod site;
mod upload;

pub use collection::CollectionDoc;
pub use environment::{Arrival, EnvironmentDoc, HISTORY, ReleaseChange};
pub use exchange::ExchangeDoc;
pub use facts::FactsDoc;
pub use pointer::{CatalogRef, Failure, Pointer, TraceDocument};
pub use pool::{PoolDoc, PoolNode, PoolNodes};
pub use release::{FileEntry, ReleaseManifest};
pub use site::{Node, Patterns, Priority, SiteSettings, Unknown};
pub use upload::{
    ArchiveFormat, Severity, UploadDiagnostic, UploadKey, UploadManifest, UploadResult,
};

/// The version that documents of this crate are written with.
pub const VERSION: u32 = 1;

const fn version() -> u32 {
    VERSION
}
