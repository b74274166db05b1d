//! `@(TAG)` texts (`heredoc_support.rb`).

use ecow::EcoString;

use super::chars::{blank_prefix, is_blank, is_word, trim_blank_end, trim_blank_start};
use super::interpolation::Style;
use super::token::TokenKind;
use super::{Escapes, Failure, Lexer, MAX_NESTING};
use crate::span::clamp;

/// A heredoc's text and how its offsets relate to the text around it (`Locator::SubLocator`).
pub(super) struct SubText {
    /// Where the text starts in the file.
    offset: u32,
    /// Where the lines start in the text.
    line_starts: Vec<u32>,
    /// The margin removed from all lines up to and including each line.
    margins: Vec<u32>,
}

impl SubText {
    fn margin_before(&self, at: u32) -> u32 {
        let line = self.line_starts.partition_point(|start| *start <= at);
        self.margins
            .get(line.saturating_sub(1))
            .or(self.margins.last())
            .copied()
            .unwrap_or(0)
    }

    /// The file offset of a start; that of the whole text includes the first line's margin.
    pub(super) fn start_in_file(&self, at: u32) -> u32 {
        if at == 0 {
            self.offset
        } else {
            at + self.offset + self.margin_before(at)
        }
    }

    /// The file offset of an end.
    pub(super) fn end_in_file(&self, at: u32) -> u32 {
        at + self.offset + self.margin_before(at)
    }
}

const INVALID_SYNTAX: &str = "HEREDOC_INVALID_SYNTAX";

struct Header {
    tag: String,
    syntax: EcoString,
    interpolated: bool,
    escapes: Escapes,
}

/// The line that ends a heredoc.
struct EndLine {
    /// The characters to remove from the start of each line; `None` without `|`.
    margin: Option<String>,
    /// `-`: the last line break goes.
    remove_break: bool,
}

impl<'s> Lexer<'s, '_> {
    /// Lexes `@(…)` and its text below. Everything goes to the output: the heredoc, the marker and the string.
    pub(super) fn heredoc(&mut self) -> Result<(), Failure> {
        let start = self.pos;
        if self.sub.is_some() {
            // The reference fails with an error of Ruby's here.
            let message = "A heredoc can not be in the text of another heredoc";
            return Err(self.failure("", message, start));
        }
        let src = self.src;
        let rest = src.get(start..).unwrap_or("");
        let Some(close) = memchr::memchr(b')', rest.as_bytes()) else {
            let message = format!(
                "Unclosed parenthesis after '@(' followed by '{}'",
                self.followed_by()
            );
            return Err(self.failure("HEREDOC_UNCLOSED_PARENTHESIS", message, start));
        };
        let after = start + close + 1;
        self.pos = after;
        // The reference's pattern is not anchored: a header that is broken may have a whole one in it.
        let spec = rest.get(2..close).unwrap_or("");
        let mut header = self.header(spec);
        let mut from = 0;
        while let (Err(outer), Some(at)) =
            (&header, spec.get(from..).and_then(|rest| rest.find("@(")))
        {
            if outer.issue_code != INVALID_SYNTAX {
                break;
            }
            from += at + 2;
            match self.header(spec.get(from..).unwrap_or("")) {
                Ok(inner) => header = Ok(inner),
                Err(failure) if failure.issue_code != INVALID_SYNTAX => header = Err(failure),
                Err(_) => {}
            }
        }
        let header = header?;
        let token = self.owned_token(TokenKind::Heredoc, start, after, header.syntax.clone());
        self.out.tokens.push(token);

        let text_start = match self.newline_jump {
            Some(jump) => jump,
            None => match memchr::memchr(b'\n', src.as_bytes().get(after..).unwrap_or(&[])) {
                Some(found) => after + found + 1,
                None => {
                    return Err(self.failure(
                        "HEREDOC_WITHOUT_TEXT",
                        "Heredoc without any following lines of text",
                        after,
                    ));
                }
            },
        };
        let (lines, end_line, end) = self.lines(text_start, &header.tag)?;
        self.newline_jump = Some(end);
        let (text, sub) = heredoc_text(&lines, &end_line, clamp(text_start));
        // Its value in a syntax error is the list of its lines; nobody reads that, so it is empty here.
        let marker = self.token(TokenKind::Sublocate, text_start, end, (after, after));
        self.out.tokens.push(marker);
        if self.nesting >= MAX_NESTING {
            return Err(self.failure("NESTING_TOO_DEEP", "Strings are nested too deeply", start));
        }
        let style = if header.interpolated {
            Style::Unquoted(header.escapes)
        } else {
            Style::Verbatim(header.escapes)
        };
        let mut inner = Lexer::new(&text, self.tasks, Some(&sub), &mut *self.out);
        inner.nesting = self.nesting + 1;
        inner.tokens_before = self.tokens_before;
        if let Some(token) = inner.string(style, 0)? {
            self.out.tokens.push(token);
        }
        Ok(())
    }

    /// `"TAG":syntax/escapes`: what is between the parentheses.
    fn header(&self, spec: &str) -> Result<Header, Failure> {
        let invalid = || {
            self.failure(
                INVALID_SYNTAX,
                "Invalid syntax in heredoc expected @(endtag[:syntax][/escapes])",
                self.pos,
            )
        };
        let tag_end = spec.find([':', '/', '\r', '\n']).unwrap_or(spec.len());
        let (tag, mut rest) = spec.split_at(tag_end);
        if tag.is_empty() {
            return Err(invalid());
        }
        let mut syntax = "";
        if let Some(after) = rest.strip_prefix(':') {
            let after = trim_blank_start(after);
            let end = after
                .bytes()
                .position(|byte| !is_word(byte) && byte != b'+')
                .unwrap_or(after.len());
            syntax = after.get(..end).unwrap_or("");
            if syntax.len() < 2 || !syntax.starts_with(|ch: char| ch.is_ascii_lowercase()) {
                return Err(invalid());
            }
            rest = trim_blank_start(after.get(end..).unwrap_or(""));
        }
        let mut flags = None;
        if let Some(after) = rest.strip_prefix('/') {
            let end = after
                .bytes()
                .position(|byte| !is_word(byte) && byte != b'$')
                .unwrap_or(after.len());
            flags = after.get(..end);
            rest = trim_blank_start(after.get(end..).unwrap_or(""));
        }
        if !rest.is_empty() {
            return Err(invalid());
        }
        let tag = tag.trim_matches(|ch: char| ch.is_ascii_whitespace() || ch == '\0');
        let quoted = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
        let interpolated = quoted.is_some();
        let tag = quoted.map_or(tag, str::trim).to_owned();
        if tag.is_empty() {
            return Err(self.failure(
                "HEREDOC_EMPTY_ENDTAG",
                "Heredoc with an empty endtag",
                self.pos,
            ));
        }
        let escapes = flags.map_or(Ok(Escapes::NONE), |flags| self.flags(flags))?;
        Ok(Header {
            tag,
            syntax: syntax.into(),
            interpolated,
            escapes,
        })
    }

    fn flags(&self, flags: &str) -> Result<Escapes, Failure> {
        let flags = if flags.is_empty() { "trnsuL$" } else { flags };
        let repeated = flags
            .char_indices()
            .any(|(at, ch)| flags.get(..at).is_some_and(|before| before.contains(ch)));
        if repeated {
            let list: Vec<String> = flags.chars().map(String::from).collect();
            let message = format!(
                "An escape char for @() may only appear once. Got '{}'",
                list.join(", ")
            );
            return Err(self.failure("HEREDOC_MULTIPLE_AT_ESCAPES", message, self.pos));
        }
        let mut escapes = Escapes::NONE.with('\\');
        for flag in flags.chars() {
            match flag {
                't' | 'r' | 'n' | 's' | 'u' | '$' => escapes = escapes.with(flag),
                'L' => escapes.line_breaks = true,
                other => {
                    let message = format!(
                        "Invalid heredoc escape char. Only t, r, n, s,  u, L, $ allowed. Got '{other}'"
                    );
                    return Err(self.failure("HEREDOC_INVALID_ESCAPE", message, self.pos));
                }
            }
        }
        Ok(escapes)
    }

    /// The lines of the text, the line that ends it, and where that line ends.
    fn lines(&self, start: usize, tag: &str) -> Result<(Vec<&'s str>, EndLine, usize), Failure> {
        let src = self.src;
        let mut lines = Vec::new();
        let mut at = start;
        while at < src.len() {
            let rest = src.get(at..).unwrap_or("");
            let len = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |found| found + 1);
            let line = rest.get(..len).unwrap_or("");
            at += len;
            match end_line(line, tag) {
                Some(end) => return Ok((lines, end, at)),
                None => lines.push(line),
            }
        }
        Err(self.failure(
            "HEREDOC_WITHOUT_END_TAGGED_LINE",
            "Heredoc without end-tagged line",
            start,
        ))
    }
}

/// Whether a line ends a heredoc. As in the reference, text before the tag does not prevent that.
fn end_line(line: &str, tag: &str) -> Option<EndLine> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = trim_blank_end(line.strip_suffix('\r').unwrap_or(line));
    let before = line.strip_suffix(tag)?;
    let without_blanks = trim_blank_end(before);
    let (before, remove_break) = match without_blanks.strip_suffix('-') {
        Some(before) => (before, true),
        None => (before, false),
    };
    match trim_blank_end(before).strip_suffix('|') {
        Some(before) => {
            let margin = before.get(trim_blank_end(before).len()..).unwrap_or("");
            Some(EndLine {
                margin: Some(margin.to_owned()),
                remove_break,
            })
        }
        None => Some(EndLine {
            margin: None,
            remove_break,
        }),
    }
}

/// The text without margins, and how to get from it back to the file.
fn heredoc_text(lines: &[&str], end: &EndLine, offset: u32) -> (String, SubText) {
    let margin = end.margin.as_deref().unwrap_or("");
    let mut text = String::with_capacity(lines.iter().map(|line| line.len()).sum());
    let mut sub = SubText {
        offset,
        line_starts: Vec::with_capacity(lines.len() + 1),
        margins: Vec::with_capacity(lines.len() + 1),
    };
    let mut removed = 0;
    for line in lines {
        sub.line_starts.push(clamp(text.len()));
        let kept = line.strip_prefix(margin).unwrap_or(line);
        removed += line.len() - kept.len();
        sub.margins.push(clamp(removed));
        text.push_str(kept);
    }
    sub.line_starts.push(clamp(text.len()));
    sub.margins.push(clamp(removed));
    if end.remove_break && text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    debug_assert!(margin.chars().all(is_blank) && blank_prefix(margin) == margin.len());
    (text, sub)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_lines_carry_margin_and_break_flags() {
        let end = |line| end_line(line, "END").map(|end| (end.margin, end.remove_break));
        assert_eq!(end("END"), Some((None, false)));
        assert_eq!(end("  | - END  \r\n"), Some((Some("  ".to_owned()), true)));
        assert_eq!(end("  |END\n"), Some((Some("  ".to_owned()), false)));
        assert_eq!(end("- END\n"), Some((None, true)));
        assert_eq!(end("text END\n"), Some((None, false)));
        assert_eq!(end("END.\n"), None);
    }
}
