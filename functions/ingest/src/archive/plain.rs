//! A plain tree: files as they are.

use std::collections::BTreeMap;

use bunraku_farm::documents::{FileEntry, UploadDiagnostic};
use bunraku_farm::{CodePath, Digest};
use bytes::Bytes;

use super::links::{Links, Resolved};
use super::{Kind, Limits, Member, Tree, UnpackError, shown};

/// Directories of tools at the root that are no code.
const LEFT_OUT: [&str; 2] = [".git", ".bunraku"];

type Files = BTreeMap<CodePath, (u32, Bytes)>;

pub(super) fn tree(members: Vec<Member>, limits: &Limits) -> Result<Tree, UnpackError> {
    let mut reader = Reader::default();
    for member in members {
        reader.take(member);
    }
    reader.follow_links(limits);
    reader.finish()
}

/// A file's parts must not be files themselves.
pub(super) fn find_clashes<V>(files: &BTreeMap<CodePath, V>) -> Vec<UploadDiagnostic> {
    let clashes = |path: &str| {
        path.match_indices('/')
            .any(|(at, _)| files.contains_key(&path[..at]))
    };
    files
        .keys()
        .filter(|path| clashes(path))
        .map(|path| UploadDiagnostic::error("a part of the path is a file").in_file(path.as_str()))
        .collect()
}

#[derive(Default)]
struct Reader {
    files: Files,
    links: Links,
    errors: Vec<UploadDiagnostic>,
    warnings: Vec<UploadDiagnostic>,
}

impl Reader {
    fn error(&mut self, path: &str, message: impl Into<String>) {
        self.errors
            .push(UploadDiagnostic::error(message).in_file(shown(path)));
    }

    fn take(&mut self, member: Member) {
        let first = member.path.split('/').next().unwrap_or_default();
        if member.path.is_empty() || LEFT_OUT.contains(&first) {
            return;
        }
        let path = match CodePath::parse(member.path.as_str()) {
            Ok(path) => path,
            Err(error) => return self.error(&member.path, error.to_string()),
        };
        match member.kind {
            Kind::Directory => {}
            Kind::Special => self.error(&path, "devices, pipes and sockets are not allowed"),
            Kind::File { mode, bytes } => {
                // As tar does it, the last of one name wins.
                self.links.remove(&path);
                self.files.insert(path, (mode, bytes));
            }
            Kind::HardLink { target } => match self.files.get(target.as_str()).cloned() {
                Some(file) => drop(self.files.insert(path, file)),
                None => self.error(
                    &path,
                    "it is a hard link to a file that is not in the archive",
                ),
            },
            Kind::Symlink { target } => {
                self.files.remove(&path);
                self.links.insert(path, target);
            }
        }
    }

    /// Puts the files in the place of links to them.
    fn follow_links(&mut self, limits: &Limits) {
        let mut copies: Files = BTreeMap::new();
        for (path, target) in self.links.iter() {
            match self.links.resolve(path, &self.files) {
                Resolved::Files(found) => {
                    if self.files.len() + copies.len() + found.len() > limits.files {
                        let message = format!("links make more than {} files", limits.files);
                        self.errors
                            .push(UploadDiagnostic::error(message).in_file(path.as_str()));
                        return;
                    }
                    let found = found
                        .into_iter()
                        .filter_map(|(at, source)| Some((at, self.files.get(&source)?.clone())));
                    copies.extend(found);
                }
                Resolved::Nothing => self.warnings.push(UploadDiagnostic {
                    severity: bunraku_farm::documents::Severity::Warning,
                    ..UploadDiagnostic::error(format!(
                        "the link to {:?} leads nowhere and is left out",
                        shown(target)
                    ))
                    .in_file(path.as_str())
                }),
                Resolved::Refused(reason) => {
                    let message = format!("the link to {:?} {reason}", shown(target));
                    self.errors
                        .push(UploadDiagnostic::error(message).in_file(path.as_str()));
                }
            }
        }
        self.files.extend(copies);
    }

    fn finish(mut self) -> Result<Tree, UnpackError> {
        self.errors.extend(find_clashes(&self.files));
        if self.errors.is_empty() && self.files.is_empty() {
            return Err(UnpackError::refused("the archive holds no files"));
        }
        if !self.errors.is_empty() {
            return Err(UnpackError::Refused(self.errors));
        }
        let mut tree = Tree {
            warnings: self.warnings,
            ..Tree::default()
        };
        for (path, (mode, bytes)) in self.files {
            let digest = Digest::of(&bytes);
            tree.files.insert(
                path,
                FileEntry {
                    digest,
                    size: bytes.len() as u64,
                    mode,
                },
            );
            tree.blobs.insert(digest, bytes);
        }
        Ok(tree)
    }
}
