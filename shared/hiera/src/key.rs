//! Lookup keys: `module::name.sub."quoted.key".0`.

use bunraku_pcore::Value;
use ecow::EcoString;

use crate::{ErrorKind, LookupError, Result};

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// A key of a hash.
    Key(EcoString),
    /// An index of an array, or an integer key of a hash.
    Index(i64),
}

impl std::fmt::Display for Segment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(key) => formatter.write_str(key),
            Self::Index(index) => write!(formatter, "{index}"),
        }
    }
}

/// A key split into its root and the steps below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupKey {
    /// The whole key.
    pub key: EcoString,
    /// What is looked up in the data.
    pub root: EcoString,
    /// Steps into the value found.
    pub segments: Vec<Segment>,
}

impl LookupKey {
    /// Splits `key`.
    ///
    /// # Errors
    /// `Syntax error in key: '...'`
    pub fn parse(key: &str) -> Result<Self> {
        let (root, segments) = split_key(key).ok_or_else(|| {
            LookupError::new(ErrorKind::Lookup, format!("Syntax error in key: '{key}'"))
        })?;
        Ok(Self {
            key: key.into(),
            root,
            segments,
        })
    }

    /// The module in whose layer the key is looked up: what stands before the first `::`.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        // Ruby's `root_key[0..qual_index-1]` with index 0 is the whole string.
        match self.root.find("::") {
            Some(0) => Some(&self.root),
            Some(index) => self.root.get(..index),
            None => None,
        }
    }

    /// Digs into the value of the root.
    pub(crate) fn dig(&self, value: Value) -> Result<Option<Value>> {
        dig(&self.key, &self.segments, value)
    }
}

/// A variable and the way into its value, from an interpolation such as `%{facts.os.family}`.
#[derive(Debug, Clone, Copy)]
pub struct VariablePath<'a> {
    /// The expression as written.
    pub key: &'a str,
    /// Name of the variable without `$`, perhaps with a leading `::`.
    pub root: &'a str,
    /// Steps into its value.
    pub segments: &'a [Segment],
}

impl VariablePath<'_> {
    /// Follows the segments from the variable's value; `None` when they lead nowhere.
    ///
    /// # Errors
    /// When a step is taken into what is no collection.
    pub fn dig(&self, value: Value) -> Result<Option<Value>> {
        dig(self.key, self.segments, value)
    }
}

/// `SubLookup#sub_lookup`.
pub(crate) fn dig(key: &str, segments: &[Segment], mut value: Value) -> Result<Option<Value>> {
    for segment in segments {
        value = match (&value, segment) {
            (Value::Undef, _) => return Ok(None),
            (Value::Array(elements), Segment::Index(index)) => {
                match usize::try_from(*index).ok().and_then(|at| elements.get(at)) {
                    Some(element) => element.clone(),
                    None => return Ok(None),
                }
            }
            (Value::Hash(entries), segment) => {
                let found = match segment {
                    Segment::Key(name) => entries.get_str(name),
                    Segment::Index(index) => entries.get(&Value::Int(*index)),
                };
                match found {
                    Some(found) => found.clone(),
                    None => return Ok(None),
                }
            }
            // An Integer answers to `[]` in Ruby, but not to `include?`.
            (Value::Int(number), _) => {
                return Err(LookupError::new(
                    ErrorKind::Argument,
                    format!("undefined method `include?' for {number}:Integer"),
                ));
            }
            (other, segment) => {
                return Err(LookupError::new(
                    ErrorKind::Lookup,
                    format!(
                        "Data Provider type mismatch: Got {} when a hash-like object was expected to \
                         access value using '{segment}' from key '{key}'",
                        bunraku_pcore::ruby_class(other)
                    ),
                ));
            }
        };
    }
    Ok(Some(value))
}

/// `SubLookup#split_key`; `None` is its syntax error.
pub(crate) fn split_key(key: &str) -> Option<(EcoString, Vec<Segment>)> {
    if !key.contains(['\'', '"', '.']) {
        return Some((key.into(), Vec::new()));
    }
    let mut segments = Vec::new();
    let mut rest = key;
    loop {
        let (segment, after) = next_segment(rest)?;
        segments.push(to_segment(segment));
        if after.is_empty() {
            break;
        }
        rest = after.strip_prefix('.')?;
        if rest.is_empty() {
            return None;
        }
    }
    let mut segments = segments.into_iter();
    let root = match segments.next()? {
        Segment::Key(root) => root,
        Segment::Index(index) => EcoString::from(index.to_string()),
    };
    Some((root, segments.collect()))
}

/// One segment at the start of `text`, and what follows.
fn next_segment(text: &str) -> Option<(&str, &str)> {
    let unspaced = text.trim_start_matches(is_space);
    for quote in ['"', '\''] {
        if let Some(inner) = unspaced.strip_prefix(quote)
            && let Some(end) = inner.find(quote)
            && end > 0
        {
            let after = inner.get(end + 1..)?.trim_start_matches(is_space);
            return Some((text.get(..text.len() - after.len())?, after));
        }
    }
    let end = text.find(['\'', '"', '.']).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn to_segment(text: &str) -> Segment {
    let text = text.trim_start_matches(|c| is_space(c) || c == '\0');
    let text = text.trim_end_matches(|c| is_space(c) || c == '\0');
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return Segment::Key(inner.strip_suffix(quote).unwrap_or(inner).into());
        }
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(index) = text.parse()
    {
        return Segment::Index(index);
    }
    Segment::Key(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(key: &str) -> Option<Vec<String>> {
        let (root, rest) = split_key(key)?;
        let mut all = vec![root.to_string()];
        all.extend(rest.iter().map(|segment| format!("{segment:?}")));
        Some(all)
    }

    #[test]
    fn keys_split_at_dots_outside_quotes() {
        assert_eq!(segments("a.b.0").unwrap(), ["a", "Key(\"b\")", "Index(0)"]);
        assert_eq!(segments("a.'b.c'").unwrap(), ["a", "Key(\"b.c\")"]);
        assert_eq!(segments(" 'a' . b ").unwrap(), ["a", "Key(\"b\")"]);
        assert_eq!(segments("a::b").unwrap(), ["a::b"]);
    }

    #[test]
    fn malformed_keys_are_refused() {
        for key in ["a..b", ".a", "a.", "'a''b'", "a'b'", "''", "'a", "a 'b'"] {
            assert!(split_key(key).is_none(), "{key}");
        }
    }
}
