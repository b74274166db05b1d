//! Positions in source text: byte spans, source files and their line index.

use std::sync::Arc;

/// A half-open range of byte offsets into a [`SourceFile`]'s text.
///
/// For a tree node `start` is the offset that Puppet reports for the model object (`Positioned#offset`), which for
/// operators is the operator itself and not the left operand; `end` is `start` plus Puppet's `length`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` to `end`.
    #[must_use]
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The empty span at `at`.
    #[must_use]
    pub const fn empty(at: u32) -> Self {
        Self { start: at, end: at }
    }

    /// From the start of `self` to the end of `other`.
    #[must_use]
    pub const fn to(self, other: Span) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn cover(self, other: Span) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it covers no byte.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// A place for people: both numbers start at 1, the column counts characters (not bytes), as Puppet's `pos`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A source text with its name and line index. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SourceFile {
    name: Option<Arc<str>>,
    text: Arc<str>,
    line_starts: Arc<[u32]>,
}

impl SourceFile {
    /// Indexes `text`. `name` is the display path that messages carry; `None` for code given on a command line.
    #[must_use]
    pub fn new(name: Option<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        let text: Arc<str> = text.into();
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes());
        let line_starts = std::iter::once(0)
            .chain(newlines.map(|at| clamp(at + 1)))
            .collect();
        Self {
            name,
            text,
            line_starts,
        }
    }

    /// The display path, if the text came from a file.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The display path as a shared string.
    #[must_use]
    pub fn shared_name(&self) -> Option<Arc<str>> {
        self.name.clone()
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `span`; empty when the span does not fit the text.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }

    /// The number of lines (a text that ends in a line break has an empty last line).
    #[must_use]
    pub fn line_count(&self) -> u32 {
        clamp(self.line_starts.len())
    }

    /// The line of a byte offset, from 1. Offsets past the end are on the last line.
    #[must_use]
    pub fn line(&self, offset: u32) -> u32 {
        clamp(self.line_starts.partition_point(|start| *start <= offset)).max(1)
    }

    /// The byte offset where a line (from 1) starts; `None` past the last line.
    #[must_use]
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.line_starts.get(line.checked_sub(1)? as usize).copied()
    }

    /// The line and column of a byte offset.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let line = self.line(offset);
        let start = self.line_start(line).unwrap_or(0) as usize;
        let end = (offset as usize).clamp(start, self.text.len().max(start));
        let bytes = self.text.as_bytes().get(start..end).unwrap_or(&[]);
        let chars = bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
        LineColumn {
            line,
            column: clamp(chars + 1),
        }
    }
}

impl PartialEq for SourceFile {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.text == other.text
    }
}

/// Offsets are 32 bits; sources over 4 GiB are refused before they are lexed.
pub(crate) fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let file = SourceFile::new(None, "aå\nxäy\n");
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(3), LineColumn { line: 1, column: 3 });
        assert_eq!(file.line_column(4), LineColumn { line: 2, column: 1 });
        assert_eq!(file.line_column(7), LineColumn { line: 2, column: 3 });
        assert_eq!(file.line_column(9), LineColumn { line: 3, column: 1 });
        assert_eq!(file.line_column(900), LineColumn { line: 3, column: 1 });
    }
}
