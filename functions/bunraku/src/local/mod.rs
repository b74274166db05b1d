//! Compiles from code on this machine's disk.

mod files;
mod language;
mod site;
mod tree;

pub(crate) use files::LocalFiles;
pub(crate) use language::{Program, facts_values, read_json, read_source, settings};
pub(crate) use site::{facts_documents, trusted_of};
pub(crate) use tree::{LocalFile, read_tree};
