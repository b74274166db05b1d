//! Words, names, variables, numbers, plain strings, and what a slash is.

use ecow::EcoString;

use super::chars::{bare_word_end, class_ref_end, variable_end, word_end};
use super::token::TokenKind;
use super::{Failure, Lexer, Step, number, regex, slurp};
use crate::span::{Span, clamp};

impl Lexer<'_, '_> {
    pub(super) fn word(&mut self) -> Step {
        let start = self.pos;
        let (end, is_name) =
            bare_word_end(self.src.as_bytes(), start).unwrap_or((start + 1, false));
        let kind = if is_name {
            let text = self.src.get(start..end).unwrap_or("");
            TokenKind::keyword(text, self.tasks).unwrap_or(TokenKind::Name)
        } else {
            TokenKind::Word
        };
        self.plain(kind, end)
    }

    /// A type name; a `::` after it is an error, reported `skip` characters into what follows.
    pub(super) fn class_ref(&mut self, skip: usize) -> Result<Step, Failure> {
        let end = class_ref_end(self.src.as_bytes(), self.pos).unwrap_or(self.pos);
        if end > self.pos && self.src.as_bytes().get(end..end + 2) != Some(b"::") {
            return Ok(self.plain(TokenKind::ClassRef, end));
        }
        let (code, message) = if skip == 1 {
            ("ILLEGAL_CLASS_REFERENCE", "Illegal class reference")
        } else {
            (
                "ILLEGAL_FULLY_QUALIFIED_CLASS_REFERENCE",
                "Illegal fully qualified class reference",
            )
        };
        let mut failure = self.failure(code, message, end + skip);
        failure.hint = self.capitalized(end);
        Err(failure)
    }

    /// The type that a name with a small letter behind `::` was most likely to be.
    fn capitalized(&self, colons: usize) -> Option<EcoString> {
        let start = self.pos;
        let end = word_end(self.src.as_bytes(), colons + 2);
        let (first, rest) = self.src.get(colons + 2..end)?.split_at_checked(1)?;
        let before = self.src.get(start..colons + 2)?;
        let first = first.to_ascii_uppercase();
        Some(ecow::eco_format!("did you mean `{before}{first}{rest}`?"))
    }

    /// `::name`, `::Type`.
    pub(super) fn qualified(&mut self) -> Result<Step, Failure> {
        if self.peek(2).is_some_and(|byte| byte.is_ascii_uppercase()) {
            return self.class_ref(3);
        }
        match bare_word_end(self.src.as_bytes(), self.pos) {
            Some((end, true)) => Ok(self.plain(TokenKind::Name, end)),
            Some((end, false)) => Ok(self.plain(TokenKind::Word, end)),
            None => Err(self.failure(
                "ILLEGAL_FULLY_QUALIFIED_NAME",
                "Illegal fully qualified name",
                self.pos + 2,
            )),
        }
    }

    pub(super) fn variable(&mut self) -> Step {
        let start = self.pos;
        // A lone `$` is left to the validator, which says more than a syntax error would.
        let end = variable_end(self.src.as_bytes(), start + 1);
        self.matched = end.map(|end| Span::new(clamp(start), clamp(end)));
        let end = end.unwrap_or(start + 1);
        self.pos = end;
        Step::Token(self.token(TokenKind::Variable, start, end, (start + 1, end)))
    }

    pub(super) fn single_quoted(&mut self) -> Result<Step, Failure> {
        let start = self.pos;
        self.pos += 1;
        let Some((end, _)) = slurp::find_terminator(self.src, self.pos, Some(b'\''), false) else {
            let message = format!(
                "Unclosed quote after \"'\" followed by '{}'",
                self.followed_by()
            );
            return Err(self.failure("UNCLOSED_QUOTE", message, self.pos));
        };
        let matched = slurp::matched_from(self.src, start + 1, end, slurp::Terminator::Quote);
        self.matched = Some(Span::new(clamp(matched), clamp(end)));
        self.pos = end;
        let content = self.src.get(start + 1..end - 1).unwrap_or("");
        Ok(Step::Token(match slurp::unescape_single(content) {
            std::borrow::Cow::Borrowed(_) => {
                self.token(TokenKind::String, start, end, (start + 1, end - 1))
            }
            std::borrow::Cow::Owned(value) => {
                self.owned_token(TokenKind::String, start, end, value.into())
            }
        }))
    }

    pub(super) fn number(&mut self) -> Result<Step, Failure> {
        let start = self.pos;
        if let Some(end) = number::number_end(self.src, start) {
            let value = self.src.get(start..end).unwrap_or("");
            if let Some((code, message)) = number::objection(value) {
                return Err(self.failure(code, message, start));
            }
            return Ok(self.plain(TokenKind::Number, end));
        }
        let (from, end) = number::broken_number(self.src, start);
        let value = self.src.get(from..end).unwrap_or("");
        Err(match number::objection(value) {
            Some((code, message)) => self.failure(code, message, from),
            None => self.failure(
                "ILLEGAL_NUMBER",
                format!("Illegal number '{value}'"),
                from + 1,
            ),
        })
    }

    /// `/* comment */`, a regular expression or a division.
    pub(super) fn slash(&mut self) -> Result<Step, Failure> {
        let start = self.pos;
        let bytes = self.src.as_bytes();
        if self.peek(1) == Some(b'*') {
            let rest = bytes.get(start + 2..).unwrap_or(&[]);
            let Some(close) = memchr::memmem::find(rest, b"*/") else {
                return Err(self.failure(
                    "UNCLOSED_MLCOMMENT",
                    "Unclosed multiline comment",
                    start,
                ));
            };
            self.pos = start + 2 + close + 2;
            self.matched = Some(Span::new(clamp(start), clamp(self.pos)));
            return Ok(Step::Nothing);
        }
        if self.regex_acceptable()
            && let Some(end) = regex_end(bytes, start)
        {
            self.pos = end;
            self.matched = Some(Span::new(clamp(start), clamp(end)));
            let source = self.src.get(start + 1..end - 1).unwrap_or("");
            let unescaped = memchr::memmem::find(source.as_bytes(), b"\\/")
                .map(|_| EcoString::from(source.replace("\\/", "/")));
            if let Some(message) = regex::objection(unescaped.as_deref().unwrap_or(source)) {
                // The reference lets Ruby's own error through, without a place.
                return Err(self.failure("", message, start));
            }
            return Ok(Step::Token(match unescaped {
                Some(source) => self.owned_token(TokenKind::Regex, start, end, source),
                None => self.token(TokenKind::Regex, start, end, (start + 1, end - 1)),
            }));
        }
        Ok(self.fixed(TokenKind::Div, 1))
    }

    /// Whether a `/` here may start a regular expression: not after what ends an operand.
    fn regex_acceptable(&self) -> bool {
        use TokenKind as T;
        !matches!(
            self.after,
            Some(
                T::RParen
                    | T::RBrack
                    | T::RRCollect
                    | T::RCollect
                    | T::Name
                    | T::ClassRef
                    | T::Number
                    | T::String
                    | T::True
                    | T::False
                    | T::DqPre
                    | T::DqMid
                    | T::DqPost
                    | T::Heredoc
                    | T::Regex
                    | T::Variable
                    | T::Word
            )
        )
    }
}

/// The end of the regular expression at `at`: the first `/` without a backslash in effect.
fn regex_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut scan = at + 1;
    loop {
        let rest = bytes.get(scan..)?;
        let hit = scan + memchr::memchr2(b'/', b'\\', rest)?;
        match bytes.get(hit) {
            Some(b'\\') => scan = hit + 2,
            _ => return Some(hit + 1),
        }
    }
}
