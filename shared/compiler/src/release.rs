//! One state of an environment's code and data, shared by the compiles of all its nodes.

use std::sync::{Arc, Mutex, PoisonError};

use bunraku_catalog::{ExportQuery, ExportedResource, Exports};
use bunraku_hiera::{Config, DataFile, DataFormat, DataSource, Layer, LookupError};
use bunraku_pcore::Value;
use ecow::EcoString;
use rustc_hash::FxHashMap;

use crate::code::CodeCache;
use crate::inputs::{Entry, FileContent, FileMetadata, InputError, Inputs};

/// Where the files of a release are: a bundle in memory, or directories.
///
/// Paths are code paths, as [`Inputs`] has them.
pub trait Files: Send + Sync {
    /// A file's content; `None` when there is no such file.
    fn read(&self, path: &str) -> Result<Option<FileContent>, InputError>;

    /// Whether there is a file or directory at `path`.
    fn exists(&self, path: &str) -> Result<bool, InputError>;

    /// The entries of a directory, sorted by name; `None` when there is no such directory.
    fn list(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError>;

    /// Mode and digest of a file or directory that agents can fetch.
    fn metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError>;

    /// `path` as Puppet shows it: absolute.
    fn display_path(&self, path: &str) -> String;
}

type Parsed<T> = Result<Option<Arc<T>>, LookupError>;

/// A state of code and data with everything that was parsed of it; nothing is parsed twice.
pub struct Release<F> {
    files: F,
    code: CodeCache,
    strict: bunraku_hiera::Strict,
    data: Mutex<FxHashMap<(String, DataFormat), Parsed<DataFile>>>,
    configs: Mutex<FxHashMap<(String, Layer), Parsed<Config>>>,
}

impl<F: Files> Release<F> {
    /// A release over `files`; `strict` says how data files that hold no hash are taken.
    pub fn new(files: F, strict: bunraku_hiera::Strict) -> Self {
        Self {
            files,
            code: CodeCache::new(),
            strict,
            data: Mutex::default(),
            configs: Mutex::default(),
        }
    }

    /// The parsed code of this release.
    pub fn code(&self) -> &CodeCache {
        &self.code
    }

    /// The files.
    pub fn files(&self) -> &F {
        &self.files
    }

    fn text(&self, path: &str) -> Result<Option<FileContent>, LookupError> {
        self.files
            .read(path)
            .map_err(|error| LookupError::new(bunraku_hiera::ErrorKind::Puppet, error.to_string()))
    }

    fn data_file(&self, source: &DataSource<'_>) -> Parsed<DataFile> {
        let key = (source.path.to_owned(), source.format);
        let mut parsed = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        parsed
            .entry(key)
            .or_insert_with(|| {
                let Some(content) = self.text(source.path)? else {
                    return Ok(None);
                };
                DataFile::parse(
                    &content.bytes,
                    source.display_path,
                    source.format,
                    self.strict,
                )
                .map(|file| Some(Arc::new(file)))
            })
            .clone()
    }

    fn config(&self, path: &str, layer: &Layer) -> Parsed<Config> {
        let key = (path.to_owned(), layer.clone());
        let mut parsed = self.configs.lock().unwrap_or_else(PoisonError::into_inner);
        parsed
            .entry(key)
            .or_insert_with(|| {
                let Some(content) = self.text(path)? else {
                    return Ok(None);
                };
                Config::parse(
                    &content.bytes,
                    &self.files.display_path(path),
                    layer,
                    self.strict,
                )
                .map(Some)
            })
            .clone()
    }
}

/// What all nodes export, wherever it is kept.
pub trait ExportPool: Send + Sync {
    /// What [`Exports::answer`] says.
    ///
    /// # Errors
    /// When it can't be read.
    fn answer(
        &self,
        query: &ExportQuery,
        certname: &str,
    ) -> Result<Vec<Arc<ExportedResource>>, InputError>;
}

impl ExportPool for Exports {
    fn answer(
        &self,
        query: &ExportQuery,
        certname: &str,
    ) -> Result<Vec<Arc<ExportedResource>>, InputError> {
        Ok(self.answer(query, certname))
    }
}

/// What is known of one node when its catalog is compiled.
#[derive(Debug, Clone, Default)]
pub struct NodeFacts {
    /// The hash of all facts.
    pub facts: Value,
    /// `$trusted`.
    pub trusted: Value,
    /// `$server_facts`.
    pub server_facts: Value,
}

/// The inputs of one node's compile: a release and what is known of the node.
pub struct NodeInputs<'r, F> {
    release: &'r Release<F>,
    node: NodeFacts,
    /// The node's certname, with what all nodes export; a compile that asks without is refused.
    exports: Option<(EcoString, &'r dyn ExportPool)>,
    now: i128,
    random: u64,
}

impl<'r, F: Files> NodeInputs<'r, F> {
    /// Inputs for a node. `now` (nanoseconds since the epoch) and `random` are what the compile sees as clock and chance.
    pub fn new(release: &'r Release<F>, node: NodeFacts, now: i128, random: u64) -> Self {
        Self {
            release,
            node,
            exports: None,
            now,
            random,
        }
    }

    /// The same with what all nodes export; `certname` is the node, which sees that of others.
    #[must_use]
    pub fn with_exports(
        mut self,
        certname: impl Into<EcoString>,
        exports: &'r dyn ExportPool,
    ) -> Self {
        self.exports = Some((certname.into(), exports));
        self
    }
}

/// The value at `path` below `root`.
fn dig(root: &Value, path: &[EcoString]) -> Option<Value> {
    let mut current = root;
    for key in path {
        current = match current {
            Value::Hash(entries) => entries.get_str(key)?,
            Value::Array(elements) => elements.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(current.clone())
}

impl<F: Files> Inputs for NodeInputs<'_, F> {
    fn fact(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.node.facts, path)
    }

    fn trusted(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.node.trusted, path)
    }

    fn server_fact(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.node.server_facts, path)
    }

    fn file(&self, path: &str) -> Result<Option<FileContent>, InputError> {
        self.release.files.read(path)
    }

    fn exists(&self, path: &str) -> Result<bool, InputError> {
        self.release.files.exists(path)
    }

    fn listing(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        self.release.files.list(path)
    }

    fn data(&self, source: &DataSource<'_>, key: &str) -> Result<Option<Value>, LookupError> {
        match self.release.data_file(source)? {
            Some(file) => file.value(key),
            None => Ok(None),
        }
    }

    fn data_warnings(
        &self,
        source: &DataSource<'_>,
        module: Option<&str>,
    ) -> Result<Vec<String>, LookupError> {
        Ok(self
            .release
            .data_file(source)?
            .map(|file| file.warnings(module))
            .unwrap_or_default())
    }

    fn hiera_config(&self, path: &str, layer: &Layer) -> Result<Option<Arc<Config>>, LookupError> {
        self.release.config(path, layer)
    }

    fn file_metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError> {
        self.release.files.metadata(path)
    }

    fn exported(&self, query: &ExportQuery) -> Result<Vec<Arc<ExportedResource>>, InputError> {
        match &self.exports {
            Some((certname, exports)) => exports.answer(query, certname),
            None => Err(InputError::Refused(
                "Exported resources of other nodes are not at hand here".to_owned(),
            )),
        }
    }

    fn now(&self) -> i128 {
        self.now
    }

    fn random(&self) -> u64 {
        self.random
    }
}
