//! Facts: which are volatile, the digest of those that are not, and documents that a site brings.

mod canonical;
mod site;
mod volatile;

pub use canonical::{stable, stable_digest};
pub use site::{SiteFacts, SiteFactsError};
pub use volatile::is_volatile;
