//! Where modules are: which of a path's definitions belong where depends on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bunraku_syntax::environment_conf::EnvironmentConf;
use serde_json::Value as Json;

/// What the options say instead of an `environment.conf`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// `--modulepath`
    pub(crate) modulepath: Option<String>,
    /// `--manifest`: files there may define whatever they want.
    pub(crate) manifest: Option<PathBuf>,
}

/// Directories of modules, and one that is a module itself.
pub(super) struct Modules {
    directories: Vec<PathBuf>,
    module: Option<(PathBuf, String)>,
    manifest: Option<PathBuf>,
}

impl Modules {
    /// Those of a directory: of an environment, or the module that it is.
    pub(super) fn of(root: &Path, places: &Places) -> Self {
        let conf = std::fs::read_to_string(root.join("environment.conf")).unwrap_or_default();
        let directories = match &places.modulepath {
            Some(modulepath) => Self::split(modulepath),
            None => EnvironmentConf::parse(&conf)
                .modulepath
                .into_iter()
                .filter(|entry| !entry.starts_with('$'))
                .map(|entry| root.join(entry))
                .collect(),
        };
        // Control repos may have metadata, too.
        let module = (places.modulepath.is_none() && !is_environment(root))
            .then(|| module_name(root))
            .flatten()
            .map(|name| (root.to_owned(), name));
        Self {
            directories,
            module,
            manifest: places.manifest.clone(),
        }
    }

    /// Those of the environment or the module that a file is in.
    pub(super) fn around(file: &Path, places: &Places) -> Self {
        let around = file
            .ancestors()
            .skip(1)
            .find(|directory| is_environment(directory) || module_name(directory).is_some());
        match around {
            Some(directory) => Self::of(directory, places),
            None => Self {
                directories: places
                    .modulepath
                    .as_deref()
                    .map(Self::split)
                    .unwrap_or_default(),
                module: None,
                manifest: places.manifest.clone(),
            },
        }
    }

    fn split(modulepath: &str) -> Vec<PathBuf> {
        let entries = modulepath.split(':').filter(|entry| !entry.is_empty());
        entries.map(|entry| absolute(Path::new(entry))).collect()
    }

    /// The path below a directory of modules, where the autoloader finds it (`ntp/manifests/init.pp`).
    pub(super) fn relative(&self, path: &Path) -> Option<Arc<str>> {
        let path = absolute(path);
        let is_main = |manifest: &PathBuf| {
            let manifest = absolute(manifest);
            // The reference compares texts (`initial_manifest?`).
            path.to_string_lossy()
                .starts_with(&*manifest.to_string_lossy())
        };
        if self.manifest.as_ref().is_some_and(is_main) {
            return None;
        }
        let below = self
            .directories
            .iter()
            .find_map(|directory| path.strip_prefix(absolute(directory)).ok());
        let relative = match (below, &self.module) {
            (Some(below), _) => below.to_str()?.to_owned(),
            (None, Some((root, name))) => {
                let inside = path.strip_prefix(absolute(root)).ok()?;
                format!("{name}/{}", inside.to_str()?)
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

/// A path from the root on, without `.` and `..`; links are not followed.
fn absolute(path: &Path) -> PathBuf {
    let mut absolute = PathBuf::new();
    for part in std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .components()
    {
        match part {
            std::path::Component::ParentDir => {
                absolute.pop();
            }
            part => absolute.push(part),
        }
    }
    absolute
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
