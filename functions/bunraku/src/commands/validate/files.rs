//! Which files are checked, and as what.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_syntax::environment_conf::EnvironmentConf;
use serde_json::Value as Json;
use walkdir::WalkDir;

use super::failed;
use crate::failure::Result;

/// What a file is checked as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Manifest,
    Template,
    HieraConfig,
    Metadata,
    EnvironmentConf,
    Yaml,
    Json,
    /// What only a push looks at: facts, the site's settings, pre-built catalogs.
    Pushed,
}

/// A file to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    /// Its path in the directory that was named; its name alone if it was named itself.
    pub(crate) inside: String,
    pub(crate) kind: Kind,
    /// Its path below a directory of modules, where the autoloader finds it (`ntp/manifests/init.pp`).
    pub(crate) module_path: Option<Arc<str>>,
}

/// Directories that hold no code of the tree itself.
const LEFT_OUT: [&str; 6] = [".git", ".svn", ".hg", ".bunraku", "spec", "fixtures"];

/// Adds the files of a directory in order, or a file that is named itself.
pub(crate) fn find(path: &Path, found: &mut Vec<File>) -> Result<()> {
    if !path.is_dir() {
        std::fs::metadata(path).map_err(|error| failed(path, &error))?;
        let inside = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if let Some(kind) = kind_of(&inside, true) {
            let module_path = Modules::around(path).relative(path);
            found.push(File {
                path: path.to_owned(),
                inside,
                kind,
                module_path,
            });
        }
        return Ok(());
    }
    let modules = Modules::of(path);
    let walk = WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            let name = entry.file_name().to_str();
            entry.depth() == 0 || !name.is_some_and(|name| LEFT_OUT.contains(&name))
        });
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                found.extend(unreadable(&error));
                continue;
            }
        };
        if !entry.file_type().is_file() {
            continue;
        }
        let inside = entry.path().strip_prefix(path).unwrap_or(entry.path());
        let inside = inside.to_string_lossy().into_owned();
        if let Some(kind) = kind_of(&inside, false) {
            let module_path = modules.relative(entry.path());
            found.push(File {
                path: entry.into_path(),
                inside,
                kind,
                module_path,
            });
        }
    }
    Ok(())
}

/// A directory that can't be listed, to be told as a file that can't be read; links that lead nowhere, or to a
/// directory around them, are passed over.
fn unreadable(error: &walkdir::Error) -> Option<File> {
    let refused = error.io_error()?.kind() == std::io::ErrorKind::PermissionDenied;
    let path = error.path().filter(|_| refused)?;
    Some(File {
        path: path.to_owned(),
        inside: String::new(),
        kind: Kind::Manifest,
        module_path: None,
    })
}

/// What the file at a path is checked as. Data that is `named` itself need lie in no directory of data.
fn kind_of(path: &str, named: bool) -> Option<Kind> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let in_data = named
        || path
            .split('/')
            .rev()
            .skip(1)
            .any(|part| part == "data" || part == "hieradata");
    match (file, extension) {
        (_, "pp") => return Some(Kind::Manifest),
        (_, "epp") => return Some(Kind::Template),
        ("hiera.yaml", _) => return Some(Kind::HieraConfig),
        ("metadata.json", _) => return Some(Kind::Metadata),
        ("environment.conf", _) => return Some(Kind::EnvironmentConf),
        _ => {}
    }
    if bunraku_ingest::check::looks_at(path) {
        return Some(Kind::Pushed);
    }
    match extension {
        "yaml" | "yml" | "eyaml" if in_data => Some(Kind::Yaml),
        "json" if in_data => Some(Kind::Json),
        _ => None,
    }
}

/// Where modules are: directories of them, and one that is a module itself.
struct Modules {
    directories: Vec<PathBuf>,
    module: Option<(PathBuf, String)>,
}

impl Modules {
    /// Those of a directory: of an environment, or the module that it is.
    fn of(root: &Path) -> Self {
        let conf = std::fs::read_to_string(root.join("environment.conf")).unwrap_or_default();
        let directories = EnvironmentConf::parse(&conf)
            .modulepath
            .into_iter()
            .filter(|entry| !entry.starts_with('$'))
            .map(|entry| root.join(entry))
            .collect();
        // Control repos may have metadata, too.
        let module = (!is_environment(root))
            .then(|| module_name(root))
            .flatten()
            .map(|name| (root.to_owned(), name));
        Self {
            directories,
            module,
        }
    }

    /// Those of the environment or the module that a file is in.
    fn around(file: &Path) -> Self {
        let around = file
            .ancestors()
            .skip(1)
            .find(|directory| is_environment(directory) || module_name(directory).is_some());
        around.map_or_else(
            || Self {
                directories: Vec::new(),
                module: None,
            },
            Self::of,
        )
    }

    fn relative(&self, path: &Path) -> Option<Arc<str>> {
        let below = self
            .directories
            .iter()
            .find_map(|directory| path.strip_prefix(directory).ok());
        let relative = match (below, &self.module) {
            (Some(below), _) => below.to_str()?.to_owned(),
            (None, Some((root, name))) => {
                format!("{name}/{}", path.strip_prefix(root).ok()?.to_str()?)
            }
            (None, None) => return None,
        };
        let (_, in_module) = relative.split_once('/')?;
        let autoloaded = ["manifests/", "functions/", "types/", "plans/"];
        autoloaded
            .iter()
            .any(|directory| in_module.starts_with(directory))
            .then(|| Arc::from(relative.as_str()))
    }
}

/// Whether a directory is an environment or a control repo, and no module.
fn is_environment(root: &Path) -> bool {
    ["environment.conf", "Puppetfile", "modules"]
        .iter()
        .any(|name| root.join(name).exists())
}

/// The name by which the module at `root` is loaded.
fn module_name(root: &Path) -> Option<String> {
    let text = std::fs::read(root.join("metadata.json")).ok()?;
    let metadata: Json = serde_json::from_slice(&text).ok()?;
    let (_, name) = metadata.get("name")?.as_str()?.split_once(['-', '/'])?;
    Some(name.to_owned())
}
