//! Ruby's `Dir.glob` over [`World::list`]: `*`, `?`, `[a-z]`, `{a,b}`, `**/`.

use crate::paths;
use crate::world::World;

/// Most alternatives that braces expand to.
const MAX_ALTERNATIVES: usize = 1000;

/// Files (no directories) that match the absolute pattern, in Ruby's order, as absolute paths.
pub(crate) fn files(world: &dyn World, pattern: &str, root: &str) -> Vec<String> {
    let mut found = Vec::new();
    for alternative in expand_braces(pattern) {
        let parts: Vec<&str> = alternative
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let fixed = parts.iter().take_while(|part| !has_magic(part)).count();
        let (base, magic) = parts.split_at(fixed);
        let base = format!("/{}", base.join("/"));
        if magic.is_empty() {
            let path = paths::code_path(&base, root);
            let is_directory = !world.list(&path).is_empty();
            if world.exists(&path) && !is_directory {
                found.push(base);
            }
        } else {
            let walk = Walk { world, root };
            walk.directory(&base, vec![magic], &mut found, 0);
        }
    }
    found
}

struct Walk<'a> {
    world: &'a dyn World,
    root: &'a str,
}

impl Walk<'_> {
    /// Ruby's `glob_helper`: each entry in order, with all patterns that are alive there.
    fn directory(&self, path: &str, patterns: Vec<&[&str]>, found: &mut Vec<String>, depth: usize) {
        if depth > crate::yaml::MAX_DEPTH {
            return;
        }
        let mut alive: Vec<&[&str]> = Vec::new();
        for pattern in patterns {
            alive.push(pattern);
            // `**/` also stands for no directory at all.
            let mut rest = pattern;
            while let [first, after @ ..] = rest
                && *first == "**"
                && !after.is_empty()
            {
                alive.push(after);
                rest = after;
            }
        }
        let mut entries = self.world.list(&paths::code_path(path, self.root));
        entries.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
        for entry in entries {
            let mut below: Vec<&[&str]> = Vec::new();
            let mut is_match = false;
            for pattern in &alive {
                let [first, rest @ ..] = pattern else {
                    continue;
                };
                if *first == "**" && !rest.is_empty() {
                    if entry.is_directory
                        && !entry.name.starts_with('.')
                        && !below.contains(pattern)
                    {
                        below.push(pattern);
                    }
                } else if matches(first, &entry.name) {
                    if rest.is_empty() {
                        is_match = true;
                    } else if !below.contains(&rest) {
                        below.push(rest);
                    }
                }
            }
            let child = format!("{}/{}", path.trim_end_matches('/'), entry.name);
            if is_match && !entry.is_directory {
                found.push(child.clone());
            }
            if entry.is_directory && !below.is_empty() {
                self.directory(&child, below, found, depth + 1);
            }
        }
    }
}

fn has_magic(part: &str) -> bool {
    part.contains(['*', '?', '[', '\\'])
}

/// `{a,b}` to one pattern each, in order.
fn expand_braces(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut pending = vec![pattern.to_owned()];
    while let Some(pattern) = pending.pop() {
        match split_braces(&pattern) {
            Some((before, alternatives, after))
                if pending.len() + done.len() < MAX_ALTERNATIVES =>
            {
                for alternative in alternatives.into_iter().rev() {
                    pending.push(format!("{before}{alternative}{after}"));
                }
            }
            _ => done.push(pattern),
        }
    }
    done
}

/// The first outermost pair of braces: what is before, its alternatives, what is after.
fn split_braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let mut level = 0usize;
    let mut start = open + 1;
    let mut alternatives = Vec::new();
    for (index, byte) in pattern.bytes().enumerate().skip(open) {
        match byte {
            b'{' => level += 1,
            b',' if level == 1 => {
                alternatives.push(pattern.get(start..index)?);
                start = index + 1;
            }
            b'}' => {
                level -= 1;
                if level == 0 {
                    alternatives.push(pattern.get(start..index)?);
                    return Some((
                        pattern.get(..open)?,
                        alternatives,
                        pattern.get(index + 1..)?,
                    ));
                }
            }
            _ => {}
        }
    }
    None
}

/// `File.fnmatch` of one name: a leading period must be matched literally.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut index) = (0, 0);
    // Where to go on when what follows the last star does not fit.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(at), name.get(index)) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((at, index));
                at += 1;
                continue;
            }
            (Some('?'), Some(_)) => Some(at + 1),
            (Some('['), Some(character)) => class(&pattern, at, *character),
            (Some('\\'), Some(character)) if pattern.get(at + 1) == Some(character) => Some(at + 2),
            (Some(literal), Some(character)) if literal == character && *literal != '\\' => {
                Some(at + 1)
            }
            _ => None,
        };
        match (step, retry) {
            (Some(next), _) => {
                at = next;
                index += 1;
            }
            (None, Some((star, from))) if from < name.len() => {
                retry = Some((star, from + 1));
                at = star + 1;
                index = from + 1;
            }
            _ => return false,
        }
    }
}

/// `[a-z]`, `[^a]`: the position after the class when `character` is in it.
fn class(pattern: &[char], open: usize, character: char) -> Option<usize> {
    let mut at = open + 1;
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let mut found = false;
    loop {
        let low = *pattern.get(at)?;
        if low == ']' {
            break;
        }
        at += 1;
        if pattern.get(at) == Some(&'-') && pattern.get(at + 1).is_some_and(|high| *high != ']') {
            let high = *pattern.get(at + 1)?;
            found |= (low..=high).contains(&character);
            at += 2;
        } else {
            found |= low == character;
        }
    }
    (found != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_in_ruby() {
        for (pattern, name, expected) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", ".a.yaml", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("?.y", "a.y", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_expand_in_order() {
        assert_eq!(expand_braces("a{b,c{d,e}}f"), ["abf", "acdf", "acef"]);
        assert_eq!(expand_braces("{a"), ["{a"]);
    }
}
