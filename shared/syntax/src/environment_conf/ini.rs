//! The lines of a settings file (`Puppet::Settings::IniFile`, `Puppet::Settings::ConfigFile`).

/// What a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line<'t> {
    /// `[name]`: what follows is in that section.
    Section(&'t str),
    /// `name = value`.
    Setting { name: &'t str, value: Value },
    /// Neither one of these, nor empty, nor a comment.
    Broken,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Boolean(bool),
    Text(String),
    /// Braces in it hold no owner, group and mode of a file; why, in Puppet's words.
    Unreadable(String),
}

/// The lines that say something, each with its number, from 1.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (u32, Line<'_>)> {
    let numbered = (1..).zip(text.lines());
    numbered.filter_map(|(number, line)| Some((number, read(line)?)))
}

fn read(line: &str) -> Option<Line<'_>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let section = line
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(name) = section.filter(|name| is_word(name)) {
        return Some(Line::Section(name));
    }
    let setting = line
        .split_once('=')
        .map(|(name, value)| (name.trim(), value));
    Some(match setting.filter(|(name, _)| is_word(name)) {
        Some((name, value)) => Line::Setting {
            name,
            value: Value::read(value.trim()),
        },
        None => Line::Broken,
    })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word_char)
}

fn is_word_char(ch: char) -> bool {
    ch.is_alphanumeric() || ch == '_'
}

impl Value {
    fn read(text: &str) -> Self {
        if text.eq_ignore_ascii_case("true") {
            return Self::Boolean(true);
        }
        if text.eq_ignore_ascii_case("false") {
            return Self::Boolean(false);
        }
        let quotes = ['"', '\''];
        let text = text.strip_prefix(quotes).unwrap_or(text);
        let text = text.strip_suffix(quotes).unwrap_or(text).trim_end();
        // `{owner = root, mode = 755}` says of what kind a file is.
        let braces = text.split_once('{').and_then(|(before, rest)| {
            let (inside, behind) = rest.split_once('}')?;
            (!inside.trim().is_empty()).then_some((before, inside, behind))
        });
        let Some((before, inside, behind)) = braces else {
            return Self::Text(text.to_owned());
        };
        for option in inside.trim().split(',').map(str::trim) {
            if let Some(problem) = file_option_problem(text, option) {
                return Self::Unreadable(problem);
            }
        }
        Self::Text(format!("{before}{behind}").trim_end().to_owned())
    }
}

fn file_option_problem(value: &str, option: &str) -> Option<String> {
    let pair = option
        .split_once('=')
        .map(|(name, value)| (name.trim(), value.trim()));
    let Some((name, setting)) = pair.filter(|(name, value)| is_word(name) && is_word(value)) else {
        return Some(format!("Could not parse '{value}'"));
    };
    if !["owner", "group", "mode"].contains(&name) {
        return Some(format!("Invalid file option '{name}'"));
    }
    let is_number = setting.bytes().all(|byte| byte.is_ascii_digit());
    (name == "mode" && !is_number).then(|| "File modes must be numbers".to_owned())
}
