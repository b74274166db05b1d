//! Temporary files, and the removal of those whose process died.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The file in a process's directory whose lock says that the process lives.
const ALIVE: &str = "alive";

/// One process's (rather: one open store's) temporary files.
#[derive(Debug)]
pub(super) struct Temporaries {
    directory: PathBuf,
    _alive: File,
    count: AtomicU64,
    /// Set by tests that die: nothing is tidied up then.
    left: Arc<AtomicBool>,
}

/// A temporary file; removed when dropped, unless it was renamed.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) file: File,
    path: PathBuf,
    left: Arc<AtomicBool>,
}

impl Temporaries {
    /// Makes this store's directory under `parent`, after removing the dead ones.
    pub(super) fn open(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        remove_dead(parent)?;
        let (directory, alive) = make_own(parent)?;
        Ok(Self {
            directory,
            _alive: alive,
            count: AtomicU64::new(0),
            left: Arc::new(AtomicBool::new(false)),
        })
    }

    pub(super) fn create(&self) -> io::Result<Temporary> {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let path = self.directory.join(number.to_string());
        let file = File::options().create_new(true).write(true).open(&path)?;
        Ok(Temporary {
            file,
            path,
            left: Arc::clone(&self.left),
        })
    }

    #[cfg(test)]
    pub(super) fn leave_all(&self) {
        self.left.store(true, Ordering::Relaxed);
    }
}

impl Drop for Temporaries {
    fn drop(&mut self) {
        if !self.left.load(Ordering::Relaxed) {
            // What can't be removed now is removed by the next who opens the store.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

impl Temporary {
    /// To the disk.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives the file the name `target` if that is free; says whether it was.
    pub(super) fn link(&self, target: &Path) -> io::Result<bool> {
        match fs::hard_link(&self.path, target) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Puts the file in the place of `target`.
    pub(super) fn rename(&self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }

    /// Keeps the file as a killed process would.
    pub(super) fn leave(&mut self) {
        self.path = PathBuf::new();
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.left.load(Ordering::Relaxed) {
            // Renamed files are not there any more; others go.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A directory of its own with its lock taken.
fn make_own(parent: &Path) -> io::Result<(PathBuf, File)> {
    for number in 0..u32::MAX {
        let directory = parent.join(format!("{}-{number}", std::process::id()));
        match fs::create_dir(&directory) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
        }
        // Another process that cleans up may take the new directory for a dead one until its lock
        // is taken: then there is no file to lock any more, and the next name is tried.
        let Ok(file) = File::options()
            .create_new(true)
            .write(true)
            .open(directory.join(ALIVE))
        else {
            continue;
        };
        if file.try_lock().is_ok() && fs::exists(directory.join(ALIVE))? {
            return Ok((directory, file));
        }
    }
    Err(io::Error::other("no free name for temporary files"))
}

fn remove_dead(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let directory = entry?.path();
        match File::options().write(true).open(directory.join(ALIVE)) {
            Ok(file) => match file.try_lock() {
                Ok(()) => drop(fs::remove_dir_all(&directory)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            },
            // Being made right now, or a process died while it made it: only if empty.
            Err(_) => drop(fs::remove_dir(&directory)),
        }
    }
    Ok(())
}
