//! What an upload may be at most.

use std::io::{self, Read};

/// Bounds of an upload; whatever is over is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the archive, and files of the tree.
    pub files: usize,
    /// Size of one file in bytes.
    pub file_bytes: u64,
    /// Size of all files together in bytes, unpacked.
    pub total_bytes: u64,
}

impl Default for Limits {
    /// 200,000 files, 256 MiB each, 1 GiB in all.
    fn default() -> Self {
        Self {
            files: 200_000,
            file_bytes: 256 << 20,
            total_bytes: 1 << 30,
        }
    }
}

impl Limits {
    /// Size of the unpacked archive with its headers: three blocks of 512 bytes for each entry
    /// (header, long name, padding) and something for the end.
    pub(super) fn archive_bytes(&self) -> u64 {
        self.total_bytes
            .saturating_add((self.files as u64).saturating_mul(2048))
            .saturating_add(1 << 20)
    }
}

/// A reader that fails when it gives more than it may.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
}

#[derive(Debug)]
struct Exceeded;

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("too large")
    }
}

impl std::error::Error for Exceeded {}

impl<R> Bounded<R> {
    pub(super) fn new(inner: R, bytes: u64) -> Self {
        Self { inner, left: bytes }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(Exceeded))?;
        Ok(count)
    }
}

/// Whether an error is that of [`Bounded`], however wrapped.
pub(super) fn is_exceeded(error: &io::Error) -> bool {
    let mut current: Option<&(dyn std::error::Error + 'static)> = error
        .get_ref()
        .map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(inner) = current {
        if inner.is::<Exceeded>() {
            return true;
        }
        current = match inner.downcast_ref::<io::Error>() {
            Some(error) => error
                .get_ref()
                .map(|inner| inner as &(dyn std::error::Error + 'static)),
            None => inner.source(),
        };
    }
    false
}
