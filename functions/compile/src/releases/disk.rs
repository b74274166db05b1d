//! Bundles as files: the second level of the cache.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bunraku_farm::Digest;
use bunraku_store::Bundle;

/// The end of a bundle's file name; its digest stands before.
const BUNDLE: &str = ".bundle";
/// The end of the name of a file that is being written.
const PART: &str = ".part";
/// A file that is being written for longer than this was left by a process that died.
const LEFT: Duration = Duration::from_secs(10 * 60);

/// Files named by release in one directory. Several processes may share it; whoever may write
/// there is trusted no further than the digests reach.
pub(super) struct Disk {
    directory: PathBuf,
    max_bytes: u64,
    /// Numbers this process's files that are being written.
    written: AtomicU64,
}

impl Disk {
    pub(super) fn new(directory: PathBuf, max_bytes: u64) -> Self {
        Self {
            directory,
            max_bytes,
            written: AtomicU64::new(0),
        }
    }

    fn path(&self, release: Digest) -> PathBuf {
        self.directory.join(format!("{release}{BUNDLE}"))
    }

    /// A release's bundle, if it is there and whole; what is not whole is removed.
    pub(super) fn read(&self, release: Digest) -> Option<Bundle> {
        let path = self.path(release);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a kept bundle can't be read");
                return None;
            }
        };
        let bundle = Bundle::decode(&bytes, release)
            .ok()
            .filter(Bundle::has_right_contents);
        if bundle.is_none() {
            tracing::warn!(path = %path.display(), "a kept bundle is damaged and removed");
            remove(&path);
            return None;
        }
        // Used now: others are removed before it. If that fails it only ages.
        let _ = File::options()
            .write(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        bundle
    }

    /// Keeps a bundle, and makes room for it; without it the store is asked again, so that no
    /// failure here is one of the caller.
    pub(super) fn keep(&self, release: Digest, bytes: &[u8]) {
        if bytes.len() as u64 > self.max_bytes {
            return;
        }
        if let Err(error) = self.write(release, bytes).and_then(|()| self.trim()) {
            let directory = self.directory.display();
            tracing::warn!(%directory, %error, "a bundle can't be kept on disk");
        }
    }

    fn write(&self, release: Digest, bytes: &[u8]) -> io::Result<()> {
        make_private(&self.directory)?;
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let name = format!("{release}.{}.{number}{PART}", std::process::id());
        let part = self.directory.join(name);
        let written = File::options()
            .create_new(true)
            .write(true)
            .open(&part)
            .and_then(|mut file| file.write_all(bytes))
            .and_then(|()| fs::rename(&part, self.path(release)));
        if written.is_err() {
            remove(&part);
        }
        written
    }

    /// Removes the bundles that were used least lately until the rest fits; and what processes left
    /// that died. Files of other names are not this cache's.
    fn trim(&self) -> io::Result<()> {
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            // Another process may have removed it just now.
            let Ok(meta) = entry.metadata() else { continue };
            let used = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let digest = name.split('.').next().unwrap_or_default();
            if Digest::parse(digest).is_err() || !meta.is_file() {
                continue;
            }
            if name.strip_suffix(BUNDLE) == Some(digest) {
                kept.push((used, meta.len(), entry.path()));
            } else if name.ends_with(PART) && used.elapsed().is_ok_and(|age| age > LEFT) {
                remove(&entry.path());
            }
        }
        kept.sort();
        let mut sum: u64 = kept.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in kept {
            if sum <= self.max_bytes {
                break;
            }
            remove(&path);
            sum -= size;
        }
        Ok(())
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "a file can't be removed");
    }
}

/// Makes a directory that only this user may write to; code of releases lies there.
fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
