//! Which patterns Ruby takes for regular expressions.
//!
//! The reference makes a `Regexp` of a literal as soon as it is read, so a broken pattern is an error of the lexer. Two
//! readers look at a pattern: Ruby's own, for escapes (`re.c`), and behind it Onigmo's (`regparse.c`, with Ruby's syntax).

mod class;
mod escapes;
mod group;
mod names;
mod pattern;
mod recursion;

use std::fmt::Write as _;

/// What is wrong with a pattern, in Ruby's words: `premature end of char-class: /[/`.
pub(super) fn objection(pattern: &str) -> Option<String> {
    let reason = escapes::resolved(pattern).and_then(|resolved| pattern::check(&resolved.text));
    let reason = reason.err()?;
    Some(format!("{reason}: /{}/", shown(pattern)))
}

/// Whether the pattern is bound to UTF-8 (`Regexp::FIXEDENCODING`): it has characters beyond ASCII, or properties.
pub(crate) fn has_fixed_encoding(pattern: &str) -> bool {
    escapes::resolved(pattern).is_ok_and(|resolved| resolved.fixed_encoding)
}

/// `Regexp#to_s`: options at the start of the pattern become those of the group around it.
pub(crate) fn to_s(pattern: &str) -> String {
    let mut on = String::new();
    let mut rest = pattern;
    while let Some((options, behind)) = leading_options(rest) {
        if let Some(behind) = behind.strip_prefix(')') {
            on = options;
            rest = behind;
            continue;
        }
        let inner = behind
            .strip_prefix(':')
            .and_then(|inner| inner.strip_suffix(')'));
        match inner {
            Some(inner) if objection(inner).is_none() => {
                on = options;
                rest = inner;
            }
            _ => {
                on.clear();
                rest = pattern;
            }
        }
        break;
    }
    let off: String = "mix".chars().filter(|flag| !on.contains(*flag)).collect();
    let on: String = "mix".chars().filter(|flag| on.contains(*flag)).collect();
    let dash = if off.is_empty() { "" } else { "-" };
    format!("(?{on}{dash}{off}:{})", shown(rest))
}

/// `(?mi-x` at the start: the options that are on, and what follows.
fn leading_options(text: &str) -> Option<(String, &str)> {
    let rest = text.strip_prefix("(?")?;
    let end = rest.find(|ch| !matches!(ch, 'm' | 'i' | 'x'))?;
    let (on, mut rest) = rest.split_at(end);
    let mut on = on.to_owned();
    if let Some(behind) = rest.strip_prefix('-') {
        let end = behind.find(|ch| !matches!(ch, 'm' | 'i' | 'x'))?;
        let (off, behind) = behind.split_at(end);
        on.retain(|flag| !off.contains(flag));
        rest = behind;
    }
    Some((on, rest))
}

/// The pattern between slashes: slashes are escaped, and what can't be printed is written in hexadecimal.
fn shown(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars();
    while let Some(ch) = chars.next() {
        match ch {
            '\\' => {
                out.push('\\');
                out.extend(chars.next());
            }
            '/' => out.push_str("\\/"),
            ch if ch.is_ascii_control() && !ch.is_ascii_whitespace() && ch != '\u{b}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\x{:02X}", u32::from(ch));
            }
            ch => out.push(ch),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objections_are_in_the_words_of_ruby() {
        let objection = |pattern| objection(pattern).unwrap_or_default();
        assert_eq!(objection("a/b"), "");
        assert_eq!(objection("^/["), "premature end of char-class: /^\\/[/");
        assert_eq!(objection("a)"), "unmatched close parenthesis: /a)/");
        assert_eq!(
            objection("(a"),
            "end pattern with unmatched parenthesis: /(a/"
        );
    }

    #[test]
    fn options_at_the_start_become_those_of_the_whole() {
        assert_eq!(to_s("a/b"), "(?-mix:a\\/b)");
        assert_eq!(to_s("(?i)x"), "(?i-mx:x)");
        assert_eq!(to_s("(?mix-i:x)"), "(?mx-i:x)");
        assert_eq!(to_s("(?i:a)b"), "(?-mix:(?i:a)b)");
        assert_eq!(to_s("(?i:a)(b)"), "(?-mix:(?i:a)(b))");
    }
}
