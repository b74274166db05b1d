//! Uploads: where they lie, what a thin one says of itself, and what came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FileEntry, PrebuiltChange};
use crate::rollout::RolloutRequest;
use crate::{Certname, CodePath, Digest, EnvironmentName, NameError};

/// How an upload is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArchiveFormat {
    /// `.tar.zst`, what `bunraku push` writes.
    TarZstd,
    /// `.tar.gz`, what anyone can write.
    TarGzip,
}

impl ArchiveFormat {
    /// The end of the key, with its dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::TarZstd => ".tar.zst",
            Self::TarGzip => ".tar.gz",
        }
    }
}

/// `uploads/<env>/<id>.tar.zst` or `.tar.gz`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadKey {
    /// The environment pushed to.
    pub environment: EnvironmentName,
    id: String,
    /// How it is packed.
    pub format: ArchiveFormat,
}

impl UploadKey {
    /// The key of an upload; `id` is at most 100 letters, digits, spaces and any of `-_.,+=@()`, and
    /// begins with a letter or a digit. `bunraku push` gives each push one of its own; people name
    /// archives as they like, and use a name again.
    pub fn new(
        environment: EnvironmentName,
        id: impl Into<String>,
        format: ArchiveFormat,
    ) -> Result<Self, NameError> {
        let id = id.into();
        let fits = (1..=100).contains(&id.len())
            && id.starts_with(|c: char| c.is_ascii_alphanumeric())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.,+=@() ".contains(&b));
        if !fits {
            return Err(NameError {
                what: "upload id",
                name: id.chars().take(100).collect(),
                reason: "it must be 1 to 100 letters, digits, spaces and any of -_.,+=@(), a letter or digit first",
            });
        }
        Ok(Self {
            environment,
            id,
            format,
        })
    }

    /// What tells this push from all others.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for UploadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "uploads/{}/{}{}",
            self.environment,
            self.id,
            self.format.extension()
        )
    }
}

impl FromStr for UploadKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refuse = |reason| NameError {
            what: "upload key",
            name: text.chars().take(100).collect(),
            reason,
        };
        let rest = text
            .strip_prefix("uploads/")
            .ok_or_else(|| refuse("it is not under uploads/"))?;
        let (environment, file) = rest
            .split_once('/')
            .ok_or_else(|| refuse("it names no environment"))?;
        let (id, format) = [ArchiveFormat::TarZstd, ArchiveFormat::TarGzip]
            .into_iter()
            .find_map(|format| Some((file.strip_suffix(format.extension())?, format)))
            .ok_or_else(|| refuse("it must end in .tar.zst or .tar.gz"))?;
        Self::new(EnvironmentName::parse(environment)?, id, format)
    }
}

impl TryFrom<String> for UploadKey {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<UploadKey> for String {
    fn from(key: UploadKey) -> String {
        key.to_string()
    }
}

/// `.bunraku/manifest.json`, the first entry of a thin push: the whole tree. The blobs that the
/// store lacked follow as `.bunraku/blobs/<sha256>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadManifest {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// Every file of the tree.
    pub files: BTreeMap<CodePath, FileEntry>,
    /// That the release is to be rolled out, and how; without it, all nodes get it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutRequest>,
    /// That the tree is the newest release's with this change of its pre-built catalogs; `files` then holds the
    /// catalog that comes in, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prebuilt: Option<PrebuiltChange>,
}

impl UploadManifest {
    /// The name of this document in the archive.
    pub const PATH: &str = ".bunraku/manifest.json";
    /// What stands before a blob's digest in the archive.
    pub const BLOBS: &str = ".bunraku/blobs/";

    /// The manifest of a tree.
    pub fn new(files: BTreeMap<CodePath, FileEntry>) -> Self {
        Self {
            version: super::VERSION,
            files,
            rollout: None,
            prebuilt: None,
        }
    }
}

/// How bad a diagnostic is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The upload is refused.
    Error,
    /// It is taken.
    Warning,
    /// It is taken; the feature will go.
    Deprecation,
}

/// One finding in what was pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadDiagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Puppet's issue code, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_code: Option<String>,
    /// Puppet's message, without its location.
    pub message: String,
    /// The file's path in the tree; absent for the archive as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// 1-based line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// 1-based column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// The source around it with carets, several lines of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
}

impl UploadDiagnostic {
    /// An error of the archive as a whole.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            issue_code: None,
            message: message.into(),
            file: None,
            line: None,
            column: None,
            excerpt: None,
        }
    }

    /// The same, found in `file`.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }
}

/// `uploads/<env>/<id>.result.json`: what came of the last upload of that name; written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadResult {
    /// Version of the document's form.
    #[serde(default = "super::version")]
    pub version: u32,
    /// The upload's id.
    pub upload: String,
    /// The state of the object that this is about ([`super::Arrival::stamp`]).
    #[serde(default)]
    pub stamp: String,
    /// The environment pushed to.
    pub environment: EnvironmentName,
    /// Whether the release was taken.
    pub accepted: bool,
    /// Whether a push that arrived later was taken before: the environment serves that one's
    /// release.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// The release, when taken.
    #[serde(default)]
    pub release: Option<Digest>,
    /// The rollout that brings the release, if it is rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<String>,
    /// The environment's sequence since this upload: nodes are done when their pointers reach it.
    #[serde(default)]
    pub sequence: u64,
    /// Number of files in the tree.
    #[serde(default)]
    pub files: u64,
    /// Number of blobs that the store did not have yet.
    #[serde(default)]
    pub new_blobs: u64,
    /// Everything found, errors first in the order of files and lines.
    #[serde(default)]
    pub diagnostics: Vec<UploadDiagnostic>,
    /// The nodes whose catalogs are being brought to the release.
    #[serde(default)]
    pub nodes: Vec<Certname>,
    /// When this was written.
    pub finished_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_apart_and_put_together() {
        for text in [
            "uploads/production/0190-ab_c.tar.zst",
            "uploads/Test_1/x.tar.gz",
            "uploads/production/my site (2), v1.2+3.tar.gz",
        ] {
            let key: UploadKey = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        for text in [
            "uploads/production/.tar.gz",
            "uploads/production/ x.tar.gz",
            "uploads/production/caf\u{e9}.tar.gz",
            "uploads/production/x%2f..tar.gz",
            "uploads/production/../x.tar.gz",
            "uploads/../x.tar.gz",
            "uploads/a/b/c.tar.gz",
            "uploads/production/x.result.json",
            "uploads/production/x.zip",
            "blobs/x.tar.gz",
            "uploads/x.tar.gz",
        ] {
            assert!(text.parse::<UploadKey>().is_err(), "{text}");
        }
    }
}
