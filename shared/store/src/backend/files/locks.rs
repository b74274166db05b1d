//! Locks on keys, held across threads and processes.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bunraku_farm::Digest;

/// So many files stand for all keys: two keys may share a lock, which costs them a short wait.
const SHARDS: usize = 64;

/// The lock files.
#[derive(Debug)]
pub(super) struct Locks {
    directory: PathBuf,
}

/// A lock; dropped with the file.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Locks {
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// Waits for the lock of `key`. The file is opened anew each time: the operating system's locks
    /// belong to an open file, so that this keeps threads apart too.
    pub(super) fn lock(&self, key: &str) -> io::Result<Lock> {
        let shard = usize::from(Digest::of(key).as_bytes()[0]) % SHARDS;
        let path = self.directory.join(format!("{shard:02}"));
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        file.lock()?;
        Ok(Lock { _file: file })
    }
}
