//! What is in the store for sure: spares a request for each blob of a release that follows another.

use std::collections::HashMap;

use bunraku_farm::Digest;
use bytes::Bytes;

use crate::Bundle;

/// Blobs that were found or put in the store, with their sizes, and the contents of some.
#[derive(Clone, Debug, Default)]
pub struct Held {
    sizes: HashMap<Digest, u64>,
    contents: HashMap<Digest, Bytes>,
}

impl Held {
    /// The blobs of a sealed release. Contents are known by what they are, not by what the bundle
    /// says they are.
    pub fn of(bundle: Bundle) -> Self {
        let entries = bundle.manifest.files.values();
        let sizes = entries.map(|entry| (entry.digest, entry.size)).collect();
        let files = bundle.files.into_values();
        Self {
            sizes,
            contents: files.map(|bytes| (Digest::of(&bytes), bytes)).collect(),
        }
    }

    /// Adds a blob that was put.
    pub fn add(&mut self, digest: Digest, content: Bytes) {
        self.sizes.insert(digest, content.len() as u64);
        self.contents.insert(digest, content);
    }

    /// The size of a blob, in bytes, if it is held.
    pub fn size(&self, digest: Digest) -> Option<u64> {
        self.sizes.get(&digest).copied()
    }

    /// The content of a blob, if it is at hand.
    pub fn content(&self, digest: Digest) -> Option<&Bytes> {
        self.contents.get(&digest)
    }
}
