//! Facts: which are volatile, and the digest of those that are not.

mod canonical;
mod volatile;

pub use canonical::{stable, stable_digest};
pub use volatile::is_volatile;
