//! Numbers as `PATTERN_NUMBER` and `assert_numeric` see them.

use super::chars::{is_word, word_end};

/// Matches `PATTERN_NUMBER` at `at` and gives its end. A number ends at a word boundary.
pub(super) fn number_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(at) == Some(&b'0') && matches!(bytes.get(at + 1), Some(b'x' | b'X')) {
        let end = digits_end(bytes, at + 2, u8::is_ascii_hexdigit);
        if end > at + 2 && is_boundary(text, end) {
            return Some(end);
        }
    }
    let integer = digits_end(bytes, at, u8::is_ascii_digit);
    let fraction = fraction_end(bytes, integer);
    // The greedy order of a backtracking matcher: both optional parts, then one, then the other, then none.
    let candidates = [
        fraction.map(|end| exponent_end(bytes, end).unwrap_or(end)),
        fraction,
        exponent_end(bytes, integer),
        Some(integer),
    ];
    candidates
        .into_iter()
        .flatten()
        .find(|end| is_boundary(text, *end))
}

fn digits_end(bytes: &[u8], at: usize, class: impl Fn(&u8) -> bool) -> usize {
    let rest = bytes.get(at..).unwrap_or(&[]);
    at + rest
        .iter()
        .position(|byte| !class(byte))
        .unwrap_or(rest.len())
}

fn fraction_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'.') {
        return None;
    }
    let end = digits_end(bytes, at + 1, u8::is_ascii_digit);
    (end > at + 1).then_some(end)
}

fn exponent_end(bytes: &[u8], at: usize) -> Option<usize> {
    if !matches!(bytes.get(at), Some(b'e' | b'E')) {
        return None;
    }
    let start = if bytes.get(at + 1) == Some(&b'-') {
        at + 2
    } else {
        at + 1
    };
    let end = digits_end(bytes, start, u8::is_ascii_digit);
    (end > start).then_some(end)
}

fn is_boundary(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(byte) if byte.is_ascii() => !is_word(*byte),
        Some(_) => !text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .is_some_and(char::is_alphanumeric),
        None => true,
    }
}

/// What `assert_numeric` objects to in a number: the issue and its message.
pub(super) fn objection(value: &str) -> Option<(&'static str, String)> {
    let bytes = value.as_bytes();
    let all = |from: usize, class: fn(&u8) -> bool| {
        bytes.len() > from && bytes.get(from..).unwrap_or(&[]).iter().all(class)
    };
    if value.starts_with("0x") || value.starts_with("0X") {
        return (!all(2, u8::is_ascii_hexdigit)).then(|| {
            (
                "INVALID_HEX_NUMBER",
                format!("Not a valid hex number {value}"),
            )
        });
    }
    if bytes.len() > 1 && bytes.first() == Some(&b'0') && bytes.get(1) != Some(&b'.') {
        let octal = all(1, |byte| matches!(byte, b'0'..=b'7'));
        return (!octal).then(|| {
            (
                "INVALID_OCTAL_NUMBER",
                format!("Not a valid octal number {value}"),
            )
        });
    }
    let integer = digits_end(bytes, 0, u8::is_ascii_digit);
    if integer > 0 && matches!(bytes.get(integer), Some(b'e' | b'E' | b'.')) {
        let fraction = fraction_end(bytes, integer).unwrap_or(integer);
        let end = exponent_end(bytes, fraction).unwrap_or(fraction);
        return (end != bytes.len()).then(|| {
            (
                "INVALID_DECIMAL_NUMBER",
                format!("Not a valid decimal number {value}"),
            )
        });
    }
    (!all(0, u8::is_ascii_digit)).then(|| ("ILLEGAL_NUMBER", format!("Illegal number '{value}'")))
}

/// The text that the reference takes for the broken number at `at`, and where it starts: a number after a dot includes
/// the digits before the dot.
pub(super) fn broken_number(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let end = word_end(bytes, at);
    let mut start = at;
    if at > 1 && bytes.get(at - 1) == Some(&b'.') {
        let mut scan = at - 2;
        while bytes.get(scan).is_some_and(u8::is_ascii_digit) {
            start = scan;
            if scan == 0 {
                break;
            }
            scan -= 1;
        }
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_at_word_boundaries_as_a_backtracking_matcher_finds_them() {
        let end = |text| number_end(text, 0);
        assert_eq!(end("12"), Some(2));
        assert_eq!(end("0xfF)"), Some(4));
        assert_eq!(end("0xfg"), None);
        assert_eq!(end("1.5abc"), Some(1));
        assert_eq!(end("1.5e-3]"), Some(6));
        assert_eq!(end("1e5x"), None);
        assert_eq!(end("1å"), None);
        assert_eq!(end("12."), Some(2));
    }
}
