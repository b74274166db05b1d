//! Which files are checked, and as what.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_ingest::check::FileKind;
use walkdir::WalkDir;

use super::modules::{Modules, Places};

/// A file to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Its path in the directory that was named; its name alone if it was named itself.
    pub(crate) inside: String,
    pub(crate) kind: FileKind,
    /// Its path below a directory of modules, where the autoloader finds it (`ntp/manifests/init.pp`).
    pub(crate) module_path: Option<Arc<str>>,
}

/// Directories that hold no code of the tree itself.
const LEFT_OUT: [&str; 6] = [".git", ".svn", ".hg", ".bunraku", "spec", "fixtures"];

/// Adds the files of a directory in order, or a file that is named itself, whether it is there or not: who reads it says
/// so.
pub(crate) fn find(path: &Path, places: &Places, found: &mut Vec<File>) {
    if !path.is_dir() {
        let inside = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let missing = || (!path.exists()).then_some(FileKind::Manifest);
        if let Some(kind) = kind_of(&inside, true).or_else(missing) {
            let module_path = Modules::around(path, places).relative(path);
            found.push(File {
                path: path.to_owned(),
                inside,
                kind,
                module_path,
            });
        }
        return;
    }
    let modules = Modules::of(path, places);
    let walk = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name().to_str();
            entry.depth() == 0 || !name.is_some_and(|name| LEFT_OUT.contains(&name))
        });
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.extend(unreadable(&error));
                continue;
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let inside = entry.path().strip_prefix(path).unwrap_or(entry.path());
        let inside = inside.to_string_lossy().into_owned();
        if let Some(kind) = kind_of(&inside, false) {
            let module_path = modules.relative(entry.path());
            found.push(File {
                path: entry.into_path(),
                inside,
                kind,
                module_path,
            });
        }
    }
}

/// A directory that can't be listed, to be told as a file that can't be read; links that lead nowhere, or to a
/// directory around them, are passed over.
fn unreadable(error: &walkdir::Error) -> Option<File> {
    let refused = error.io_error()?.kind() == std::io::ErrorKind::PermissionDenied;
    let path = error.path().filter(|_| refused)?;
    Some(File {
        path: path.to_owned(),
        inside: String::new(),
        kind: FileKind::Manifest,
        module_path: None,
    })
}

/// What the file at a path is checked as. Data that is named itself need lie in no directory of data.
fn kind_of(path: &str, named: bool) -> Option<FileKind> {
    let by_extension = || {
        let (_, extension) = path.rsplit_once('.').filter(|_| named)?;
        FileKind::of_extension(extension)
    };
    FileKind::of(path).or_else(by_extension)
}
