//! String contents: where they end and what their escapes stand for (`slurp_support.rb`).

use std::borrow::Cow;

/// What ends a stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Terminator {
    /// The closing quote.
    Quote,
    /// `$`
    Dollar,
    /// `${`
    DollarBrace,
    /// The end of an unquoted text.
    End,
}

impl Terminator {
    pub(super) const fn len(self) -> usize {
        match self {
            Terminator::Quote | Terminator::Dollar => 1,
            Terminator::DollarBrace => 2,
            Terminator::End => 0,
        }
    }
}

/// The escapes that a kind of string knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escapes {
    /// The characters that may follow a backslash.
    pub(super) chars: &'static str,
    /// A bit for each of `chars` (by index) that is on.
    pub(super) enabled: u16,
    /// Whether a backslash at the end of a line joins it with the next.
    pub(super) line_breaks: bool,
    /// Whether an unknown escape is worth a warning.
    pub(super) warn: bool,
}

impl Escapes {
    /// Double quoted strings.
    pub(super) const DOUBLE_QUOTED: Escapes = Escapes {
        chars: "\\$'\"rntsu",
        enabled: 0x1ff,
        line_breaks: true,
        warn: true,
    };

    /// No escapes, as in a heredoc without flags.
    pub(super) const NONE: Escapes = Escapes {
        chars: "\\$rntsu",
        enabled: 0,
        line_breaks: false,
        warn: false,
    };

    /// The same with `ch` on.
    pub(super) fn with(mut self, ch: char) -> Self {
        if let Some(index) = self.chars.find(ch) {
            self.enabled |= 1 << index;
        }
        self
    }

    pub(super) fn has(self, ch: char) -> bool {
        self.chars
            .find(ch)
            .is_some_and(|index| self.enabled & (1 << index) != 0)
    }
}

/// The end (past the terminator) of the text at `at`, and the terminator. A backslash hides the character after it.
pub(super) fn find_terminator(
    text: &str,
    at: usize,
    quote: Option<u8>,
    dollar: bool,
) -> Option<(usize, Terminator)> {
    let bytes = text.as_bytes();
    let mut scan = at + usize::from(first_is_text(bytes, at, quote, dollar));
    loop {
        let rest = bytes.get(scan..)?;
        let found = match (quote, dollar) {
            (Some(quote), true) => memchr::memchr3(quote, b'$', b'\\', rest),
            (Some(quote), false) => memchr::memchr2(quote, b'\\', rest),
            (None, _) => memchr::memchr2(b'$', b'\\', rest),
        };
        let Some(found) = found else {
            return quote.is_none().then_some((bytes.len(), Terminator::End));
        };
        let hit = scan + found;
        match bytes.get(hit) {
            Some(b'\\') if hit + 1 >= bytes.len() => return None,
            Some(b'\\') => scan = hit + 2,
            Some(b'$') if bytes.get(hit + 1) == Some(&b'{') => {
                return Some((hit + 2, Terminator::DollarBrace));
            }
            Some(b'$') => return Some((hit + 1, Terminator::Dollar)),
            _ => return Some((hit + 1, Terminator::Quote)),
        }
    }
}

/// Whether a quote or `$` right at the start is text: the reference's pattern asks for a character that is no backslash
/// before a terminator, and takes the first for it when another terminator follows.
fn first_is_text(bytes: &[u8], at: usize, quote: Option<u8>, dollar: bool) -> bool {
    let terminates = |byte: Option<&u8>| {
        byte.is_some() && byte == quote.as_ref() || dollar && byte == Some(&b'$')
    };
    if !terminates(bytes.get(at)) {
        return false;
    }
    let rest = bytes.get(at + 1..).unwrap_or(&[]);
    let backslashes = rest.iter().take_while(|byte| **byte == b'\\').count();
    backslashes.is_multiple_of(2) && terminates(rest.get(backslashes))
}

/// What the reference's pattern matched when it found the terminator before `end` in the text from `at`: the terminator,
/// the backslashes before it and the character before those.
pub(super) fn matched_from(text: &str, at: usize, end: usize, terminator: Terminator) -> usize {
    let before = text
        .get(at..end - terminator.len())
        .unwrap_or("")
        .trim_end_matches('\\');
    at + before
        .char_indices()
        .next_back()
        .map_or(0, |(from, _)| from)
}

/// The first `$` or `${` where a backslash has no meaning.
pub(super) fn find_dollar(text: &str, at: usize) -> (usize, Terminator) {
    let bytes = text.as_bytes();
    match memchr::memchr(b'$', bytes.get(at..).unwrap_or(&[])) {
        Some(found) if bytes.get(at + found + 1) == Some(&b'{') => {
            (at + found + 2, Terminator::DollarBrace)
        }
        Some(found) => (at + found + 1, Terminator::Dollar),
        None => (bytes.len(), Terminator::End),
    }
}

/// Single quoted strings know `\\` and `\'`.
pub(super) fn unescape_single(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        match (ch, chars.peek()) {
            ('\\', Some(next @ ('\\' | '\''))) => {
                out.push(*next);
                chars.next();
            }
            _ => out.push(ch),
        }
    }
    Cow::Owned(out)
}

/// What went wrong in escapes without ending the lexing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EscapeWarning {
    /// `\u` without digits.
    Unicode,
    /// An escape that the string does not know.
    Unrecognized(char),
}

/// A unicode escape that stands for no character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadUnicode;

/// Replaces the escapes of `text`, which ends in its terminator as it does in the reference.
pub(super) fn unescape(
    text: &str,
    escapes: Escapes,
    warn: &mut dyn FnMut(EscapeWarning),
) -> Result<String, BadUnicode> {
    let mut current = Cow::Borrowed(text);
    if escapes.has('u') {
        // Repeated, because adjacent escapes share the character between them.
        while let Some(next) = unescape_unicode(&current)? {
            current = Cow::Owned(next);
        }
    }
    let mut out = String::with_capacity(current.len());
    let mut rest: &str = &current;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let after = after.get(1..).unwrap_or("");
        let Some(ch) = after.chars().next() else {
            out.push('\\');
            rest = after;
            continue;
        };
        let line_break = if after.starts_with("\r\n") {
            2
        } else {
            usize::from(ch == '\n')
        };
        if line_break > 0 {
            if !escapes.line_breaks {
                out.push('\\');
                out.push_str(after.get(..line_break).unwrap_or(""));
            }
            rest = after.get(line_break..).unwrap_or("");
            continue;
        }
        if ch == '\r' {
            out.push('\\');
            rest = after;
            continue;
        }
        if escapes.has(ch) {
            match ch {
                'r' => out.push('\r'),
                'n' => out.push('\n'),
                't' => out.push('\t'),
                's' => out.push(' '),
                'u' => {
                    warn(EscapeWarning::Unicode);
                    out.push_str("\\u");
                }
                other => out.push(other),
            }
        } else {
            if escapes.warn {
                warn(EscapeWarning::Unrecognized(ch));
            }
            out.push('\\');
            out.push(ch);
        }
        rest = after.get(ch.len_utf8()..).unwrap_or("");
    }
    out.push_str(rest);
    Ok(out)
}

/// One pass over `\uXXXX` and `\u{X…}`; `None` when there is none left.
fn unescape_unicode(text: &str) -> Result<Option<String>, BadUnicode> {
    if !text.contains("\\u") {
        return Ok(None);
    }
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    let mut scan = 0;
    while let Some(found) = memchr::memchr(b'\\', bytes.get(scan..).unwrap_or(&[])) {
        let at = scan + found;
        let Some((code, end)) = unicode_escape(bytes, at) else {
            scan = at + 2;
            continue;
        };
        let ch = char::from_u32(code).ok_or(BadUnicode)?;
        out.push_str(text.get(copied..at).unwrap_or(""));
        out.push(ch);
        copied = end;
        scan = end;
    }
    if copied == 0 {
        return Ok(None);
    }
    out.push_str(text.get(copied..).unwrap_or(""));
    Ok(Some(out))
}

fn unicode_escape(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    if bytes.get(at + 1) != Some(&b'u') {
        return None;
    }
    let (digits, end) = if bytes.get(at + 2) == Some(&b'{') {
        let close = at + 3 + memchr::memchr(b'}', bytes.get(at + 3..)?)?;
        (bytes.get(at + 3..close)?, close + 1)
    } else {
        (bytes.get(at + 2..at + 6)?, at + 6)
    };
    if digits.is_empty() || digits.len() > 6 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((code, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dq(text: &str) -> String {
        unescape(text, Escapes::DOUBLE_QUOTED, &mut |_| {}).unwrap()
    }

    #[test]
    fn double_quoted_escapes_follow_the_table() {
        assert_eq!(dq(r#"a\n\t\s\\\$\"\'\q"#), "a\n\t \\$\"'\\q");
        assert_eq!(dq("a\\\nb\\\r\nc"), "abc");
        assert_eq!(dq(r"\u0041\u{1F600}\u00e5\\u0041"), "A😀å\\u0041");
    }

    #[test]
    fn surrogates_and_large_code_points_are_errors() {
        assert_eq!(
            unescape(r"\ud800", Escapes::DOUBLE_QUOTED, &mut |_| {}),
            Err(BadUnicode)
        );
        assert_eq!(
            unescape(r"\u{110000}", Escapes::DOUBLE_QUOTED, &mut |_| {}),
            Err(BadUnicode)
        );
    }
}
