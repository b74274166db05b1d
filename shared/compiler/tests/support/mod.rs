//! A directory as environment: what both suites of recorded cases compile against.

#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "the test is the world, and stops at a surprise"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_catalog::{ExportQuery, ExportedResource, Exports};
use bunraku_compiler::inputs::{Entry, EntryKind, FileContent, FileMetadata, InputError, Inputs};
use bunraku_hiera::{Config, DataSource, Layer, LookupError};
use bunraku_pcore::{PuppetHash, Value};
use ecow::EcoString;
use sha2::{Digest, Sha256};

/// Code below `root`; no Hiera data, and a clock that stands.
pub(crate) struct Directory {
    pub(crate) root: PathBuf,
    pub(crate) facts: Value,
    pub(crate) trusted: Value,
    pub(crate) server_facts: Value,
    /// Whose compile it is, with what all nodes export.
    pub(crate) exports: (EcoString, Exports),
}

/// A text file of the suite.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A hash of strings.
pub(crate) fn hash(entries: &[(&str, &str)]) -> Value {
    Value::hash(entries.iter().copied().collect::<PuppetHash>())
}

fn dig(root: &Value, path: &[EcoString]) -> Option<Value> {
    path.iter().try_fold(root.clone(), |at, key| match &at {
        Value::Hash(entries) => entries.get_str(key).cloned(),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?).cloned(),
        _ => None,
    })
}

fn kind(path: &Path) -> EntryKind {
    if path.is_dir() {
        EntryKind::Directory
    } else {
        EntryKind::File
    }
}

fn content(path: &Path) -> Option<FileContent> {
    let bytes = std::fs::read(path).ok()?;
    Some(FileContent {
        digest: Arc::from(hex::encode(Sha256::digest(&bytes))),
        bytes: Arc::from(bytes),
    })
}

impl Inputs for Directory {
    fn fact(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.facts, path)
    }

    fn trusted(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.trusted, path)
    }

    fn server_fact(&self, path: &[EcoString]) -> Option<Value> {
        dig(&self.server_facts, path)
    }

    fn file(&self, path: &str) -> Result<Option<FileContent>, InputError> {
        Ok(content(&self.root.join(path)))
    }

    fn exists(&self, path: &str) -> Result<bool, InputError> {
        Ok(self.root.join(path).exists())
    }

    fn listing(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        let Ok(entries) = std::fs::read_dir(self.root.join(path)) else {
            return Ok(None);
        };
        let mut entries: Vec<Entry> = entries
            .flatten()
            .map(|entry| Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind: kind(&entry.path()),
            })
            .collect();
        entries.sort();
        Ok(Some(entries.into()))
    }

    fn data(&self, _source: &DataSource<'_>, _key: &str) -> Result<Option<Value>, LookupError> {
        Ok(None)
    }

    fn data_warnings(
        &self,
        _source: &DataSource<'_>,
        _module: Option<&str>,
    ) -> Result<Vec<String>, LookupError> {
        Ok(Vec::new())
    }

    fn hiera_config(
        &self,
        _path: &str,
        _layer: &Layer,
    ) -> Result<Option<Arc<Config>>, LookupError> {
        Ok(None)
    }

    fn file_metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError> {
        let path = self.root.join(path);
        if !path.exists() {
            return Ok(None);
        }
        let kind = kind(&path);
        let (mode, digest) = match kind {
            EntryKind::Directory => (0o755, None),
            EntryKind::File => (0o644, content(&path).map(|content| content.digest)),
        };
        Ok(Some(FileMetadata { kind, mode, digest }))
    }

    fn exported(&self, query: &ExportQuery) -> Result<Vec<Arc<ExportedResource>>, InputError> {
        let (certname, exports) = &self.exports;
        Ok(exports.answer(query, certname))
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self) -> u64 {
        0
    }
}
