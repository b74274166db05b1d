//! Small JSON documents that a command keeps between its runs.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Result};

/// Reads a document; `None` when there is none.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::input(format!("the state file {}: {error}", path.display()))
    };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| wrong(&error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(&error)),
    }
}

/// Writes a document: whole, or not at all. Its directory is made.
pub(crate) fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let wrong = |error: std::io::Error| {
        Failure::input(format!(
            "the state file {} can't be written: {error}",
            path.display()
        ))
    };
    if let Some(directory) = path.parent().filter(|path| !path.as_os_str().is_empty()) {
        std::fs::create_dir_all(directory).map_err(wrong)?;
    }
    let mut bytes = serde_json::to_vec(value).map_err(Failure::input)?;
    bytes.push(b'\n');
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = path.with_file_name(name);
    let mut file = std::fs::File::create(&new).map_err(wrong)?;
    file.write_all(&bytes).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    std::fs::rename(&new, path).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_and_what_is_damaged_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/state.json");
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), None);
        write(&path, &vec![1, 2]).unwrap();
        write(&path, &vec![3]).unwrap();
        assert_eq!(read::<Vec<u8>>(&path).unwrap(), Some(vec![3]));
        std::fs::write(&path, "[").unwrap();
        let failure = read::<Vec<u8>>(&path).unwrap_err().to_string();
        assert!(failure.contains("state.json"), "{failure}");
    }
}
