//! Ruby's regular expressions, translated to `fancy_regex`.

use std::fmt;
use std::sync::Arc;

use fancy_regex::{Regex, RegexBuilder};

use crate::{Error, Result};

mod cache;
mod class;
mod translate;

/// Steps a match may take before it is given up.
const BACKTRACK_LIMIT: usize = 1_000_000;

/// A compiled Ruby regular expression.
#[derive(Debug)]
pub struct RubyRegex {
    source: String,
    has_flags: bool,
    regex: Arc<Regex>,
}

/// Options outside the pattern (`regsubst`'s `I`, `E`, `M`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Flags {
    /// Case does not matter (`i`).
    pub ignore_case: bool,
    /// Blanks and comments are skipped (`x`).
    pub extended: bool,
    /// `.` matches a newline (`m`).
    pub multiline: bool,
}

/// A match: `groups[0]` is the whole, others by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captures {
    /// Captured texts; `None`: the group took no part.
    pub groups: Vec<Option<String>>,
    /// Byte offset of the whole match.
    pub start: usize,
    /// End of the whole match.
    pub end: usize,
}

impl PartialEq for RubyRegex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for RubyRegex {}

impl fmt::Display for RubyRegex {
    /// With slashes, as `Regexp#inspect`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_flags {
            return write!(formatter, "/{}/", self.source);
        }
        formatter.write_str("/")?;
        let mut escaped = false;
        for character in self.source.chars() {
            if character == '/' && !escaped {
                formatter.write_str("\\")?;
            }
            escaped = character == '\\' && !escaped;
            fmt::Write::write_char(formatter, character)?;
        }
        formatter.write_str("/")
    }
}

impl RubyRegex {
    /// Compiles a pattern without flags.
    ///
    /// # Errors
    /// Where the pattern is malformed, or uses what is not supported.
    pub fn new(source: &str) -> Result<Self> {
        Self::with_flags(source, Flags::default())
    }

    /// Compiles a pattern with flags.
    ///
    /// # Errors
    /// As [`RubyRegex::new`].
    pub fn with_flags(source: &str, flags: Flags) -> Result<Self> {
        let regex = cache::compiled(source, flags, || {
            let translated = translate::translate(source, flags)
                .map_err(|message| Error::new(format!("{message}: /{source}/")))?;
            RegexBuilder::new(&translated)
                .multi_line(true)
                .case_insensitive(flags.ignore_case)
                .dot_matches_new_line(flags.multiline)
                .ignore_numbered_groups_when_named_groups_exist(true)
                .backtrack_limit(BACKTRACK_LIMIT)
                .build()
                .map_err(|error| Error::new(format!("{}: /{source}/", describe(&error))))
        })?;
        let has_flags = flags != Flags::default();
        let source = if has_flags {
            flags.group(source)
        } else {
            source.to_owned()
        };
        Ok(Self {
            source,
            has_flags,
            regex,
        })
    }

    /// The pattern as written, without slashes. With flags: Ruby's `(?i-mx:...)` form.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether it matches anywhere in `text`.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn is_match(&self, text: &str) -> Result<bool> {
        self.regex
            .is_match(text)
            .map_err(|error| self.failed(&error))
    }

    /// First match in `text`.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn captures(&self, text: &str) -> Result<Option<Captures>> {
        self.captures_at(text, 0)
    }

    /// First match at or after the byte offset `start`; look-behind sees the text before.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn captures_at(&self, text: &str, start: usize) -> Result<Option<Captures>> {
        if start > text.len() || !text.is_char_boundary(start) {
            return Ok(None);
        }
        let found = self
            .regex
            .captures_from_pos(text, start)
            .map_err(|error| self.failed(&error))?;
        Ok(found.and_then(|found| {
            let whole = found.get(0)?;
            Some(Captures {
                groups: (0..found.len())
                    .map(|index| found.get(index).map(|group| group.as_str().to_owned()))
                    .collect(),
                start: whole.start(),
                end: whole.end(),
            })
        }))
    }

    /// Names of the groups by number, `None` for unnamed ones; index 0 is the whole match.
    #[must_use]
    pub fn group_names(&self) -> Vec<Option<String>> {
        self.regex
            .capture_names()
            .map(|name| name.map(str::to_owned))
            .collect()
    }

    /// All matches from left to right; an empty match moves on by one character.
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn find_all(&self, text: &str) -> Result<Vec<Captures>> {
        let mut found = Vec::new();
        let mut start = 0;
        while let Some(captures) = self.captures_at(text, start)? {
            start = after(text, &captures);
            found.push(captures);
        }
        Ok(found)
    }

    /// Replaces the first match, or all, with Ruby's `sub` notation (`\1`, `\0`, `\k<name>`, `\\`).
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn replace(&self, text: &str, replacement: &str, all: bool) -> Result<String> {
        let names = self.group_names();
        let matches = if all {
            self.find_all(text)?
        } else {
            self.captures(text)?.into_iter().collect()
        };
        let mut result = String::with_capacity(text.len());
        let mut copied = 0;
        for captures in &matches {
            result.push_str(text.get(copied..captures.start).unwrap_or_default());
            expand(replacement, captures, &names, text, &mut result)?;
            copied = captures.end;
        }
        result.push_str(text.get(copied..).unwrap_or_default());
        Ok(result)
    }

    /// Splits `text` as Ruby's `String#split` (captures included, trailing empty strings dropped).
    ///
    /// # Errors
    /// When the backtrack limit is reached.
    pub fn split(&self, text: &str) -> Result<Vec<String>> {
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
        let mut parts: Vec<String> = Vec::new();
        let (mut begin, mut start, mut passed_empty) = (0, 0, false);
        while let Some(captures) = self.captures_at(text, start)? {
            if captures.start == start && captures.end == start {
                // An empty match here counts only when the character before it was passed over already.
                if !passed_empty {
                    start = next_boundary(text, start);
                    passed_empty = true;
                    continue;
                }
                parts.push(part(begin, start));
                begin = start;
            } else {
                parts.push(part(begin, captures.start));
                begin = captures.end;
                start = captures.end;
            }
            passed_empty = false;
            parts.extend(captures.groups.into_iter().skip(1).flatten());
        }
        if begin < text.len() {
            parts.push(part(begin, text.len()));
        }
        while parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        Ok(parts)
    }

    #[cold]
    fn failed(&self, error: &fancy_regex::Error) -> Error {
        Error::with_code(
            "REGEXP_LIMIT",
            format!(
                "The regular expression /{}/ could not be matched: {error}",
                self.source
            ),
        )
    }
}

impl Flags {
    /// `(?i-mx:source)`
    fn group(self, source: &str) -> String {
        let letters = [
            (self.multiline, 'm'),
            (self.ignore_case, 'i'),
            (self.extended, 'x'),
        ];
        let on: String = letters
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, letter)| letter)
            .collect();
        let off: String = letters
            .iter()
            .filter(|(set, _)| !*set)
            .map(|(_, letter)| letter)
            .collect();
        if off.is_empty() {
            format!("(?{on}:{source})")
        } else {
            format!("(?{on}-{off}:{source})")
        }
    }
}

fn describe(error: &fancy_regex::Error) -> String {
    error
        .to_string()
        .lines()
        .last()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn next_boundary(text: &str, from: usize) -> usize {
    text.get(from..)
        .and_then(|rest| rest.chars().next())
        .map_or(from + 1, |next| from + next.len_utf8())
}

/// Where the search goes on after a match.
fn after(text: &str, captures: &Captures) -> usize {
    if captures.end > captures.start {
        captures.end
    } else {
        next_boundary(text, captures.end)
    }
}

fn expand(
    replacement: &str,
    captures: &Captures,
    names: &[Option<String>],
    text: &str,
    into: &mut String,
) -> Result<()> {
    let group = |index: usize| {
        captures
            .groups
            .get(index)
            .and_then(Option::as_deref)
            .unwrap_or_default()
    };
    let mut rest = replacement.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            into.push(character);
            continue;
        }
        match rest.next() {
            Some(digit @ '0'..='9') => into.push_str(group(digit as usize - '0' as usize)),
            Some('&') => into.push_str(group(0)),
            Some('`') => into.push_str(text.get(..captures.start).unwrap_or_default()),
            Some('\'') => into.push_str(text.get(captures.end..).unwrap_or_default()),
            Some('\\') => into.push('\\'),
            Some('k') if rest.as_str().starts_with('<') => {
                let Some((name, after)) =
                    rest.as_str().get(1..).and_then(|rest| rest.split_once('>'))
                else {
                    return Err(Error::new("invalid group name reference format"));
                };
                let number = || {
                    name.parse()
                        .ok()
                        .filter(|index| *index < captures.groups.len())
                };
                let index = names
                    .iter()
                    .rposition(|known| known.as_deref() == Some(name))
                    .or_else(number);
                let index = index
                    .ok_or_else(|| Error::new(format!("undefined group name reference: {name}")))?;
                into.push_str(group(index));
                rest = after.chars();
            }
            Some(other) => into.extend(['\\', other]),
            None => into.push('\\'),
        }
    }
    Ok(())
}
