//! The files of a sealed release: what its bundle holds lies in memory, the rest in blobs.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use bunraku_compiler::inputs::{Entry, EntryKind, FileContent, FileMetadata, InputError};
use bunraku_compiler::release::Files;
use bunraku_farm::EnvironmentName;
use bunraku_farm::documents::FileEntry;
use bunraku_host::Waiter;
use bunraku_store::{Bundle, Store};

/// Where Puppet keeps environments; what messages and catalogs show as the place of code.
pub const ENVIRONMENTS: &str = "/etc/puppetlabs/code/environments";
/// Directories have no mode in a release; this is what agents are told.
const DIRECTORY_MODE: u32 = 0o755;

/// Files of one release.
pub(crate) struct BundleFiles {
    root: String,
    files: BTreeMap<String, FileEntry>,
    bundled: HashMap<String, FileContent>,
    store: Store,
    waiter: Waiter,
}

impl BundleFiles {
    /// The files of a release as they came from the store. To be called where the runtime is;
    /// [`Files::read`] waits for blobs, and so must be called within [`compute`](bunraku_host::Host::compute).
    pub(crate) fn new(environment: &EnvironmentName, bundle: Bundle, store: Store) -> Self {
        let Bundle { manifest, files } = bundle;
        let bundled = files
            .into_iter()
            .filter_map(|(path, bytes)| {
                let digest = manifest.file(path.as_str())?.digest;
                let content = FileContent {
                    bytes: bytes.as_ref().into(),
                    digest: digest.to_hex().into(),
                };
                Some((path.as_str().to_owned(), content))
            })
            .collect();
        let files = manifest
            .files
            .into_iter()
            .map(|(path, entry)| (path.as_str().to_owned(), entry))
            .collect();
        Self {
            root: format!("{ENVIRONMENTS}/{environment}"),
            files,
            bundled,
            waiter: store.host().waiter(),
            store,
        }
    }

    /// The paths below a directory, each as the rest behind `directory/`.
    fn below<'s>(&'s self, directory: &str) -> impl Iterator<Item = &'s str> {
        let prefix = if directory.is_empty() {
            String::new()
        } else {
            format!("{directory}/")
        };
        self.files
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .map_while(move |(path, _)| path.strip_prefix(prefix.as_str()))
    }

    fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || self.below(path).next().is_some()
    }
}

impl Files for BundleFiles {
    fn read(&self, path: &str) -> Result<Option<FileContent>, InputError> {
        if let Some(content) = self.bundled.get(path) {
            return Ok(Some(content.clone()));
        }
        let Some(entry) = self.files.get(path) else {
            return Ok(None);
        };
        match self.waiter.wait(self.store.blob(entry.digest)) {
            Ok(bytes) => Ok(Some(FileContent {
                bytes: bytes.as_ref().into(),
                digest: entry.digest.to_hex().into(),
            })),
            Err(error) => Err(InputError::Refused(format!(
                "{}: {error}",
                self.display_path(path)
            ))),
        }
    }

    fn exists(&self, path: &str) -> Result<bool, InputError> {
        Ok(self.files.contains_key(path) || self.is_directory(path))
    }

    fn list(&self, path: &str) -> Result<Option<Arc<[Entry]>>, InputError> {
        let mut entries: Vec<Entry> = Vec::new();
        for rest in self.below(path) {
            let (name, kind) = match rest.split_once('/') {
                Some((directory, _)) => (directory, EntryKind::Directory),
                None => (rest, EntryKind::File),
            };
            if entries.last().is_none_or(|last| last.name != name) {
                entries.push(Entry {
                    name: name.to_owned(),
                    kind,
                });
            }
        }
        if entries.is_empty() && !path.is_empty() {
            return Ok(None);
        }
        // `a-b` sorts before `a/c`, so that a directory may have been met twice.
        entries.sort();
        entries.dedup();
        Ok(Some(entries.into()))
    }

    fn metadata(&self, path: &str) -> Result<Option<FileMetadata>, InputError> {
        Ok(match self.files.get(path) {
            Some(entry) => Some(FileMetadata {
                kind: EntryKind::File,
                mode: entry.mode,
                digest: Some(entry.digest.to_hex().into()),
            }),
            None if self.is_directory(path) => Some(FileMetadata {
                kind: EntryKind::Directory,
                mode: DIRECTORY_MODE,
                digest: None,
            }),
            None => None,
        })
    }

    fn display_path(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        format!("{}/{path}", self.root)
            .trim_end_matches('/')
            .to_owned()
    }
}
