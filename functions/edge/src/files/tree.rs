//! A release's modules and files, indexed for the file server.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use bunraku_farm::documents::{FileEntry, ReleaseManifest};
use bunraku_farm::{Digest, EnvironmentName};

/// A module of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Module {
    pub(crate) name: String,
    /// Code path of its directory: `modules/ntp`.
    pub(crate) directory: String,
}

/// A release as the file server sees it.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) environment: EnvironmentName,
    pub(crate) release: Digest,
    manifest: ReleaseManifest,
    /// In the order of the module path, by name within a directory; of two of the same name the first.
    modules: Vec<Module>,
    by_name: BTreeMap<String, usize>,
    /// The module path, as far as it lies within the environment.
    module_path: Vec<String>,
}

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A file.
    File(FileEntry),
    /// A directory; the manifest knows it by the files within.
    Directory,
}

/// Name of the file that sets an environment's module path.
pub(crate) const ENVIRONMENT_CONF: &str = "environment.conf";

impl Tree {
    /// Indexes a release. `environment_conf` is the text of its `environment.conf`, if it has one.
    pub(crate) fn new(
        environment: EnvironmentName,
        manifest: ReleaseManifest,
        environment_conf: Option<&str>,
    ) -> Self {
        let module_path = module_path(environment_conf.unwrap_or_default());
        let mut tree = Self {
            environment,
            release: manifest.release,
            manifest,
            modules: Vec::new(),
            by_name: BTreeMap::new(),
            module_path,
        };
        for directory in tree.module_path.clone() {
            for name in tree.children(&directory) {
                let path = format!("{directory}/{name}");
                if is_module_name(&name)
                    && !tree.by_name.contains_key(&name)
                    && tree.entry(&path) == Some(Entry::Directory)
                {
                    tree.by_name.insert(name.clone(), tree.modules.len());
                    tree.modules.push(Module {
                        name,
                        directory: path,
                    });
                }
            }
        }
        tree
    }

    /// The modules in the order that Puppet goes through them.
    pub(crate) fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// The module of a name.
    pub(crate) fn module(&self, name: &str) -> Option<&Module> {
        self.modules.get(*self.by_name.get(name)?)
    }

    /// The module path as code paths.
    pub(crate) fn module_path(&self) -> &[String] {
        &self.module_path
    }

    /// What lies at a code path.
    pub(crate) fn entry(&self, path: &str) -> Option<Entry> {
        if let Some(file) = self.manifest.file(path) {
            return Some(Entry::File(*file));
        }
        self.below(path).next().map(|_| Entry::Directory)
    }

    /// The names within a directory, sorted.
    pub(crate) fn children(&self, directory: &str) -> BTreeSet<String> {
        let start = directory.len() + 1;
        self.below(directory)
            .filter_map(|path| path.get(start..)?.split('/').next())
            .map(str::to_owned)
            .collect()
    }

    fn below<'a>(&'a self, directory: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = format!("{directory}/");
        self.manifest
            .files
            .range::<str, _>((Bound::Excluded(prefix.as_str()), Bound::Unbounded))
            .map(|(path, _)| path.as_str())
            .take_while(move |path| path.starts_with(&prefix))
    }
}

/// A tree that many requests share.
pub(crate) type SharedTree = Arc<Tree>;

/// `modulepath` of an environment.conf: its directories within the environment. `$basemodulepath` and absolute
/// directories are outside of the release.
fn module_path(environment_conf: &str) -> Vec<String> {
    let set = environment_conf.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "modulepath").then(|| value.trim().to_owned())
    });
    let Some(value) = set else {
        return vec!["modules".to_owned()];
    };
    value
        .trim_matches(['"', '\''])
        .split(':')
        .map(|directory| {
            directory
                .trim()
                .trim_start_matches("./")
                .trim_end_matches('/')
        })
        .filter(|directory| !directory.is_empty() && !directory.starts_with(['/', '$']))
        .map(str::to_owned)
        .collect()
}

/// `Puppet::Module.is_module_directory_name?`
fn is_module_name(name: &str) -> bool {
    name.bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
pub(crate) mod tests {
    use bunraku_farm::CodePath;

    use super::*;

    pub(crate) fn tree(paths: &[&str], environment_conf: Option<&str>) -> Tree {
        let files = paths
            .iter()
            .map(|path| {
                let entry = FileEntry {
                    digest: Digest::of(path),
                    size: path.len() as u64,
                    mode: 0o755,
                };
                (CodePath::parse(*path).unwrap(), entry)
            })
            .collect();
        let environment = EnvironmentName::parse("production").unwrap();
        Tree::new(environment, ReleaseManifest::new(files), environment_conf)
    }

    #[test]
    fn modules_come_in_the_order_of_the_module_path_and_the_first_of_a_name_wins() {
        let paths = [
            "modules/b/lib/x.rb",
            "modules/a/files/f",
            "site/b/files/g",
            "modules/not-one/files/h",
            "modules/README",
        ];
        let tree = tree(
            &paths,
            Some("# conf\nmodulepath = site:modules:$basemodulepath:/opt/m\n"),
        );
        let directories: Vec<_> = tree
            .modules()
            .iter()
            .map(|m| m.directory.as_str())
            .collect();
        assert_eq!(directories, ["site/b", "modules/a"]);
        assert_eq!(tree.module("b").unwrap().directory, "site/b");
        assert!(tree.module("README").is_none());
    }

    #[test]
    fn a_directory_is_known_by_the_files_within() {
        let tree = tree(&["modules/a/files/d/f", "modules/a/files/d.conf"], None);
        assert_eq!(tree.entry("modules/a/files/d"), Some(Entry::Directory));
        assert!(matches!(
            tree.entry("modules/a/files/d.conf"),
            Some(Entry::File(_))
        ));
        assert_eq!(tree.entry("modules/a/files/d.co"), None);
        let children = tree.children("modules/a/files");
        assert_eq!(children.iter().collect::<Vec<_>>(), ["d", "d.conf"]);
        assert_eq!(tree.module_path(), ["modules"]);
    }
}
