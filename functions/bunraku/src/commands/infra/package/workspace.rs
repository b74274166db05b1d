//! Finds the checkout that the functions are built from.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// A file that only a checkout of Bunraku has beside its workspace's `Cargo.toml`.
const MARK: &str = "functions/compile/Cargo.toml";

/// The root of the checkout that `start` is in.
pub(crate) fn find(start: &Path) -> Result<PathBuf> {
    let found = start
        .ancestors()
        .find(|directory| directory.join("Cargo.toml").is_file() && directory.join(MARK).is_file());
    found.map(Path::to_owned).ok_or_else(|| {
        Failure::input(format!(
            "{}: not in a checkout of Bunraku (no directory above it holds Cargo.toml and {MARK}); \
             the functions are built from source, so clone the repository and run this there",
            start.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_found_from_any_depth_and_nothing_else_is_taken_for_one() {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().join("checkout");
        let deep = root.join("functions/compile/src/deep");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.join("functions/compile/Cargo.toml"), "").unwrap();
        assert!(
            find(&deep).is_err(),
            "a Cargo.toml of the workspace is missing"
        );
        std::fs::write(root.join("Cargo.toml"), "").unwrap();
        assert_eq!(find(&deep).unwrap(), root);
        assert_eq!(find(&root).unwrap(), root);
        let error = find(top.path()).unwrap_err().to_string();
        assert!(error.contains("clone the repository"), "{error}");
    }
}
