//! The zip that Lambda takes: one file, `bootstrap`.

use std::io::{Cursor, Write as _};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::failure::{Failure, Result};

/// The name that the runtime `provided.al2023` starts.
const BOOTSTRAP: &str = "bootstrap";

/// Packs a binary. Nothing but the binary goes into the bytes: no time, no user, no machine.
pub(crate) fn pack(binary: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::DEFAULT)
        .system(System::Unix)
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let failed = |error: &dyn std::fmt::Display| Failure::input(format!("no zip: {error}"));
    zip.start_file(BOOTSTRAP, options)
        .map_err(|error| failed(&error))?;
    zip.write_all(binary).map_err(|error| failed(&error))?;
    let cursor = zip.finish().map_err(|error| failed(&error))?;
    Ok(cursor.into_inner())
}

/// Writes a file so that it is there whole or not at all; makes its directory.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let failed = |error: std::io::Error| Failure::input(format!("{}: {error}", path.display()));
    if let Some(directory) = path.parent() {
        std::fs::create_dir_all(directory).map_err(failed)?;
    }
    let temporary = path.with_extension("zip.new");
    std::fs::write(&temporary, content).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_same_binary_gives_the_same_bytes_and_one_executable_file() {
        let binary = b"\x7fELF and much more".repeat(1000);
        let first = pack(&binary).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(pack(&binary).unwrap(), first);

        let mut zip = zip::ZipArchive::new(Cursor::new(first)).unwrap();
        assert_eq!(zip.len(), 1);
        let mut file = zip.by_index(0).unwrap();
        assert_eq!(file.name().unwrap(), "bootstrap");
        assert_eq!(file.unix_mode().unwrap() & 0o7777, 0o755);
        assert_eq!(file.last_modified().unwrap().year(), 1980);
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        assert_eq!(content, binary);
    }

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/plan.zip");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        let names = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(names, 1);
    }
}
