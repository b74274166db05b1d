//! Verifies a node's trace, compiles if it broke, swings the pointer.
//!
//! [`Compile::handle`] takes one [`CompileTask`](bunraku_farm::messages::CompileTask) and brings its
//! node to the environment's current release: nothing to do, a catalog that still holds, or a new
//! one. It may be killed at any instant and called again; a late or doubled task finds the pointer
//! ahead of it.

mod bundle_files;
mod checkouts;
mod engine;
mod environments;
mod exchange;
mod handler;
mod native;
mod own;
mod pool;
mod prebuilt;
mod releases;
mod replay;

pub use bundle_files::ENVIRONMENTS;
pub use engine::{Compiled, Engine, EngineError, Site};
pub use exchange::{Collects, Exchanged};
pub use handler::{Compile, CompileError, Handled};
pub use native::{COMPILER, Native};
pub use own::Own;
pub use pool::PoolView;
pub use releases::Releases;
pub use replay::{ReplayError, Replayed, replay};

#[cfg(test)]
mod tests;
