//! Strings with `$x` and `${…}` (`interpolation_support.rb`).

use ecow::EcoString;

use super::chars::variable_end;
use super::slurp::{self, EscapeWarning, Terminator};
use super::token::{Token, TokenKind};
use super::{Escapes, Failure, Lexer, MAX_NESTING, Step};
use crate::span::{Span, clamp};

/// How the text of a string is read.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// Between double quotes.
    DoubleQuoted,
    /// To the end of the text; `\$` is an escape if the escapes have it.
    Unquoted(Escapes),
    /// To the end of the text, nothing is interpolated.
    Verbatim(Escapes),
}

impl Style {
    const fn escapes(self) -> Escapes {
        match self {
            Style::DoubleQuoted => Escapes::DOUBLE_QUOTED,
            Style::Unquoted(escapes) | Style::Verbatim(escapes) => escapes,
        }
    }
}

impl Lexer<'_, '_> {
    /// `"…"`. Without interpolation this is one token, else its tokens are already in the output.
    pub(super) fn double_quoted(&mut self) -> Result<Option<Token>, Failure> {
        let start = self.pos;
        self.pos += 1;
        self.matched = Some(Span::new(clamp(start), clamp(self.pos)));
        self.string(Style::DoubleQuoted, start)
    }

    /// The rest of a string that starts at `start` and whose opening quote is read.
    pub(super) fn string(&mut self, style: Style, start: usize) -> Result<Option<Token>, Failure> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(self.failure("NESTING_TOO_DEEP", "Strings are nested too deeply", start));
        }
        let mut first = true;
        let mut start = start;
        loop {
            let text_start = self.pos;
            let (value, terminator, text_end) = self.text_until_interpolation(style)?;
            if matches!(terminator, Terminator::Quote | Terminator::End) {
                let end = self.pos;
                let kind = if first {
                    TokenKind::String
                } else {
                    TokenKind::DqPost
                };
                let token = self.text_token(kind, start, end, value, (text_start, text_end));
                self.nesting -= 1;
                if first {
                    return Ok(Some(token));
                }
                self.out.tokens.push(token);
                return Ok(None);
            }
            let kind = if first {
                TokenKind::DqPre
            } else {
                TokenKind::DqMid
            };
            first = false;
            if terminator == Terminator::DollarBrace {
                let token = self.text_token(kind, start, self.pos, value, (text_start, text_end));
                self.out.tokens.push(token);
                let outside = self.brace_count;
                self.brace_count += 1;
                self.tokens_until_brace(outside)?;
            } else {
                // `$name`: the `$` counts as part of the variable.
                let dollar = self.pos - 1;
                let end = variable_end(self.src.as_bytes(), self.pos).unwrap_or(self.pos);
                self.matched = Some(Span::new(clamp(self.pos), clamp(end)));
                let token = self.text_token(kind, start, dollar, value, (text_start, text_end));
                self.out.tokens.push(token);
                let variable = self.token(TokenKind::Variable, dollar, end, (self.pos, end));
                self.out.tokens.push(variable);
                self.pos = end;
            }
            start = self.pos;
        }
    }

    fn text_token(
        &mut self,
        kind: TokenKind,
        start: usize,
        end: usize,
        value: Option<EcoString>,
        range: (usize, usize),
    ) -> Token {
        match value {
            Some(value) => self.owned_token(kind, start, end, value),
            None => self.token(kind, start, end, range),
        }
    }

    /// Text up to the end of the string or the next interpolation, and where it ends. The value is `None` when it is
    /// the source as it stands. A `$` without a name after it is text.
    fn text_until_interpolation(
        &mut self,
        style: Style,
    ) -> Result<(Option<EcoString>, Terminator, usize), Failure> {
        let start = self.pos;
        let mut value: Option<String> = None;
        loop {
            let part_start = self.pos;
            let shown = self.matched;
            let found = match style {
                Style::DoubleQuoted => slurp::find_terminator(self.src, self.pos, Some(b'"'), true),
                Style::Unquoted(escapes) if escapes.has('$') => {
                    slurp::find_terminator(self.src, self.pos, None, true)
                }
                Style::Unquoted(_) => Some(slurp::find_dollar(self.src, self.pos)),
                Style::Verbatim(_) => Some((self.src.len(), Terminator::End)),
            };
            let Some((end, terminator)) = found else {
                return Err(self.unclosed(style, shown));
            };
            self.pos = end;
            let matched = slurp::matched_from(self.src, part_start, end, terminator);
            self.matched = Some(Span::new(clamp(matched), clamp(end)));
            let text_end = end - terminator.len();
            let with_terminator = self.src.get(part_start..end).unwrap_or("");
            if memchr::memchr(b'\\', with_terminator.as_bytes()).is_some() {
                let part = self.unescaped(with_terminator, style.escapes(), terminator)?;
                let before = self.src.get(start..part_start).unwrap_or("");
                value
                    .get_or_insert_with(|| before.to_owned())
                    .push_str(&part);
            } else if let Some(value) = &mut value {
                value.push_str(self.src.get(part_start..text_end).unwrap_or(""));
            }
            if terminator == Terminator::Dollar
                && variable_end(self.src.as_bytes(), self.pos).is_none()
            {
                self.matched = None;
                if let Some(value) = &mut value {
                    value.push('$');
                }
                continue;
            }
            return Ok((value.map(EcoString::from), terminator, text_end));
        }
    }

    fn unescaped(
        &mut self,
        text: &str,
        escapes: Escapes,
        terminator: Terminator,
    ) -> Result<String, Failure> {
        let mut warnings = Vec::new();
        let result = slurp::unescape(text, escapes, &mut |warning| warnings.push(warning));
        const BAD_UNICODE: &str = "Unicode escape '\\u' was not followed by 4 hex digits or 1-6 hex digits in {} or was > 10ffff";
        if self.sub.is_some() && !warnings.is_empty() {
            // The reference finds no place for a warning in a heredoc, and fails.
            return Err(self.failure("ILLEGAL_UNICODE_ESCAPE", BAD_UNICODE, self.pos));
        }
        for warning in warnings {
            match warning {
                EscapeWarning::Unicode => self.warning("ILLEGAL_UNICODE_ESCAPE", BAD_UNICODE),
                EscapeWarning::Unrecognized(ch) => {
                    self.warning(
                        "UNRECOGNIZED_ESCAPE",
                        format!("Unrecognized escape sequence '\\{ch}'"),
                    );
                }
            }
        }
        let mut value =
            result.map_err(|_| self.failure("ILLEGAL_UNICODE_ESCAPE", BAD_UNICODE, self.pos))?;
        value.truncate(value.len().saturating_sub(terminator.len()));
        Ok(value)
    }

    #[cold]
    fn unclosed(&self, style: Style, shown: Option<Span>) -> Failure {
        if !matches!(style, Style::DoubleQuoted) {
            return self.failure(
                "UNCLOSED_ESCAPE",
                "Heredoc text ends in a lone backslash",
                self.pos,
            );
        }
        let shown = shown
            .and_then(|span| self.src.get(span.start as usize..span.end as usize))
            .unwrap_or("");
        let quoted = if shown == "'" {
            "\"'\"".to_owned()
        } else {
            format!("'{shown}'")
        };
        let message = format!(
            "Unclosed quote after {quoted} followed by '{}'",
            self.followed_by()
        );
        self.failure("UNCLOSED_QUOTE", message, self.pos)
    }

    /// The tokens of `${…}` up to its closing brace, which is not one of them. A single word, or a word before `.` or
    /// `[`, is a variable.
    fn tokens_until_brace(&mut self, outside: i64) -> Result<(), Failure> {
        let first = self.out.tokens.len();
        self.skip_blanks();
        while self.pos < self.src.len() {
            let before = self.out.tokens.len();
            match self.step()? {
                Step::Token(token) => {
                    self.after = Some(token.kind);
                    if token.kind == TokenKind::RBrace && self.brace_count == outside {
                        self.word_to_variable(first);
                        return Ok(());
                    }
                    self.out.tokens.push(token);
                }
                Step::Nothing if self.out.tokens.len() > before => {}
                Step::Nothing => self.skip_blanks(),
            }
        }
        Ok(())
    }

    fn word_to_variable(&mut self, first: usize) {
        let second = self.out.tokens.get(first + 1).map(|token| token.kind);
        if !matches!(second, None | Some(TokenKind::Dot | TokenKind::LBrack)) {
            return;
        }
        if let Some(token) = self.out.tokens.get_mut(first)
            && (matches!(
                token.kind,
                TokenKind::Number | TokenKind::Name | TokenKind::Word
            ) || token.kind.is_plain_keyword())
        {
            token.kind = TokenKind::Variable;
        }
    }
}
