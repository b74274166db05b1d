//! Character classes of the reference's regular expressions.

/// `\w`: ASCII only, as in Ruby.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `[[:blank:]]`: a tab or any space separator of Unicode.
pub(crate) const fn is_blank(ch: char) -> bool {
    matches!(
        ch,
        ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// The length in bytes of the longest prefix of `[[:blank:]\r]`.
pub(crate) fn blank_prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ascii = bytes
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'\r'))
        .unwrap_or(bytes.len());
    if bytes.get(ascii).is_none_or(u8::is_ascii) {
        return ascii;
    }
    text.char_indices()
        .find(|(_, ch)| !is_blank(*ch) && *ch != '\r')
        .map_or(text.len(), |(at, _)| at)
}

/// The text without its leading `[[:blank:]]` (no carriage returns).
pub(crate) fn trim_blank_start(text: &str) -> &str {
    text.trim_start_matches(is_blank)
}

/// The text without its trailing `[[:blank:]]`.
pub(crate) fn trim_blank_end(text: &str) -> &str {
    text.trim_end_matches(is_blank)
}

/// The end of the `\w+` that starts at `at` (`at` itself if there is none).
pub(crate) fn word_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest
        .iter()
        .position(|byte| !is_word(*byte))
        .unwrap_or(rest.len())
}

/// Matches `(::)?(\w+::)*\w+` at `at` and gives its end: `PATTERN_VARIABLE` of `interpolation_support.rb`.
pub(crate) fn variable_end(bytes: &[u8], at: usize) -> Option<usize> {
    let start = if bytes.get(at..at + 2) == Some(b"::") {
        at + 2
    } else {
        at
    };
    let mut end = word_end(bytes, start);
    if end == start {
        return None;
    }
    while bytes.get(end..end + 2) == Some(b"::") {
        let next = word_end(bytes, end + 2);
        if next == end + 2 {
            break;
        }
        end = next;
    }
    Some(end)
}

/// Matches `((::)?[A-Z]\w*)+` at `at`: `PATTERN_CLASSREF`.
pub(crate) fn class_ref_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = None;
    let mut next = at;
    loop {
        let start = if bytes.get(next..next + 2) == Some(b"::") {
            next + 2
        } else {
            next
        };
        if !bytes.get(start).is_some_and(u8::is_ascii_uppercase) {
            return end;
        }
        next = word_end(bytes, start);
        end = Some(next);
    }
}

/// Matches `PATTERN_BARE_WORD` at `at`; the flag tells whether it is also a `PATTERN_NAME`.
pub(crate) fn bare_word_end(bytes: &[u8], at: usize) -> Option<(usize, bool)> {
    let mut end = None;
    let mut is_name = true;
    let mut next = at;
    loop {
        let qualified = bytes.get(next..next + 2) == Some(b"::");
        let start = if qualified { next + 2 } else { next };
        let Some(first) = bytes
            .get(start)
            .filter(|byte| byte.is_ascii_lowercase() || **byte == b'_')
        else {
            return end.map(|end| (end, is_name));
        };
        is_name &= *first != b'_';
        let mut last = start + 1;
        let mut scan = start + 1;
        while let Some(byte) = bytes.get(scan) {
            if is_word(*byte) {
                // Dashes count only when a word character follows them.
                is_name &= last == scan;
                scan += 1;
                last = scan;
            } else if *byte == b'-' {
                scan += 1;
            } else {
                break;
            }
        }
        next = last;
        end = Some(next);
        if bytes.get(next..next + 2) != Some(b"::") {
            return end.map(|end| (end, is_name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_words_end_in_a_word_character_and_names_have_no_dash() {
        assert_eq!(bare_word_end(b"foo-bar-", 0), Some((7, false)));
        assert_eq!(bare_word_end(b"foo::bar::B", 0), Some((8, true)));
        assert_eq!(bare_word_end(b"::a", 0), Some((3, true)));
        assert_eq!(bare_word_end(b"a::_b", 0), Some((5, false)));
        assert_eq!(bare_word_end(b"::", 0), None);
    }

    #[test]
    fn variables_need_a_word_after_every_separator() {
        assert_eq!(variable_end(b"a::b::", 0), Some(4));
        assert_eq!(variable_end(b"::a", 0), Some(3));
        assert_eq!(variable_end(b"::", 0), None);
    }
}
