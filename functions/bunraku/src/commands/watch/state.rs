//! What is remembered of the catalog that was applied last.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::document;
use crate::failure::Result;

/// The state file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Document {
    version: u32,
    /// The catalog's digest, as events name it.
    catalog: Option<String>,
    /// When that was so.
    at: Option<Timestamp>,
}

/// Which catalog the node has.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    catalog: Option<String>,
}

impl State {
    /// Reads what is remembered, and makes sure that it can be written.
    pub(super) fn open(path: PathBuf) -> Result<Self> {
        let document: Document = document::read(&path)?.unwrap_or_default();
        let state = Self {
            path,
            catalog: document.catalog,
        };
        state.save()?;
        Ok(state)
    }

    /// The catalog's digest.
    pub(super) fn catalog(&self) -> Option<&str> {
        self.catalog.as_deref()
    }

    /// Remembers a catalog.
    pub(super) fn set(&mut self, catalog: &str) -> Result<()> {
        if self.catalog() == Some(catalog) {
            return Ok(());
        }
        self.catalog = Some(catalog.to_owned());
        self.save()
    }

    fn save(&self) -> Result<()> {
        let document = Document {
            version: 1,
            catalog: self.catalog.clone(),
            at: Some(Timestamp::now()),
        };
        document::write(&self.path, &document)
    }
}
