//! The recorder around [`Inputs`]: what was read, with the digest of the answer.

use std::cell::RefCell;
use std::sync::Arc;

use bunraku_catalog::{AnswerDigest, ExportQuery, ExportedResource, Read, Trace, exported_digest};
use bunraku_hiera::{Config, DataSource, Layer, LookupError};
use bunraku_pcore::Value;
use ecow::EcoString;
use rustc_hash::FxHashMap;
use serde_json::json;

use crate::inputs::{Entry, EntryKind, FileContent, FileMetadata, InputError, Inputs};
use crate::scope::{FactPath, FactRoot};

/// Answers each question once and notes it in the trace.
pub(crate) struct Recorder<'a> {
    inputs: &'a dyn Inputs,
    trace: RefCell<Trace>,
    facts: RefCell<FxHashMap<Read, Option<Value>>>,
    files: RefCell<FxHashMap<EcoString, Option<FileContent>>>,
    listings: RefCell<FxHashMap<EcoString, Option<Arc<[Entry]>>>>,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(inputs: &'a dyn Inputs) -> Self {
        Self {
            inputs,
            trace: RefCell::default(),
            facts: RefCell::default(),
            files: RefCell::default(),
            listings: RefCell::default(),
        }
    }

    /// The trace so far, leaving an empty one.
    pub(crate) fn take_trace(&self) -> Trace {
        self.trace.take()
    }

    /// Notes a read that was answered elsewhere (a setting, what a node classifier said).
    pub(crate) fn note(&self, read: Read, answer: AnswerDigest) {
        self.trace.borrow_mut().record(read, answer);
    }

    /// The value at a path within facts, trusted data or server facts.
    pub(crate) fn fact(&self, path: &FactPath) -> Option<Value> {
        let keys = path.keys.to_vec();
        let read = match path.root {
            FactRoot::Facts => Read::Fact(keys),
            FactRoot::Trusted => Read::Trusted(keys),
            FactRoot::ServerFacts => Read::ServerFact(keys),
        };
        if let Some(answer) = self.facts.borrow().get(&read) {
            return answer.clone();
        }
        let answer = self.peek_fact(path);
        self.note(read.clone(), AnswerDigest::of_value_option(answer.as_ref()));
        self.facts.borrow_mut().insert(read, answer.clone());
        answer
    }

    /// The value at a path, without a note: only to learn its shape on the way to what is noted.
    pub(crate) fn peek_fact(&self, path: &FactPath) -> Option<Value> {
        match path.root {
            FactRoot::Facts => self.inputs.fact(&path.keys),
            FactRoot::Trusted => self.inputs.trusted(&path.keys),
            FactRoot::ServerFacts => self.inputs.server_fact(&path.keys),
        }
    }

    /// A file's content.
    pub(crate) fn file(&self, path: &str) -> Result<Option<FileContent>, InputError> {
        if let Some(answer) = self.files.borrow().get(path) {
            return Ok(answer.clone());
        }
        let answer = self.inputs.file(path)?;
        self.note(Read::File(path.into()), file_digest(answer.as_ref()));
        self.files.borrow_mut().insert(path.into(), answer.clone());
        Ok(answer)
    }

    /// Whether there is a file or directory, whatever it holds.
    pub(crate) fn exists(&self, path: &str) -> Result<bool, InputError> {
        let answer = self.inputs.exists(path)?;
        self.note(Read::Exists(path.into()), existence_digest(answer));
        Ok(answer)
    }

    /// Names within a directory.
    pub(crate) fn listing(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        if let Some(answer) = self.listings.borrow().get(path) {
            return Ok(answer.clone());
        }
        let answer = self.inputs.listing(path)?;
        self.note(
            Read::Listing(path.into()),
            listing_digest(answer.as_deref()),
        );
        self.listings
            .borrow_mut()
            .insert(path.into(), answer.clone());
        Ok(answer)
    }

    /// A top-level key of a Hiera data file.
    pub(crate) fn data(
        &self,
        source: &DataSource<'_>,
        key: &str,
    ) -> Result<Option<Value>, LookupError> {
        let answer = self.inputs.data(source, key)?;
        let read = Read::Data {
            path: source.path.into(),
            key: key.into(),
        };
        self.note(read, AnswerDigest::of_value_option(answer.as_ref()));
        Ok(answer)
    }

    /// What is to be logged when a data file is first used. It follows from the file, whose keys are noted.
    pub(crate) fn data_warnings(
        &self,
        source: &DataSource<'_>,
        module: Option<&str>,
    ) -> Result<Vec<String>, LookupError> {
        self.inputs.data_warnings(source, module)
    }

    /// A Hiera configuration; the whole file counts.
    pub(crate) fn hiera_config(
        &self,
        path: &str,
        layer: &Layer,
    ) -> Result<Option<Arc<Config>>, LookupError> {
        if let Ok(content) = self.inputs.file(path) {
            self.note(Read::File(path.into()), file_digest(content.as_ref()));
        }
        self.inputs.hiera_config(path, layer)
    }

    /// Mode and digest of a served file.
    pub(crate) fn file_metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError> {
        let answer = self.inputs.file_metadata(path)?;
        self.note(
            Read::FileMetadata(path.into()),
            metadata_digest(answer.as_ref()),
        );
        Ok(answer)
    }

    /// What other nodes export.
    pub(crate) fn exported(
        &self,
        query: &ExportQuery,
    ) -> Result<Vec<Arc<ExportedResource>>, InputError> {
        let answer = self.inputs.exported(query)?;
        let read = Read::Exported(ecow::eco_format!("{query}"));
        self.note(read, exported_digest(&answer));
        Ok(answer)
    }

    /// The clock, in nanoseconds since the epoch; the trace holds no longer than that instant.
    #[expect(dead_code, reason = "no built-in function asks for the time yet")]
    pub(crate) fn now(&self) -> i128 {
        let now = self.inputs.now();
        self.note(Read::Clock, AnswerDigest::of_bytes(&now.to_le_bytes()));
        now
    }

    /// A random number; the trace never holds.
    #[expect(dead_code, reason = "no built-in function draws yet")]
    pub(crate) fn random(&self) -> u64 {
        let number = self.inputs.random();
        self.note(Read::Random, AnswerDigest::of_bytes(&number.to_le_bytes()));
        number
    }
}

/// Digest of the answer to [`Inputs::file`] in a trace: the content's SHA-256, so that a release's
/// own list of digests answers it.
#[must_use]
pub fn file_digest(answer: Option<&FileContent>) -> AnswerDigest {
    answer.map_or_else(AnswerDigest::absent, |content| {
        content
            .digest
            .parse()
            .unwrap_or_else(|_| AnswerDigest::of_bytes(&content.bytes))
    })
}

/// Digest of the answer to [`Inputs::exists`] in a trace.
#[must_use]
pub fn existence_digest(answer: bool) -> AnswerDigest {
    AnswerDigest::of_json(&json!(answer))
}

/// Digest of the answer to [`Inputs::listing`] in a trace: the names, those of directories with `/` behind.
#[must_use]
pub fn listing_digest(answer: Option<&[Entry]>) -> AnswerDigest {
    answer.map_or_else(AnswerDigest::absent, |entries| {
        let names: Vec<String> = entries
            .iter()
            .map(|entry| match entry.kind {
                EntryKind::File => entry.name.clone(),
                EntryKind::Directory => format!("{}/", entry.name),
            })
            .collect();
        AnswerDigest::of_json(&json!(names))
    })
}

/// Digest of the answer to [`Inputs::file_metadata`] in a trace.
#[must_use]
pub fn metadata_digest(answer: Option<&FileMetadata>) -> AnswerDigest {
    answer.map_or_else(AnswerDigest::absent, |metadata| {
        let directory = metadata.kind == EntryKind::Directory;
        AnswerDigest::of_json(&json!([
            directory,
            metadata.mode,
            metadata.digest.as_deref()
        ]))
    })
}
