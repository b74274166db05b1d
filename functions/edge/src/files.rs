//! The file server: what agents get of a release's modules, from its manifest alone.

pub(crate) mod checksum;
pub(crate) mod content;
pub(crate) mod fnmatch;
pub(crate) mod metadata;
pub(crate) mod mount;
pub(crate) mod options;
pub(crate) mod tree;
