//! The authority's directory: files written whole or not at all, one writer at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{PkiError, Result};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// The owner alone (0600): keys.
    Secret,
    /// Everyone (0644): certificates, requests, the CRL.
    Public,
}

/// A directory with the layout of Puppet Server's `cadir`, so that an existing authority can be copied in.
#[derive(Clone, Debug)]
pub(crate) struct Dir {
    root: PathBuf,
}

static TEMPORARY: AtomicU64 = AtomicU64::new(0);

impl Dir {
    /// Opens the directory, making it (0700) and its two subdirectories when they are missing.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        for path in [
            root.to_owned(),
            root.join("signed"),
            root.join("requests"),
            root.join("private"),
        ] {
            create_private(&path)?;
        }
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The path of a file in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Reads a text file; `None` when it is not there.
    pub(crate) fn read(&self, name: &str) -> Result<Option<String>> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(PkiError::Io { path, source }),
        }
    }

    /// Reads a text file that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<String> {
        self.read(name)?
            .ok_or_else(|| PkiError::damaged(self.path(name).display().to_string(), "missing"))
    }

    /// Writes a file whole: a temporary file beside it, flushed to the disk, then renamed over it.
    pub(crate) fn write(&self, name: &str, text: &str, access: Access) -> Result<()> {
        let path = self.path(name);
        let number = TEMPORARY.fetch_add(1, Ordering::Relaxed);
        let temporary = self.path(&format!(".{}.{number}.tmp", std::process::id()));
        let written =
            write_new(&temporary, text, access).and_then(|()| fs::rename(&temporary, &path));
        if let Err(source) = written {
            // The temporary file may not exist; the first error is the one to tell.
            let _ = fs::remove_file(&temporary);
            return Err(PkiError::Io { path, source });
        }
        // The rename itself must survive a crash as well.
        if let Some(parent) = path.parent()
            && let Ok(directory) = File::open(parent)
        {
            let _ = directory.sync_all();
        }
        Ok(())
    }

    /// Removes a file; whether it was there.
    pub(crate) fn remove(&self, name: &str) -> Result<bool> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(PkiError::Io { path, source }),
        }
    }

    /// The names (without `.pem`) in `signed` or `requests`, sorted.
    pub(crate) fn names(&self, sub: &str) -> Result<Vec<String>> {
        let path = self.path(sub);
        let io = |source| PkiError::Io {
            path: path.clone(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".pem")) {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Takes the lock that makes this process the one writer, until the handle is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.path(".lock");
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        restrict(&mut options, Access::Secret);
        let file = options.open(&path).map_err(|source| PkiError::Io {
            path: path.clone(),
            source,
        })?;
        file.lock()
            .map_err(|source| PkiError::Io { path, source })?;
        Ok(file)
    }
}

fn write_new(path: &Path, text: &str, access: Access) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    restrict(&mut options, access);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, access: Access) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(match access {
        Access::Secret => 0o600,
        Access::Public => 0o644,
    });
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions, _access: Access) {}

fn create_private(path: &Path) -> Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| PkiError::Io {
        path: path.to_owned(),
        source,
    })
}
