//! Lines of a configuration that an error is about, found by text as the reference does.

/// The lines with their 1-based numbers, up to the first hash mark.
fn lines(text: &str) -> impl Iterator<Item = (u32, &str)> {
    (1..).zip(
        text.split_inclusive('\n')
            .map(|line| line.split_once('#').map_or(line, |(code, _)| code)),
    )
}

/// First line with `key` after white space, and `value` after it, perhaps quoted.
pub(super) fn find_setting(text: &str, key: &str, value: Option<&str>, start: u32) -> Option<u32> {
    let fits = |line: &str| {
        line.match_indices(key).any(|(index, _)| {
            let before = line.get(..index).unwrap_or_default();
            if !before.ends_with(is_space) {
                return false;
            }
            let Some(value) = value else {
                return true;
            };
            let after = line.get(index + key.len()..).unwrap_or_default();
            let trimmed = after.trim_start_matches(is_space);
            if trimmed.len() == after.len() {
                return false;
            }
            let unquoted = trimmed.strip_prefix(['\'', '"']).unwrap_or(trimmed);
            unquoted.strip_prefix(value).is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
            })
        })
    };
    lines(text)
        .find(|(number, line)| *number >= start && fits(line))
        .map(|(number, _)| number)
}

/// First line with `key` at its start or after white space.
pub(super) fn find_key(text: &str, key: &str) -> Option<u32> {
    let fits = |line: &str| {
        line.match_indices(key).any(|(index, _)| {
            index == 0
                || line
                    .get(..index)
                    .is_some_and(|before| before.ends_with(is_space))
        })
    };
    lines(text)
        .find(|(_, line)| fits(line))
        .map(|(number, _)| number)
}

/// First line with `%{name}`, the name perhaps quoted.
pub(super) fn find_variable(text: &str, name: &str) -> Option<u32> {
    let fits = |line: &str| {
        line.match_indices("%{").any(|(index, _)| {
            let rest = line.get(index + 2..).unwrap_or_default();
            let rest = rest.strip_prefix(['\'', '"']).unwrap_or(rest);
            rest.strip_prefix(name)
                .map(|rest| rest.strip_prefix(['\'', '"']).unwrap_or(rest))
                .is_some_and(|rest| rest.starts_with('}'))
        })
    };
    lines(text)
        .find(|(_, line)| fits(line))
        .map(|(number, _)| number)
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}
