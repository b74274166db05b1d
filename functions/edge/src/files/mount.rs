//! Mounts: from the path in a URL to code paths of the release (puppet/file_serving/mount/*.rb).

use bunraku_farm::CodePath;

use super::tree::{Entry, Tree};

/// A mount of the file server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mount {
    /// `modules/NAME/PATH`: a module's `files`.
    Modules,
    /// All modules' `lib`, merged.
    Plugins,
    /// All modules' `facts.d`, merged.
    PluginFacts,
    /// All modules' `locales`, merged.
    Locales,
    /// `scripts/NAME/PATH`: a module's `scripts`.
    Scripts,
}

/// A mount and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) mount: Mount,
    /// Path below the mount, checked: no `..`, no empty part. `None` for the mount itself.
    pub(crate) path: Option<String>,
}

impl Target {
    /// Reads `plugins/puppet/x.rb`. `None` when there is no such mount or the path is none.
    pub(crate) fn parse(key: &str) -> Option<Self> {
        let (mount, path) = match key.split_once('/') {
            Some((mount, path)) => (mount, path.trim_matches('/')),
            None => (key, ""),
        };
        let mount = match mount {
            "modules" => Mount::Modules,
            "plugins" => Mount::Plugins,
            "pluginfacts" => Mount::PluginFacts,
            "locales" => Mount::Locales,
            "scripts" => Mount::Scripts,
            _ => return None,
        };
        let path = match path {
            "" => None,
            path => Some(CodePath::parse(path).ok()?.as_str().to_owned()),
        };
        Some(Self { mount, path })
    }

    /// The code path of one file or directory.
    pub(crate) fn find(&self, tree: &Tree) -> Option<String> {
        let below = |directory: String| match &self.path {
            Some(path) => format!("{directory}/{path}"),
            None => directory,
        };
        let path = match self.mount.merged() {
            Some(directory) => tree
                .modules()
                .iter()
                .map(|module| below(format!("{}/{directory}", module.directory)))
                .find(|path| tree.entry(path).is_some())?,
            None => {
                let (module, path) = match self.path.as_deref()?.split_once('/') {
                    Some((module, path)) => (module, Some(path)),
                    None => (self.path.as_deref()?, None),
                };
                let directory = format!(
                    "{}/{}",
                    tree.module(module)?.directory,
                    self.mount.directory()
                );
                match path {
                    Some(path) => format!("{directory}/{path}"),
                    None => directory,
                }
            }
        };
        tree.entry(&path).is_some().then_some(path)
    }

    /// The code paths of the roots to search; of a merged mount all, whatever the path. `Err` holds the directory
    /// to show alone when no module has anything: agents need a root.
    pub(crate) fn search(&self, tree: &Tree) -> Option<Result<Vec<String>, String>> {
        let Some(directory) = self.mount.merged() else {
            return self.find(tree).map(|path| Ok(vec![path]));
        };
        let roots: Vec<_> = tree
            .modules()
            .iter()
            .map(|module| format!("{}/{directory}", module.directory))
            .filter(|path| tree.entry(path) == Some(Entry::Directory))
            .collect();
        if roots.is_empty() {
            let root = tree
                .module_path()
                .first()
                .cloned()
                .unwrap_or_else(|| "modules".to_owned());
            return Some(Err(root));
        }
        Some(Ok(roots))
    }
}

impl Mount {
    /// The directory of a module that it shows.
    fn directory(self) -> &'static str {
        match self {
            Self::Modules => "files",
            Self::Plugins => "lib",
            Self::PluginFacts => "facts.d",
            Self::Locales => "locales",
            Self::Scripts => "scripts",
        }
    }

    /// The directory that is merged over all modules, for the mounts that do so.
    fn merged(self) -> Option<&'static str> {
        match self {
            Self::Modules | Self::Scripts => None,
            Self::Plugins | Self::PluginFacts | Self::Locales => Some(self.directory()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;

    fn find(tree: &Tree, key: &str) -> Option<String> {
        Target::parse(key)?.find(tree)
    }

    #[test]
    fn a_file_is_found_in_its_module_or_the_first_module_that_has_it() {
        let tree = tree(
            &[
                "modules/a/files/x",
                "modules/a/lib/f.rb",
                "modules/b/lib/f.rb",
                "modules/b/lib/g.rb",
                "modules/a/secret",
            ],
            None,
        );
        assert_eq!(
            find(&tree, "modules/a/x").as_deref(),
            Some("modules/a/files/x")
        );
        assert_eq!(
            find(&tree, "plugins/f.rb").as_deref(),
            Some("modules/a/lib/f.rb")
        );
        assert_eq!(
            find(&tree, "plugins/g.rb").as_deref(),
            Some("modules/b/lib/g.rb")
        );
        assert_eq!(find(&tree, "modules/a").as_deref(), Some("modules/a/files"));
        assert_eq!(find(&tree, "modules/c/x"), None);
        assert_eq!(find(&tree, "modules"), None);
    }

    #[test]
    fn no_path_leads_out_of_a_mount() {
        let tree = tree(
            &[
                "modules/a/files/x",
                "modules/a/secret",
                "modules/a/tasks/t.sh",
            ],
            None,
        );
        for key in [
            "modules/a/../secret",
            "modules/a//secret",
            "modules/a/./x",
            "modules/../a/x",
            "tasks/a/t.sh",
            "modules/a/x\0",
            "modules/a/\u{1}",
        ] {
            assert_eq!(find(&tree, key), None, "{key:?}");
        }
    }

    #[test]
    fn a_search_of_plugins_without_any_still_has_a_root() {
        let tree = tree(&["modules/a/files/x"], None);
        let target = Target::parse("plugins").unwrap();
        assert_eq!(target.search(&tree), Some(Err("modules".to_owned())));
        assert_eq!(Target::parse("modules/none").unwrap().search(&tree), None);
    }
}
