//! Checks of the files of a tree: every error of every file.

mod data;
mod excerpt;
mod modulepath;
mod prebuilt;
mod puppet;
mod site;

use std::collections::BTreeMap;

use bunraku_farm::documents::{PrebuiltCatalogs, UploadDiagnostic};
use bytes::Bytes;

use self::modulepath::ModulePath;

/// What a site says of itself.
pub const SITE_SETTINGS: &str = "bunraku.yaml";

/// Parsers recurse as deep as the source nests, within bounds of their own.
const STACK_BYTES: usize = 16 << 20;

/// What a file is checked as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// `.pp`
    Manifest,
    /// `.epp`
    Template,
    /// Hiera data.
    Yaml,
    /// Hiera data.
    Json,
    /// `hiera.yaml`
    HieraConfig,
    /// `metadata.json` of a module.
    Metadata,
    /// `environment.conf`
    EnvironmentConf,
    /// Facts of a node.
    Facts,
    /// `bunraku.yaml`
    Site,
    /// A pre-built catalog.
    Prebuilt,
}

impl FileKind {
    /// The kind of the file at `path` in a tree; `None` for one that nobody checks.
    pub fn of(path: &str) -> Option<Self> {
        // A module's own tests bring broken files on purpose; no compile reads them.
        if path
            .split('/')
            .any(|part| part == "spec" || part == "fixtures")
        {
            return None;
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = file.rsplit_once('.')?;
        if path.starts_with(PrebuiltCatalogs::CATALOGS) {
            return Some(Self::Prebuilt);
        }
        if path == SITE_SETTINGS {
            return Some(Self::Site);
        }
        if bunraku_farm::plan::is_facts_file(path) {
            return Some(Self::Facts);
        }
        match file {
            modulepath::ENVIRONMENT_CONF => return Some(Self::EnvironmentConf),
            "hiera.yaml" => return Some(Self::HieraConfig),
            "metadata.json" => return Some(Self::Metadata),
            _ => {}
        }
        let in_data = path
            .split('/')
            .rev()
            .skip(1)
            .any(|part| part == "data" || part == "hieradata");
        match Self::of_extension(extension)? {
            Self::Yaml if !in_data && stem != "hiera" => None,
            Self::Json if !in_data => None,
            kind => Some(kind),
        }
    }

    /// The kind of a file of which only the extension tells.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "pp" => Self::Manifest,
            "epp" => Self::Template,
            "yaml" | "yml" | "eyaml" => Self::Yaml,
            "json" => Self::Json,
            _ => return None,
        })
    }
}

/// Whether the content of the file at `path` is needed for [`check_tree`].
pub fn looks_at(path: &str) -> bool {
    FileKind::of(path).is_some()
}

pub use excerpt::excerpt;
pub use puppet::{finding, severity};
pub use site::{rollout_plan, settings};

/// Checks files (path -> content) on all processors; the findings are in the order of paths.
pub fn check_tree(files: &BTreeMap<String, Bytes>) -> Vec<UploadDiagnostic> {
    let module_path = ModulePath::of(files);
    let work: Vec<(&String, &Bytes)> = files.iter().collect();
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(work.len().max(1));
    let next = std::sync::atomic::AtomicUsize::new(0);
    let worker = || {
        let mut found = Vec::new();
        loop {
            let index = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let Some((path, bytes)) = work.get(index) else {
                return found;
            };
            found.push((index, check_file(path, bytes, &module_path)));
        }
    };
    let mut found: Vec<(usize, Vec<UploadDiagnostic>)> = std::thread::scope(|scope| {
        let spawn = |_| {
            std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, worker)
        };
        let handles: Vec<_> = (0..threads).map(spawn).collect();
        let mut found = Vec::new();
        for handle in handles {
            // A checker that died leaves its files unchecked, which is told below.
            if let Ok(Ok(part)) = handle.map(std::thread::ScopedJoinHandle::join) {
                found.extend(part);
            }
        }
        found
    });
    found.sort_unstable_by_key(|(index, _)| *index);
    let mut done = found.into_iter().peekable();
    let mut all = Vec::new();
    for (index, (path, _)) in work.iter().enumerate() {
        match done.next_if(|(at, _)| *at == index) {
            Some((_, found)) => all.extend(found),
            None => all.push(
                UploadDiagnostic::error("the file could not be checked").in_file(path.as_str()),
            ),
        }
    }
    all
}

fn check_file(path: &str, bytes: &[u8], module_path: &ModulePath) -> Vec<UploadDiagnostic> {
    match FileKind::of(path) {
        Some(FileKind::Manifest) => puppet::manifest(path, bytes, module_path),
        Some(FileKind::Template) => puppet::epp(path, bytes),
        Some(kind) => check_data(kind, path, bytes),
        None => Vec::new(),
    }
}

/// Checks what is no code: whether it can be read, and whether documents of ours hold what they must.
pub fn check_data(kind: FileKind, path: &str, bytes: &[u8]) -> Vec<UploadDiagnostic> {
    match kind {
        FileKind::Yaml | FileKind::HieraConfig => data::yaml(path, bytes),
        FileKind::Json | FileKind::Metadata => data::json(path, bytes),
        FileKind::Facts => data::facts(path, bytes),
        FileKind::Site => site::findings(path, bytes),
        FileKind::Prebuilt => prebuilt::findings(path, bytes),
        FileKind::Manifest | FileKind::Template | FileKind::EnvironmentConf => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
