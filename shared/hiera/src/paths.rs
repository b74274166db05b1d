//! Paths as Ruby's `Pathname` joins them, and as code paths.

/// `Pathname#+`: an absolute `right` wins; leading `.` and `..` of it are resolved.
pub(crate) fn join(left: &str, right: &str) -> String {
    if right.starts_with('/') {
        return right.to_owned();
    }
    let mut base: Vec<&str> = left.split('/').filter(|part| !part.is_empty()).collect();
    let is_absolute = left.starts_with('/');
    let mut rest = right;
    loop {
        rest = rest.trim_start_matches('/');
        let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
        match first {
            "." => rest = after,
            ".." if base.last().is_some_and(|last| *last != "..") => {
                base.pop();
                rest = after;
            }
            ".." if is_absolute && base.is_empty() => rest = after,
            _ => break,
        }
        if rest.is_empty() {
            break;
        }
    }
    let mut joined = base.join("/");
    if is_absolute {
        joined.insert(0, '/');
    }
    if !rest.is_empty() {
        if !joined.is_empty() && !joined.ends_with('/') {
            joined.push('/');
        }
        joined.push_str(rest);
    }
    joined
}

/// The code path of an absolute path: cleaned, and relative when it lies within `root`.
pub(crate) fn code_path(absolute: &str, root: &str) -> String {
    let cleaned = clean(absolute);
    let root = clean(root);
    if cleaned == root {
        return String::new();
    }
    match cleaned.strip_prefix(root.trim_end_matches('/')) {
        Some(rest) if rest.starts_with('/') => rest.trim_start_matches('/').to_owned(),
        _ => cleaned,
    }
}

/// Without `.`, `..` and double slashes.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!(
        "{}{}",
        if path.starts_with('/') { "/" } else { "" },
        parts.join("/")
    )
}

/// Directory of a path; of a name alone, the empty path.
pub(crate) fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) => "/",
        Some((parent, _)) => parent,
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_join_as_pathname_does() {
        for (left, right, joined) in [
            ("/e", "data", "/e/data"),
            ("/e", "/x", "/x"),
            ("/e/p", "../q", "/e/q"),
            ("/e", "../../..", "/"),
            ("/e", "./data", "/e/data"),
            ("/e", "a/../b", "/e/a/../b"),
            ("/e", "", "/e"),
            ("/e", "data/", "/e/data/"),
        ] {
            assert_eq!(join(left, right), joined, "{left} + {right}");
        }
    }

    #[test]
    fn absolute_paths_within_the_environment_become_code_paths() {
        assert_eq!(
            code_path("/e/data//x/../common.yaml", "/e"),
            "data/common.yaml"
        );
        assert_eq!(code_path("/environment/x", "/e"), "/environment/x");
        assert_eq!(code_path("/e", "/e/"), "");
    }
}
