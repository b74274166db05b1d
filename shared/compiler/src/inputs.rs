//! The one door: everything a catalog depends on comes through [`Inputs`].

use std::sync::Arc;

use bunraku_catalog::{ExportQuery, ExportedResource};
use bunraku_hiera::{Config, DataSource, Layer, LookupError};
use bunraku_pcore::Value;
use ecow::EcoString;

/// A file of the release, with the digest of its content.
#[derive(Debug, Clone)]
pub struct FileContent {
    /// The bytes, as they were pushed.
    pub bytes: Arc<[u8]>,
    /// SHA-256 of the bytes, lower-case hex.
    pub digest: Arc<str>,
}

/// What kind of thing a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// One name in a directory listing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, without its directory.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What an agent needs to know of a served file, to manage it without asking again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMetadata {
    /// What it is.
    pub kind: EntryKind,
    /// Permission bits, for example `0o644`.
    pub mode: u32,
    /// SHA-256 of a file's content, lower-case hex; absent for a directory.
    pub digest: Option<Arc<str>>,
}

/// Why an input could not be given. Absence is no error: it is the answer `None`.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InputError {
    /// The input exists and can't be read or understood (for example broken YAML). The text is Puppet's.
    #[error("{message}")]
    Invalid {
        /// What is wrong, in Puppet's words where it has some.
        message: String,
        /// The file that is wrong, as a display path.
        file: Option<String>,
        /// 1-based line.
        line: Option<u32>,
        /// 1-based column.
        column: Option<u32>,
    },
    /// The input can't be given here at all, so the compile must stop rather than guess.
    #[error("{0}")]
    Refused(String),
}

/// Everything a catalog reads.
///
/// Paths of code and data are relative to the environment's root with `/` between segments
/// (`modules/ntp/manifests/init.pp`); a path that starts with `/` lies outside of the environment
/// (a module directory given on the command line). Implementations answer the same question in
/// the same way for as long as they live: a compile sees one state of the world.
pub trait Inputs: Sync {
    /// The fact at `path` (`["os", "family"]`; array indexes are decimal segments); an empty path is the hash of all facts.
    fn fact(&self, path: &[EcoString]) -> Option<Value>;

    /// Trusted data at `path`; an empty path is the whole hash.
    fn trusted(&self, path: &[EcoString]) -> Option<Value>;

    /// Server facts at `path`; an empty path is the whole hash.
    fn server_fact(&self, path: &[EcoString]) -> Option<Value>;

    /// A file's content; `None` when there is no such file.
    fn file(&self, path: &str) -> Result<Option<FileContent>, InputError>;

    /// Whether there is a file or directory at `path`.
    fn exists(&self, path: &str) -> Result<bool, InputError>;

    /// The entries of a directory, sorted by name; `None` when there is no such directory.
    fn listing(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError>;

    /// The value of a top-level `key` of a Hiera data file; `None` when the file or the key is absent.
    fn data(&self, source: &DataSource<'_>, key: &str) -> Result<Option<Value>, LookupError>;

    /// What is to be logged when a data file is first used; `module` names the module whose data it is.
    fn data_warnings(
        &self,
        source: &DataSource<'_>,
        module: Option<&str>,
    ) -> Result<Vec<String>, LookupError>;

    /// The Hiera configuration at `path`, parsed; `None` when there is no such file.
    fn hiera_config(&self, path: &str, layer: &Layer) -> Result<Option<Arc<Config>>, LookupError>;

    /// Mode and digest of a file or directory that agents can fetch.
    fn file_metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError>;

    /// What other nodes export and `query` asks for, sorted by certname, then title.
    fn exported(&self, query: &ExportQuery) -> Result<Vec<Arc<ExportedResource>>, InputError>;

    /// The clock, in nanoseconds since the epoch. A catalog that reads it is never reused.
    fn now(&self) -> i128;

    /// A random number. A catalog that reads it is never reused.
    fn random(&self) -> u64;
}
