//! An environment's files on this machine's disk.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bunraku_compiler::inputs::{Entry, EntryKind, FileContent, FileMetadata, InputError};
use bunraku_compiler::release::Files;
use bunraku_farm::Digest;
use std::collections::HashMap;

/// Files below an environment's directory, and of module directories outside of it.
///
/// What was read once is kept: a compile sees one state of the disk.
#[derive(Debug)]
pub(crate) struct LocalFiles {
    root: PathBuf,
    read: Kept<Option<FileContent>>,
    there: Kept<bool>,
    listed: Kept<Option<Arc<[Entry]>>>,
}

type Kept<T> = Mutex<HashMap<String, T>>;

impl LocalFiles {
    /// Files of the environment at `root`, an absolute path.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            read: Mutex::default(),
            there: Mutex::default(),
            listed: Mutex::default(),
        }
    }

    fn locate(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    fn list_directory(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        let refused = |error| self.refused(path, &error);
        let Some(directory) = unless_absent(fs::read_dir(self.locate(path))).map_err(refused)?
        else {
            return Ok(None);
        };
        let mut entries = Vec::new();
        for entry in directory {
            let entry = entry.map_err(refused)?;
            // Links count as what they lead to; one that leads nowhere is not there.
            let Some(metadata) = unless_absent(fs::metadata(entry.path())).map_err(refused)? else {
                continue;
            };
            let kind = if metadata.is_dir() {
                EntryKind::Directory
            } else {
                EntryKind::File
            };
            entries.push(Entry {
                name: entry.file_name().to_string_lossy().into_owned(),
                kind,
            });
        }
        entries.sort();
        Ok(Some(entries.into()))
    }

    fn refused(&self, path: &str, error: &io::Error) -> InputError {
        InputError::Refused(format!(
            "Could not read {}: {error}",
            self.locate(path).display()
        ))
    }
}

/// `None` when the error only says that there is no such file or directory.
fn unless_absent<T>(result: io::Result<T>) -> Result<Option<T>, io::Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn read_file(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(None),
        result => unless_absent(result),
    }
}

impl Files for LocalFiles {
    fn read(&self, path: &str) -> Result<Option<FileContent>, InputError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = read.get(path) {
            return Ok(content.clone());
        }
        let bytes = read_file(&self.locate(path)).map_err(|error| self.refused(path, &error))?;
        let content = bytes.map(|bytes| FileContent {
            digest: Digest::of(&bytes).to_hex().into(),
            bytes: bytes.into(),
        });
        read.insert(path.to_owned(), content.clone());
        Ok(content)
    }

    fn exists(&self, path: &str) -> Result<bool, InputError> {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = there.get(path) {
            return Ok(*there);
        }
        let answer = self.locate(path).exists();
        there.insert(path.to_owned(), answer);
        Ok(answer)
    }

    fn list(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = listed.get(path) {
            return Ok(entries.clone());
        }
        let entries = self.list_directory(path)?;
        listed.insert(path.to_owned(), entries.clone());
        Ok(entries)
    }

    fn metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError> {
        let found = unless_absent(fs::metadata(self.locate(path)))
            .map_err(|error| self.refused(path, &error))?;
        let Some(found) = found else { return Ok(None) };
        let mode = found.permissions().mode() & 0o7777;
        if found.is_dir() {
            return Ok(Some(FileMetadata {
                kind: EntryKind::Directory,
                mode,
                digest: None,
            }));
        }
        let digest = self.read(path)?.map(|content| content.digest);
        Ok(Some(FileMetadata {
            kind: EntryKind::File,
            mode,
            digest,
        }))
    }

    fn display_path(&self, path: &str) -> String {
        self.locate(path)
            .display()
            .to_string()
            .trim_end_matches('/')
            .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_files_and_directories_are_answers_not_errors() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("manifests")).unwrap();
        fs::write(root.path().join("manifests/site.pp"), "node default { }").unwrap();
        let files = LocalFiles::new(root.path().to_owned());
        assert!(files.read("manifests/none.pp").unwrap().is_none());
        assert!(files.read("manifests").unwrap().is_none());
        assert!(files.read("manifests/site.pp/x").unwrap().is_none());
        assert!(files.list("modules").unwrap().is_none());
        assert_eq!(files.list("manifests").unwrap().unwrap().len(), 1);
        assert_eq!(
            &*files.read("manifests/site.pp").unwrap().unwrap().bytes,
            b"node default { }"
        );
    }
}
