//! From an archive to a tree: nothing escapes, nothing is endless, nothing is half there.

mod limits;
mod links;
mod plain;
mod thin;

use std::collections::BTreeMap;
use std::io::{self, Read};

use bunraku_farm::documents::{
    ArchiveFormat, FileEntry, PrebuiltChange, UploadDiagnostic, UploadManifest,
};
use bunraku_farm::rollout::RolloutRequest;
use bunraku_farm::{CodePath, Digest};
use bytes::Bytes;

use limits::Bounded;
pub use limits::Limits;

/// What an archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Every file.
    pub files: BTreeMap<CodePath, FileEntry>,
    /// The contents that came along: all of a plain tree, some of a thin push.
    pub blobs: BTreeMap<Digest, Bytes>,
    /// What was left out and is worth a word.
    pub warnings: Vec<UploadDiagnostic>,
    /// That the tree is to be rolled out, and how.
    pub rollout: Option<RolloutRequest>,
    /// That it is the newest release with this change, and `files` holds no more than that.
    pub prebuilt: Option<PrebuiltChange>,
}

/// Why there is no tree.
#[derive(Debug)]
pub enum UnpackError {
    /// The archive is bad: the user is told.
    Refused(Vec<UploadDiagnostic>),
    /// The store failed while it was read: to be tried again.
    Io(io::Error),
}

impl UnpackError {
    fn refused(message: impl Into<String>) -> Self {
        Self::Refused(vec![UploadDiagnostic::error(message)])
    }
}

/// Marks errors of the source among those of decompression and unpacking.
#[derive(Debug)]
struct SourceError(io::Error);

impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SourceError {}

struct Source<R>(R);

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .read(buffer)
            .map_err(|error| io::Error::other(SourceError(error)))
    }
}

/// Reads an archive to its end.
pub fn unpack(
    reader: impl Read,
    format: ArchiveFormat,
    limits: &Limits,
) -> Result<Tree, UnpackError> {
    let source = io::BufReader::with_capacity(128 * 1024, Source(reader));
    match format {
        ArchiveFormat::TarGzip => read(flate2::bufread::MultiGzDecoder::new(source), limits),
        ArchiveFormat::TarZstd => {
            let mut decoder = zstd::Decoder::with_buffer(source).map_err(|e| broken(&e))?;
            // 128 MiB of window is what `zstd --long` makes at most by default.
            decoder.window_log_max(27).map_err(|error| broken(&error))?;
            read(decoder, limits)
        }
    }
}

fn read(decompressed: impl Read, limits: &Limits) -> Result<Tree, UnpackError> {
    let mut archive = tar::Archive::new(Bounded::new(decompressed, limits.archive_bytes()));
    let mut members = Vec::new();
    let mut total = 0_u64;
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        if members.len() >= limits.files {
            return Err(UnpackError::refused(format!(
                "the archive has more than {} entries",
                limits.files
            )));
        }
        if let Some(member) = read_member(&mut entry, limits)? {
            total = total.saturating_add(member.size());
            if total > limits.total_bytes {
                return Err(UnpackError::refused(format!(
                    "the files are larger than {} bytes in all",
                    limits.total_bytes
                )));
            }
            members.push(member);
        }
    }
    // To the end, where the checksums are.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|error| broken(&error))?;
    if members
        .first()
        .is_some_and(|member| member.path == UploadManifest::PATH)
    {
        thin::tree(members, limits)
    } else {
        plain::tree(members, limits)
    }
}

/// One entry of the archive, its path as it stands there but for `./` in front and `/` behind.
#[derive(Debug)]
struct Member {
    path: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File {
        mode: u32,
        bytes: Bytes,
    },
    Directory,
    Symlink {
        target: String,
    },
    /// Another name for a file that came before; the target is a path in the archive.
    HardLink {
        target: String,
    },
    /// A device, pipe or the like.
    Special,
}

impl Member {
    fn size(&self) -> u64 {
        match &self.kind {
            Kind::File { bytes, .. } => bytes.len() as u64,
            _ => 0,
        }
    }
}

fn read_member<R: Read>(
    entry: &mut tar::Entry<'_, R>,
    limits: &Limits,
) -> Result<Option<Member>, UnpackError> {
    let path = text(entry.path_bytes().as_ref())?;
    let kind = match entry.header().entry_type() {
        tar::EntryType::XGlobalHeader => return Ok(None),
        tar::EntryType::Directory => Kind::Directory,
        tar::EntryType::Symlink => Kind::Symlink {
            target: link_target(entry)?,
        },
        tar::EntryType::Link => Kind::HardLink {
            target: strip(&link_target(entry)?).to_owned(),
        },
        kind if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() => {
            let mode = entry.header().mode().map_err(|error| broken(&error))? & 0o777;
            let mut bytes = Vec::new();
            entry
                .take(limits.file_bytes.saturating_add(1))
                .read_to_end(&mut bytes)
                .map_err(|error| broken(&error))?;
            if bytes.len() as u64 > limits.file_bytes {
                let message = format!("the file is larger than {} bytes", limits.file_bytes);
                let found = UploadDiagnostic::error(message).in_file(shown(&path));
                return Err(UnpackError::Refused(vec![found]));
            }
            Kind::File {
                mode,
                bytes: Bytes::from(bytes),
            }
        }
        _ => Kind::Special,
    };
    Ok(Some(Member {
        path: strip(&path).to_owned(),
        kind,
    }))
}

fn link_target<R: Read>(entry: &tar::Entry<'_, R>) -> Result<String, UnpackError> {
    text(entry.link_name_bytes().unwrap_or_default().as_ref())
}

fn text(bytes: &[u8]) -> Result<String, UnpackError> {
    String::from_utf8(bytes.to_vec()).map_err(|error| {
        let path = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let message = "the path is not UTF-8";
        UnpackError::Refused(vec![UploadDiagnostic::error(message).in_file(shown(&path))])
    })
}

/// `./a/` as `a`, the root itself as nothing.
fn strip(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if path == "." { "" } else { path }
}

/// A path for a message: no control characters, no novel.
fn shown(path: &str) -> String {
    path.chars()
        .take(200)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// What an error of reading means: the store's, or the archive's.
fn broken(error: &io::Error) -> UnpackError {
    if let Some(source) = find_source(error) {
        return UnpackError::Io(io::Error::new(source.0.kind(), source.0.to_string()));
    }
    if limits::is_exceeded(error) {
        return UnpackError::refused("the archive unpacks to more than is allowed");
    }
    UnpackError::refused(format!("the archive is damaged: {error}"))
}

/// The store's error in a chain of causes; the tar reader wraps what it gets.
fn find_source(error: &io::Error) -> Option<&SourceError> {
    let mut current: &(dyn std::error::Error + 'static) = error.get_ref()?;
    loop {
        if let Some(found) = current.downcast_ref::<SourceError>() {
            return Some(found);
        }
        if let Some(inner) = current
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            current = inner;
            continue;
        }
        current = current.source()?;
    }
}

#[cfg(test)]
pub(crate) mod tests;
