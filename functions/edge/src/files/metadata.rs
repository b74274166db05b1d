//! FileMetadata documents (puppet/file_serving/metadata.rb, fileset.rb).

use std::collections::{HashSet, VecDeque};

use bunraku_farm::Digest;
use serde::Serialize;

use super::fnmatch;
use super::options::Options;
use super::tree::{Entry, Tree};
use crate::http::reply::{Problem, server_error};

/// One file or directory, in the reference's order of keys.
#[derive(Debug, Serialize)]
pub(crate) struct FileMetadata {
    path: String,
    relative_path: Option<String>,
    links: &'static str,
    owner: u32,
    group: u32,
    mode: u32,
    pub(crate) checksum: Checksum,
    #[serde(rename = "type")]
    kind: &'static str,
    destination: Option<String>,
    /// The content to compute the checksum of, when the manifest doesn't know it.
    #[serde(skip)]
    pub(crate) content: Option<Digest>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Checksum {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// Mode of everything when the source's permissions are not asked for (`Metadata::MetaStat`), 0644.
const DEFAULT_MODE: u32 = 0o644;
const DIRECTORY_MODE: u32 = 0o755;
/// Most entries of one reply, whatever the client asks for.
const MOST_ENTRIES: usize = 200_000;

impl FileMetadata {
    /// Of one path (`file_metadata`).
    pub(crate) fn one(tree: &Tree, codedir: &str, path: &str, options: &Options) -> Option<Self> {
        let entry = tree.entry(path)?;
        Some(Self::new(
            display(tree, codedir, path),
            None,
            entry,
            options,
        ))
    }

    /// Of everything below some roots, of the same relative path the first (`file_metadatas`).
    pub(crate) fn many(
        tree: &Tree,
        codedir: &str,
        roots: &[String],
        options: &Options,
    ) -> Result<Vec<Self>, Problem> {
        let mut list = Vec::new();
        let mut seen = HashSet::new();
        for root in roots {
            let shown = display(tree, codedir, root);
            let entries = walk(tree, root, options);
            let count = entries.len();
            if options.max_files > 0
                && i64::try_from(count).is_ok_and(|count| count > options.max_files)
            {
                return Err(server_error(format!(
                    "The directory '{shown}' contains {count} entries, which exceeds the limit of {} specified by \
                     the max_files parameter for this resource. The limit may be increased, but be aware that large \
                     number of file resources can result in excessive resource consumption and degraded performance. \
                     Consider using an alternate method to manage large directory trees",
                    options.max_files
                )));
            }
            let Some(top) = tree.entry(root) else {
                continue;
            };
            for (relative, entry) in std::iter::once((".".to_owned(), top)).chain(entries) {
                if list.len() >= MOST_ENTRIES {
                    return Err(server_error("There are too many files below this path"));
                }
                if seen.insert(relative.clone()) {
                    list.push(Self::new(shown.clone(), Some(relative), entry, options));
                }
            }
        }
        Ok(list)
    }

    /// Of a root that need not be in the release: what the reference shows when no module has plugins.
    pub(crate) fn bare_root(tree: &Tree, codedir: &str, path: &str, options: &Options) -> Self {
        let shown = display(tree, codedir, path);
        Self::new(shown, Some(".".to_owned()), Entry::Directory, options)
    }

    fn new(path: String, relative_path: Option<String>, entry: Entry, options: &Options) -> Self {
        let (kind, mode, checksum, content) = match entry {
            Entry::File(file) => {
                let checksum_type = options.checksum_type;
                let known = checksum_type.known(file.digest);
                let content = known.is_none().then_some(file.digest);
                let value = known.unwrap_or_default();
                (
                    "file",
                    file.mode & 0o7777,
                    checksum(checksum_type.as_str(), &value),
                    content,
                )
            }
            Entry::Directory => {
                let time = super::checksum::ChecksumType::Ctime.of(b"");
                ("directory", DIRECTORY_MODE, checksum("ctime", &time), None)
            }
        };
        Self {
            path,
            relative_path,
            links: options.links(),
            owner: 0,
            group: 0,
            mode: if options.use_permissions {
                mode
            } else {
                DEFAULT_MODE
            },
            checksum,
            kind,
            destination: None,
            content,
        }
    }
}

/// `{type}value`, as documents have it.
pub(crate) fn checksum(kind: &'static str, value: &str) -> Checksum {
    Checksum {
        kind,
        value: format!("{{{kind}}}{value}"),
    }
}

fn display(tree: &Tree, codedir: &str, path: &str) -> String {
    format!("{codedir}/environments/{}/{path}", tree.environment)
}

/// Everything below `root`, breadth first, without what is ignored.
fn walk(tree: &Tree, root: &str, options: &Options) -> Vec<(String, Entry)> {
    let mut found = Vec::new();
    if !options.recurse {
        return found;
    }
    let mut queue = VecDeque::from([(root.to_owned(), String::new(), 1_usize)]);
    while let Some((directory, relative, depth)) = queue.pop_front() {
        if options.recurse_limit.is_some_and(|limit| depth > limit) || found.len() > MOST_ENTRIES {
            continue;
        }
        for name in tree.children(&directory) {
            if options
                .ignore
                .iter()
                .any(|pattern| fnmatch::matches(pattern, &name))
            {
                continue;
            }
            let path = format!("{directory}/{name}");
            let relative = if relative.is_empty() {
                name
            } else {
                format!("{relative}/{name}")
            };
            let Some(entry) = tree.entry(&path) else {
                continue;
            };
            if entry == Entry::Directory {
                queue.push_back((path, relative.clone(), depth + 1));
            }
            found.push((relative, entry));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::tree;
    use super::*;
    use crate::http::params::Params;

    fn options(query: &str) -> Options {
        Options::read(&Params::parse(query.as_bytes())).unwrap()
    }

    fn relative(list: &[FileMetadata]) -> Vec<&str> {
        list.iter()
            .filter_map(|entry| entry.relative_path.as_deref())
            .collect()
    }

    #[test]
    fn documents_have_the_keys_of_the_reference_in_its_order() {
        let sample = include_str!("../../tests/samples/file_metadatas.json");
        let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
        let tree = tree(
            &["modules/ssh/lib/facter/f.rb", "modules/ssh/lib/puppet/p.rb"],
            None,
        );
        let options = options(
            "recurse=true&links=follow&checksum_type=sha256&source_permissions=ignore&max_files=-1&recurselimit=1",
        );
        let roots = ["modules/ssh/lib".to_owned()];
        let list = FileMetadata::many(&tree, "/etc/puppetlabs/code", &roots, &options).unwrap();
        let ours = serde_json::to_value(&list).unwrap();
        for (ours, theirs) in ours
            .as_array()
            .unwrap()
            .iter()
            .zip(sample.as_array().unwrap())
        {
            let mut theirs = theirs.clone();
            // Where the sample's server had its modules, and when they were installed.
            theirs["path"] = "/etc/puppetlabs/code/environments/production/modules/ssh/lib".into();
            theirs["checksum"]["value"] = "{ctime}1970-01-01 00:00:00 +0000".into();
            assert_eq!(
                serde_json::to_string(ours).unwrap(),
                serde_json::to_string(&theirs).unwrap()
            );
        }
        assert_eq!(list.len(), sample.as_array().unwrap().len());
    }

    #[test]
    fn modules_are_merged_and_the_first_root_comes_first() {
        let tree = tree(
            &[
                "modules/a/lib/x.rb",
                "modules/b/lib/x.rb",
                "modules/b/lib/d/y.rb",
            ],
            None,
        );
        let roots = ["modules/a/lib".to_owned(), "modules/b/lib".to_owned()];
        let list = FileMetadata::many(&tree, "/c", &roots, &options("recurse=true")).unwrap();
        assert_eq!(relative(&list), [".", "x.rb", "d", "d/y.rb"]);
        assert_eq!(list[1].path, "/c/environments/production/modules/a/lib");
        assert_eq!(list[3].path, "/c/environments/production/modules/b/lib");
    }

    #[test]
    fn ignored_names_are_left_out_with_all_below() {
        let tree = tree(
            &[
                "modules/a/lib/.svn/x",
                "modules/a/lib/y~",
                "modules/a/lib/z",
            ],
            None,
        );
        let roots = ["modules/a/lib".to_owned()];
        let query = "recurse=true&ignore=.svn&ignore=*~";
        let list = FileMetadata::many(&tree, "/c", &roots, &options(query)).unwrap();
        assert_eq!(relative(&list), [".", "z"]);
    }

    #[test]
    fn limits_are_kept() {
        let tree = tree(
            &["modules/a/lib/1", "modules/a/lib/2", "modules/a/lib/d/3"],
            None,
        );
        let roots = ["modules/a/lib".to_owned()];
        let many = |query| FileMetadata::many(&tree, "/c", &roots, &options(query));
        assert_eq!(relative(&many("recurse=false").unwrap()), ["."]);
        assert_eq!(
            relative(&many("recurse=true&recurselimit=1").unwrap()),
            [".", "1", "2", "d"]
        );
        assert!(many("recurse=true&max_files=3").is_err());
        assert_eq!(many("recurse=true&max_files=-1").unwrap().len(), 5);
    }

    #[test]
    fn the_sources_mode_is_shown_when_asked_for() {
        let tree = tree(&["modules/a/files/x"], None);
        let one =
            |query| FileMetadata::one(&tree, "/c", "modules/a/files/x", &options(query)).unwrap();
        let shown = one("source_permissions=use");
        assert_eq!((shown.mode, shown.relative_path), (0o755, None));
        assert_eq!(one("source_permissions=ignore").mode, 0o644);
        let expected = format!("{{sha256}}{}", Digest::of("modules/a/files/x"));
        assert_eq!(one("").checksum.value, expected);
        assert_eq!(
            one("checksum_type=md5").content,
            Some(Digest::of("modules/a/files/x"))
        );
    }
}
