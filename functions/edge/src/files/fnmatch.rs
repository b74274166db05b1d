//! Ruby's `File.fnmatch?` without flags, as `ignore` patterns are matched against names.

/// Whether `name` (no slash in it) matches `pattern`: `*`, `?`, `[a-z]`, `[^a]`, `\` escapes. A leading dot is
/// matched by a dot alone.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    if name.first() == Some(&'.') && matches!(pattern.first(), Some('*' | '?' | '[')) {
        return false;
    }
    matches_from(&pattern, &name)
}

/// Iterative, with one place to go back to: linear space, at most `pattern * name` steps.
fn matches_from(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => one(pattern, p, name.get(n).copied().unwrap_or_default()),
            None => None,
        };
        match (step, star) {
            (Some(next), _) => {
                p = next;
                n += 1;
            }
            (None, Some((star_p, star_n))) => {
                p = star_p + 1;
                n = star_n + 1;
                star = Some((star_p, n));
            }
            (None, None) => return false,
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// Matches one character against the pattern's element at `at`; the place after the element when it fits.
fn one(pattern: &[char], at: usize, c: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => Some(at + 1),
        '\\' => match pattern.get(at + 1) {
            Some(escaped) => (*escaped == c).then_some(at + 2),
            None => (c == '\\').then_some(at + 1),
        },
        '[' => class(pattern, at + 1, c),
        literal => (*literal == c).then_some(at + 1),
    }
}

fn class(pattern: &[char], mut at: usize, c: char) -> Option<usize> {
    let negated = matches!(pattern.get(at), Some('!' | '^'));
    if negated {
        at += 1;
    }
    let mut found = false;
    loop {
        let mut low = *pattern.get(at)?;
        if low == ']' {
            return (found != negated).then_some(at + 1);
        }
        if low == '\\' {
            at += 1;
            low = *pattern.get(at)?;
        }
        at += 1;
        let mut high = low;
        if pattern.get(at) == Some(&'-') && pattern.get(at + 1).is_some_and(|c| *c != ']') {
            high = *pattern.get(at + 1)?;
            at += 2;
            if high == '\\' {
                high = *pattern.get(at)?;
                at += 1;
            }
        }
        found |= (low..=high).contains(&c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values from Ruby 3.1's `File.fnmatch?(pattern, name)`.
    #[test]
    fn patterns_match_as_in_ruby() {
        for (pattern, name, expected) in [
            (".svn", ".svn", true),
            ("*.rb", "a.rb", true),
            ("*.rb", "a.rbx", false),
            ("*", ".hidden", false),
            (".*", ".hidden", true),
            ("?ab", "xab", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("[!a]x", "bx", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("[a", "a", false),
            ("", "", true),
            ("", "a", false),
            ("**", "abc", true),
            ("{a,b}", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern:?} {name:?}");
        }
    }
}
