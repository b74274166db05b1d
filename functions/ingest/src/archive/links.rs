//! Symbolic links within a tree.

use std::collections::BTreeMap;

use bunraku_farm::CodePath;

/// So many links are followed on the way to one file, as Linux does it (`ELOOP`).
const MAX_FOLLOWED: usize = 40;
/// Files that one link to a directory may stand for.
const MAX_COPIES: usize = 50_000;

/// The links of a tree: path -> target as written.
#[derive(Debug, Default)]
pub(super) struct Links(BTreeMap<CodePath, String>);

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resolved {
    /// To these: path in the place of the link -> file that is there.
    Files(Vec<(CodePath, CodePath)>),
    /// To nothing.
    Nothing,
    /// It is not taken; the reason follows on 'the link'.
    Refused(&'static str),
}

const OUTSIDE: Resolved = Resolved::Refused("leads out of the tree");
const LOOP: Resolved = Resolved::Refused("leads in a circle");

impl Links {
    pub(super) fn insert(&mut self, path: CodePath, target: String) {
        self.0.insert(path, target);
    }

    pub(super) fn remove(&mut self, path: &str) {
        self.0.remove(path);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&CodePath, &str)> {
        self.0.iter().map(|(path, target)| (path, target.as_str()))
    }

    /// Follows the link at `path` to a file, or to all files of a directory.
    pub(super) fn resolve<V>(&self, path: &CodePath, files: &BTreeMap<CodePath, V>) -> Resolved {
        let real = match self.real_path(path) {
            Ok(real) => real,
            Err(refused) => return refused,
        };
        if real.is_empty() {
            return LOOP;
        }
        if let Some((file, _)) = files.get_key_value(real.as_str()) {
            return Resolved::Files(vec![(path.clone(), file.clone())]);
        }
        if format!("{path}/").starts_with(&format!("{real}/")) {
            return LOOP;
        }
        let mut found = Vec::new();
        if let Err(refused) = self.copy(path, &real, files, 0, &mut found) {
            return refused;
        }
        if found.is_empty() {
            Resolved::Nothing
        } else {
            Resolved::Files(found)
        }
    }

    /// All files below the directory `real`, as they appear below `place`; links in it are
    /// followed too.
    fn copy<V>(
        &self,
        place: &str,
        real: &str,
        files: &BTreeMap<CodePath, V>,
        depth: usize,
        found: &mut Vec<(CodePath, CodePath)>,
    ) -> Result<(), Resolved> {
        if depth > 8 {
            return Err(LOOP);
        }
        let prefix = format!("{real}/");
        for (file, _) in below(files, &prefix) {
            push(found, place, &file[prefix.len()..], file.clone())?;
        }
        for (link, _) in below(&self.0, &prefix) {
            let at = format!("{place}/{}", &link[prefix.len()..]);
            let target = self.real_path(link)?;
            if let Some((file, _)) = files.get_key_value(target.as_str()) {
                push(found, place, &link[prefix.len()..], file.clone())?;
            } else if !target.is_empty() {
                self.copy(&at, &target, files, depth + 1, found)?;
            } else {
                return Err(LOOP);
            }
        }
        Ok(())
    }

    /// The path with every link in it followed; the root is empty text.
    fn real_path(&self, path: &str) -> Result<String, Resolved> {
        let mut todo: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut done: Vec<String> = Vec::new();
        let mut followed = 0;
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    if done.pop().is_none() {
                        return Err(OUTSIDE);
                    }
                    continue;
                }
                _ => done.push(part),
            }
            let Some(target) = self.0.get(done.join("/").as_str()) else {
                continue;
            };
            followed += 1;
            if followed > MAX_FOLLOWED {
                return Err(LOOP);
            }
            if target.starts_with('/') {
                return Err(OUTSIDE);
            }
            done.pop();
            todo.extend(target.split('/').rev().map(str::to_owned));
        }
        Ok(done.join("/"))
    }
}

fn below<'a, V>(
    map: &'a BTreeMap<CodePath, V>,
    prefix: &'a str,
) -> impl Iterator<Item = (&'a CodePath, &'a V)> {
    map.range::<str, _>((
        std::ops::Bound::Excluded(prefix),
        std::ops::Bound::Unbounded,
    ))
    .take_while(move |(path, _)| path.starts_with(prefix))
}

fn push(
    found: &mut Vec<(CodePath, CodePath)>,
    place: &str,
    rest: &str,
    file: CodePath,
) -> Result<(), Resolved> {
    if found.len() >= MAX_COPIES {
        return Err(Resolved::Refused("stands for too many files"));
    }
    match CodePath::parse(format!("{place}/{rest}")) {
        Ok(at) => {
            found.push((at, file));
            Ok(())
        }
        Err(_) => Err(Resolved::Refused("makes paths that are too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> CodePath {
        CodePath::parse(text).unwrap()
    }

    fn resolve(files: &[&str], links: &[(&str, &str)], link: &str) -> Resolved {
        let files: BTreeMap<CodePath, ()> = files.iter().map(|file| (path(file), ())).collect();
        let mut all = Links::default();
        for (from, to) in links {
            all.insert(path(from), (*to).to_owned());
        }
        all.resolve(&path(link), &files)
    }

    fn one(at: &str, file: &str) -> Resolved {
        Resolved::Files(vec![(path(at), path(file))])
    }

    #[test]
    fn links_inside_stand_for_their_files() {
        assert_eq!(
            resolve(&["a/x"], &[("b/l", "../a/x")], "b/l"),
            one("b/l", "a/x")
        );
        assert_eq!(
            resolve(&["a/x"], &[("l", "m"), ("m", "./a//x")], "l"),
            one("l", "a/x")
        );
        assert_eq!(
            resolve(&["v/m/x"], &[("m", "v/m")], "m"),
            one("m/x", "v/m/x")
        );
        let through = resolve(&["v/m/x"], &[("d", "v"), ("l", "d/m/x")], "l");
        assert_eq!(through, one("l", "v/m/x"));
    }

    #[test]
    fn links_out_of_the_tree_are_refused() {
        for target in ["/etc/passwd", "..", "../..", "a/../../x", "../l/../.."] {
            assert_eq!(
                resolve(&["a/x"], &[("l", target)], "l"),
                OUTSIDE,
                "{target}"
            );
        }
        // Out and in again is out: the name of the root is nobody's business.
        assert_eq!(resolve(&["a/x"], &[("l", "../site/a/x")], "l"), OUTSIDE);
    }

    #[test]
    fn circles_end() {
        assert_eq!(resolve(&["a"], &[("l", "l")], "l"), LOOP);
        assert_eq!(resolve(&["a"], &[("l", "m"), ("m", "l")], "l"), LOOP);
        assert_eq!(resolve(&["d/a"], &[("d/l", ".")], "d/l"), LOOP);
        assert_eq!(resolve(&["d/a"], &[("d/l", "..")], "d/l"), LOOP);
        let cross = [("a/x", "../b"), ("b/y", "../a")];
        assert_eq!(resolve(&["a/f", "b/g"], &cross, "a/x"), LOOP);
    }

    #[test]
    fn a_link_to_nothing_is_nothing() {
        assert_eq!(resolve(&["a"], &[("l", "gone")], "l"), Resolved::Nothing);
        assert_eq!(resolve(&["a"], &[("l", "")], "l"), LOOP);
    }
}
