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
mod prebuilt;
mod release;
mod selector;
mod site;
mod upload;

pub use collection::{CollectionDoc, Turn};
pub use environment::{Arrival, EnvironmentDoc, HISTORY, ReleaseChange};
pub use exchange::ExchangeDoc;
pub use facts::FactsDoc;
pub use pointer::{CatalogRef, Failure, Pointer, TraceDocument};
pub use pool::{PoolDoc, PoolNode, PoolNodes};
pub use prebuilt::{Prebuilt, PrebuiltCatalogs, PrebuiltChange};
pub use release::{FileEntry, ReleaseManifest};
pub use selector::{Node, Patterns, Selector, Unknown};
pub use site::{Priority, SiteSettings};
pub use upload::{
    ArchiveFormat, Severity, UploadDiagnostic, UploadKey, UploadManifest, UploadResult,
};

/// The version that documents of this crate are written with.
pub const VERSION: u32 = 1;

pub(crate) const fn version() -> u32 {
    VERSION
}
