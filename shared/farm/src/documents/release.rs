//! The sealed tree of a release.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::DigestBuilder;
use crate::{CodePath, Digest};

/// One file of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileEntry {
    /// Digest of the content, which is the blob's name.
    pub digest: Digest,
    /// Size of the content in bytes.
    pub size: u64,
    /// Permission bits, such as `0o644`; in JSON the plain number (420).
    pub mode: u32,
}

/// `releases/<env>/<release>.json`: every file of a release. Immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseManifest {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// Digest of the tree: [`ReleaseManifest::digest_of`] of `files`.
    pub release: Digest,
    /// The files by their path.
    pub files: BTreeMap<CodePath, FileEntry>,
}

impl ReleaseManifest {
    /// Seals a tree: computes its digest.
    pub fn new(files: BTreeMap<CodePath, FileEntry>) -> Self {
        Self {
            version: super::VERSION,
            release: Self::digest_of(&files),
            files,
        }
    }

    /// The release digest: over each file's path, permission bits and blob digest, in the order of
    /// the paths' bytes. Sizes follow from the digests and do not enter.
    pub fn digest_of(files: &BTreeMap<CodePath, FileEntry>) -> Digest {
        let mut builder = DigestBuilder::new();
        builder.field(b"bunraku release 1");
        for (path, entry) in files {
            builder.field(path.as_bytes());
            builder.field(&entry.mode.to_be_bytes());
            builder.field(entry.digest.as_bytes());
        }
        builder.finish()
    }

    /// Whether `release` is the digest of `files`.
    pub fn is_consistent(&self) -> bool {
        Self::digest_of(&self.files) == self.release
    }

    /// The file at `path`.
    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        self.files.get(path)
    }

    /// Size of all files in bytes.
    pub fn total_size(&self) -> u64 {
        self.files
            .values()
            .fold(0, |sum, entry| sum.saturating_add(entry.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, u32, &str)]) -> ReleaseManifest {
        ReleaseManifest::new(
            files
                .iter()
                .map(|(path, mode, text)| {
                    let entry = FileEntry {
                        digest: Digest::of(text),
                        size: text.len() as u64,
                        mode: *mode,
                    };
                    (CodePath::parse(*path).unwrap(), entry)
                })
                .collect(),
        )
    }

    #[test]
    fn path_mode_and_content_all_count() {
        let base = tree(&[("a.pp", 0o644, "x"), ("b.pp", 0o644, "y")]);
        assert_eq!(
            base.release,
            tree(&[("b.pp", 0o644, "y"), ("a.pp", 0o644, "x")]).release
        );
        assert_ne!(
            base.release,
            tree(&[("a.pp", 0o755, "x"), ("b.pp", 0o644, "y")]).release
        );
        assert_ne!(
            base.release,
            tree(&[("a.pp", 0o644, "y"), ("b.pp", 0o644, "x")]).release
        );
        assert_ne!(base.release, tree(&[("a.pp", 0o644, "x")]).release);
        assert!(base.is_consistent());
        assert_eq!(base.total_size(), 2);
    }

    #[test]
    fn documents_of_later_versions_can_be_read() {
        let mut json = serde_json::to_value(tree(&[("a.pp", 0o644, "x")])).unwrap();
        json["new_field"] = true.into();
        let read: ReleaseManifest = serde_json::from_value(json).unwrap();
        assert_eq!(read, tree(&[("a.pp", 0o644, "x")]));
    }

    #[test]
    fn a_manifest_with_an_escaping_path_is_not_read() {
        let json = serde_json::json!({"release": Digest::of(""), "files":
            {"../x": {"digest": Digest::of(""), "size": 0, "mode": 420}}});
        assert!(serde_json::from_value::<ReleaseManifest>(json).is_err());
    }
}
