//! What modules' Ruby says, read without running it.
//!
//! A compile needs little of a module's Ruby: which attributes a resource type takes. Types declare them in a
//! small language of calls (`newparam(:path)`), which can be read from the syntax tree. What is computed at run
//! time can't be read so; that is an [`Unreadable`] with its place, never a guess.

mod literal;
pub mod types;

pub use types::{
    Attribute, AttributeKind, TitlePattern, TitlePatterns, TypeApi, TypeDefinition, Unreadable,
    read_types,
};
