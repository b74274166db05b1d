//! One format `%<flags><width>.<precision><letter>` (`StringConverter::Format`).

use std::sync::Arc;

use super::map::FormatMap;
use crate::{Error, Result, Value, sprintf};

/// A parsed format.
#[derive(Debug, Clone)]
pub(super) struct Format {
    /// As written.
    pub(super) text: String,
    /// The letter.
    pub(super) letter: char,
    /// `#`
    pub(super) is_alternative: bool,
    /// `-`
    pub(super) is_left: bool,
    /// ` ` was given: containers without delimiters.
    pub(super) has_space: bool,
    /// One of `[ { ( < |`.
    pub(super) delimiter: Option<char>,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    /// Between elements.
    pub(super) separator: Option<String>,
    /// Between key and value.
    pub(super) separator2: Option<String>,
    /// Formats of the elements.
    pub(super) elements: Option<Arc<FormatMap>>,
}

struct Parts<'a> {
    flags: &'a str,
    width: &'a str,
    precision: Option<&'a str>,
    letter: char,
}

fn split(text: &str) -> Option<Parts<'_>> {
    let body = text.strip_prefix('%')?;
    let end = body.find(|c: char| !(c.is_ascii_whitespace() || "[+#0{<(|-".contains(c)))?;
    let (flags, rest) = body.split_at(end);
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (width, rest) = rest.split_at(end);
    let (precision, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (precision, rest) = rest.split_at(end);
            (
                Some(precision).filter(|precision| !precision.is_empty()),
                rest,
            )
        }
        None => (None, rest),
    };
    let mut letters = rest.chars();
    let letter = letters.next().filter(char::is_ascii_alphabetic)?;
    let is_whole = letters.next().is_none() && (precision.is_some() || !text.contains('.'));
    is_whole.then_some(Parts {
        flags,
        width,
        precision,
        letter,
    })
}

impl Format {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let Some(parts) = split(text) else {
            return Err(Error::new(format!(
                "The format '{text}' is not a valid format on the form '%<flags><width>.<prec><format>'"
            )));
        };
        let flags: Vec<char> = parts.flags.chars().collect();
        if flags
            .iter()
            .enumerate()
            .any(|(at, flag)| flags.iter().skip(at + 1).any(|other| other == flag))
        {
            return Err(Error::new(format!(
                "The same flag can only be used once, got '{text}'"
            )));
        }
        let mut delimiters = flags.iter().copied().filter(|flag| "[{(<|".contains(*flag));
        let delimiter = delimiters.next();
        if delimiters.next().is_some() {
            return Err(Error::new(format!(
                "Only one of the delimiters [ {{ ( < | can be given in the format flags, got '{text}'"
            )));
        }
        Ok(Self {
            text: text.to_owned(),
            letter: parts.letter,
            is_alternative: flags.contains(&'#'),
            is_left: flags.contains(&'-'),
            has_space: flags.contains(&' '),
            delimiter,
            width: parts.width.parse().ok(),
            precision: parts.precision.and_then(|precision| precision.parse().ok()),
            separator: None,
            separator2: None,
            elements: None,
        })
    }

    /// `%letter`, for the defaults.
    pub(super) fn simple(letter: char) -> Self {
        Self {
            text: format!("%{letter}"),
            letter,
            is_alternative: false,
            is_left: false,
            has_space: false,
            delimiter: None,
            width: None,
            precision: None,
            separator: None,
            separator2: None,
            elements: None,
        }
    }

    /// This one overridden by `other`.
    pub(super) fn merged(&self, other: &Self) -> Self {
        let elements = match (&self.elements, &other.elements) {
            (Some(lower), Some(higher)) => Some(Arc::new(lower.merged(higher))),
            (lower, higher) => higher.clone().or_else(|| lower.clone()),
        };
        Self {
            separator: other.separator.clone().or_else(|| self.separator.clone()),
            separator2: other.separator2.clone().or_else(|| self.separator2.clone()),
            elements,
            ..other.clone()
        }
    }

    pub(super) fn delimiters(
        &self,
        default: (&'static str, &'static str),
    ) -> (&'static str, &'static str) {
        match self.delimiter {
            Some('[') => ("[", "]"),
            Some('{') => ("{", "}"),
            Some('(') => ("(", ")"),
            Some('<') => ("<", ">"),
            Some(_) => ("|", "|"),
            None if self.has_space => ("", ""),
            None => default,
        }
    }

    /// `Kernel.format` with this format under another letter.
    pub(super) fn apply_as(&self, letter: char, value: Value) -> Result<String> {
        let head = self
            .text
            .get(..self.text.len().saturating_sub(1))
            .unwrap_or_default();
        sprintf::kernel_format(&format!("{head}{letter}"), &[value])
    }

    /// `Kernel.format` with this format.
    pub(super) fn apply(&self, value: Value) -> Result<String> {
        sprintf::kernel_format(&self.text, &[value])
    }

    /// Width and precision on a literal; other flags do not count.
    pub(super) fn apply_string_flags(&self, text: &str) -> Result<String> {
        if !self.is_left && self.width.is_none() && self.precision.is_none() {
            return Ok(text.to_owned());
        }
        let left = if self.is_left { "-" } else { "" };
        let width = self
            .width
            .map(|width| width.to_string())
            .unwrap_or_default();
        let precision = self
            .precision
            .map(|precision| format!(".{precision}"))
            .unwrap_or_default();
        sprintf::kernel_format(&format!("%{left}{width}{precision}s"), &[Value::from(text)])
    }

    /// The error for a letter that the type does not know.
    pub(super) fn illegal(&self, type_name: &str, expected: &str) -> Error {
        Error::new(format!(
            "Illegal format '{}' specified for value of {type_name} type - expected one of the characters '{expected}'",
            self.letter
        ))
    }
}
