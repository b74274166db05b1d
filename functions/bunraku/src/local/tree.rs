//! A control repo's files, as they are pushed.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bunraku_farm::documents::FileEntry;
use bunraku_farm::{CodePath, Digest};
use walkdir::WalkDir;

use crate::failure::{Failure, Result};

/// Directories that are no part of a release, wherever they are.
const LEFT_OUT: [&str; 4] = [".git", ".svn", ".hg", ".bunraku"];

/// One file.
pub(crate) struct LocalFile {
    /// What the release says of it.
    pub(crate) entry: FileEntry,
    /// Its content.
    pub(crate) content: Vec<u8>,
}

/// Reads every file below `root`. Links are followed; one that leads out of `root`, or nowhere, is an error.
pub(crate) fn read_tree(root: &Path) -> Result<BTreeMap<CodePath, LocalFile>> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::input(format!("{}: {error}", path.display()))
    };
    let root = root.canonicalize().map_err(|error| failed(root, &error))?;
    if !root.is_dir() {
        return Err(Failure::input(format!(
            "{}: not a directory",
            root.display()
        )));
    }
    let mut files = BTreeMap::new();
    let walk = WalkDir::new(&root)
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0
                || !entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| LEFT_OUT.contains(&name))
        });
    for entry in walk {
        let entry = entry.map_err(Failure::input)?;
        if !entry.file_type().is_file() {
            continue;
        }
        let path = entry.path();
        if entry.path_is_symlink()
            && !path
                .canonicalize()
                .is_ok_and(|target| target.starts_with(&root))
        {
            return Err(failed(
                path,
                &"a link that leads out of the directory can't be pushed",
            ));
        }
        let relative = path
            .strip_prefix(&root)
            .map_err(|error| failed(path, &error))?;
        let Some(relative) = relative.to_str() else {
            return Err(failed(path, &"the name is not UTF-8"));
        };
        let code_path = CodePath::parse(relative).map_err(|error| failed(path, &error))?;
        let content = std::fs::read(path).map_err(|error| failed(path, &error))?;
        let mode = entry
            .metadata()
            .map_err(|error| failed(path, &error))?
            .permissions()
            .mode()
            & 0o7777;
        let entry = FileEntry {
            digest: Digest::of(&content),
            size: content.len() as u64,
            mode,
        };
        files.insert(code_path, LocalFile { entry, content });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_inside_are_followed_and_links_out_are_refused() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        std::fs::write(root.path().join("a"), "a").unwrap();
        std::fs::create_dir(root.path().join(".git")).unwrap();
        std::fs::write(root.path().join(".git/config"), "x").unwrap();
        std::os::unix::fs::symlink("a", root.path().join("b")).unwrap();
        let tree = read_tree(root.path()).unwrap();
        assert_eq!(
            tree.keys().map(|path| path.as_str()).collect::<Vec<_>>(),
            ["a", "b"]
        );
        std::os::unix::fs::symlink(outside.path().join("secret"), root.path().join("c")).unwrap();
        assert!(matches!(read_tree(root.path()), Err(Failure::Input(_))));
    }
}
