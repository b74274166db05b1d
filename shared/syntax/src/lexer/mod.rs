//! Source text to tokens.
//!
//! Follows `puppet/pops/parser/lexer2.rb`: what a character means depends on the token before it (regular expressions,
//! selectors), the whitespace around it (`(`, `[`) and on the nesting in strings, heredocs and templates. A text is lexed
//! as a whole before it is parsed; an error of the lexer becomes a [`TokenKind::Failure`] at the place where the reference,
//! which lexes while it parses, would raise it.

pub(crate) mod chars;
mod epp;
mod heredoc;
mod interpolation;
mod number;
pub(crate) mod regex;
mod slurp;
pub(crate) mod token;
mod words;

use ecow::EcoString;

use self::chars::{blank_prefix, is_blank, is_word};
use self::epp::EppMode;
use self::heredoc::SubText;
use self::slurp::Escapes;
use self::token::{Text, Token, TokenKind};
use crate::diagnostic::{Diagnostic, Severity};
use crate::span::{Span, clamp};

/// An error that ends the lexing.
pub(crate) type Failure = Box<Diagnostic>;

/// How deep strings, heredocs and their interpolations may nest.
const MAX_NESTING: u32 = 64;

/// The tokens of a text; the last one is [`TokenKind::Eof`], or [`TokenKind::Failure`] where the lexer gave up.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) tokens: Vec<Token>,
    pub(crate) owned: Vec<EcoString>,
    /// Warnings, each with the number of tokens before the one that it is about.
    pub(crate) warnings: Vec<(usize, Diagnostic)>,
    /// What the tokens [`TokenKind::Failure`] stand for.
    pub(crate) failures: Vec<Failure>,
}

/// How to lex.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    /// It is a template.
    pub(crate) template: bool,
    /// `plan` and `apply` are keywords.
    pub(crate) tasks: bool,
    /// Behind a broken word go on.
    pub(crate) go_on: bool,
}

/// Lexes a text.
pub(crate) fn lex(src: &str, mode: Mode) -> Lexed {
    // A token for every four bytes is more than common manifests have.
    let mut out = Lexed {
        tokens: Vec::with_capacity(src.len() / 4 + 2),
        ..Lexed::default()
    };
    let mut lexer = Lexer::new(src, mode.tasks, None, &mut out);
    lexer.go_on = mode.go_on;
    let ended = if u32::try_from(src.len()).is_err() {
        Err(Box::new(Diagnostic::error(
            "SOURCE_TOO_LARGE",
            "Source text of 4 GiB or more",
            None,
        )))
    } else {
        lexer.check_byte_order_mark().and_then(|()| {
            if mode.template {
                lexer.scan_epp()
            } else {
                lexer.scan()
            }
        })
    };
    let at = clamp(src.len());
    match ended {
        Err(failure) => out.fail(at, failure),
        Ok(()) => out.tokens.push(Token {
            kind: TokenKind::Eof,
            span: Span::empty(at),
            text: Text::Source(Span::empty(at)),
        }),
    }
    out
}

impl Lexed {
    /// A token for a failure at `at`.
    fn fail(&mut self, at: u32, failure: Failure) {
        let index = clamp(self.failures.len());
        self.failures.push(failure);
        self.tokens.push(Token {
            kind: TokenKind::Failure,
            span: Span::empty(at),
            text: Text::Owned(index),
        });
    }
}

/// What one step of the lexer found.
enum Step {
    /// A token, not yet in the output.
    Token(Token),
    /// Blanks, a comment, or tokens that went to the output without counting as the one before the next.
    Nothing,
}

struct Lexer<'s, 'o> {
    src: &'s str,
    pos: usize,
    tasks: bool,
    go_on: bool,
    /// The token before the current position, as far as it decides what `/` and `{` mean.
    after: Option<TokenKind>,
    brace_count: i64,
    /// Where the current line starts, for `(` as the first thing on a line.
    line_start: usize,
    /// Where to go on after the next line break: behind the text of the heredocs of this line.
    newline_jump: Option<usize>,
    epp_mode: EppMode,
    epp_open: bool,
    /// What the reference's scanner matched last; its message about an unclosed string shows it.
    matched: Option<Span>,
    /// How the text relates to the file when it is that of a heredoc.
    sub: Option<&'o SubText>,
    nesting: u32,
    /// The number of tokens before the current top-level one.
    tokens_before: usize,
    out: &'o mut Lexed,
}

impl<'s, 'o> Lexer<'s, 'o> {
    fn new(src: &'s str, tasks: bool, sub: Option<&'o SubText>, out: &'o mut Lexed) -> Self {
        Self {
            src,
            pos: 0,
            tasks,
            go_on: false,
            after: None,
            brace_count: 0,
            line_start: 0,
            newline_jump: None,
            epp_mode: EppMode::Off,
            epp_open: false,
            matched: None,
            sub,
            nesting: 0,
            tokens_before: out.tokens.len(),
            out,
        }
    }

    fn scan(&mut self) -> Result<(), Failure> {
        self.skip_blanks();
        while self.pos < self.src.len() {
            self.top_level_step()?;
        }
        Ok(())
    }

    /// One step outside of strings. When it fails, nothing of a half-lexed string stays in the output.
    fn top_level_step(&mut self) -> Result<(), Failure> {
        let before = self.out.tokens.len();
        let start = self.pos;
        self.tokens_before = before;
        match self.step() {
            Ok(Step::Token(token)) => {
                self.out.tokens.push(token);
                self.after = Some(token.kind);
            }
            Ok(Step::Nothing) => {
                if self.out.tokens.len() > before {
                    self.after = self.out.tokens.last().map(|token| token.kind);
                }
            }
            Err(failure) => {
                self.out.tokens.truncate(before);
                if !self.go_on || !self.skip_broken_word(start, &failure) {
                    return Err(failure);
                }
                self.out.fail(clamp(start), failure);
                self.after = Some(TokenKind::Failure);
            }
        }
        Ok(())
    }

    /// Moves behind the word, number or pattern at `start` that is broken; false if it is none of these.
    fn skip_broken_word(&mut self, start: usize, failure: &Diagnostic) -> bool {
        let bytes = self.src.as_bytes();
        match bytes.get(start) {
            Some(b'/') if failure.issue_code.is_empty() => {}
            Some(byte) if is_word(*byte) || *byte == b':' => {
                let rest = bytes.get(start..).unwrap_or(&[]);
                let end = rest
                    .iter()
                    .position(|byte| !is_word(*byte) && *byte != b':');
                self.pos = start + end.unwrap_or(rest.len());
            }
            _ => return false,
        }
        true
    }

    fn check_byte_order_mark(&self) -> Result<(), Failure> {
        if self.src.starts_with('\u{feff}') {
            let message = "Illegal UTF-8 Byte Order mark at beginning of input: [EF BB BF] - remove these from the puppet source";
            return Err(Box::new(Diagnostic::error("ILLEGAL_BOM", message, None)));
        }
        Ok(())
    }

    // ---- positions and output

    fn file_span(&self, start: usize, end: usize) -> Span {
        match self.sub {
            None => Span::new(clamp(start), clamp(end)),
            Some(sub) => Span::new(sub.start_in_file(clamp(start)), sub.end_in_file(clamp(end))),
        }
    }

    /// A token whose value is a range of the text.
    fn token(&mut self, kind: TokenKind, start: usize, end: usize, value: (usize, usize)) -> Token {
        let span = self.file_span(start, end);
        let text = if self.sub.is_none() {
            Text::Source(Span::new(clamp(value.0), clamp(value.1)))
        } else {
            let value = EcoString::from(self.src.get(value.0..value.1).unwrap_or(""));
            self.own(value)
        };
        Token { kind, span, text }
    }

    /// A token with a value of its own.
    fn owned_token(
        &mut self,
        kind: TokenKind,
        start: usize,
        end: usize,
        value: EcoString,
    ) -> Token {
        let span = self.file_span(start, end);
        let text = self.own(value);
        Token { kind, span, text }
    }

    fn own(&mut self, value: EcoString) -> Text {
        let index = clamp(self.out.owned.len());
        self.out.owned.push(value);
        Text::Owned(index)
    }

    #[cold]
    fn failure(&self, code: &'static str, message: impl Into<EcoString>, at: usize) -> Failure {
        let at = self.file_span(at, at).start;
        Box::new(Diagnostic::error(code, message, Some(Span::empty(at))))
    }

    #[cold]
    fn warning(&mut self, code: &'static str, message: impl Into<EcoString>) {
        let at = self.file_span(self.pos, self.pos).start;
        let warning = Diagnostic::error(code, message, Some(Span::empty(at)))
            .with_severity(Severity::Warning);
        self.out.warnings.push((self.tokens_before, warning));
    }

    /// The next five characters for an error message.
    fn followed_by(&self) -> String {
        let rest = self.src.get(self.pos..).unwrap_or("");
        if rest.is_empty() {
            return "<eof>".to_owned();
        }
        let mut shown: String = rest.chars().take(5).collect();
        shown.push_str("...");
        shown
            .replace('\t', "\\t")
            .replace('\n', "\\n")
            .replace('\r', "\\r")
    }

    // ---- steps

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.src.as_bytes().get(self.pos + ahead).copied()
    }

    /// Skips blanks and remembers them as matched, as `StringScanner#skip` does.
    fn skip_blanks(&mut self) {
        let start = self.pos;
        self.pos += blank_prefix(self.src.get(start..).unwrap_or(""));
        self.matched = (self.pos > start).then(|| Span::new(clamp(start), clamp(self.pos)));
    }

    fn fixed(&mut self, kind: TokenKind, len: usize) -> Step {
        let start = self.pos;
        self.pos += len;
        Step::Token(self.token(kind, start, start + len, (start, start + len)))
    }

    fn step(&mut self) -> Result<Step, Failure> {
        use TokenKind as T;
        let Some(byte) = self.peek(0) else {
            return Ok(Step::Nothing);
        };
        let next = self.peek(1);
        let (kind, len) = match byte {
            b' ' | b'\t' | b'\r' => {
                self.skip_blanks();
                return Ok(Step::Nothing);
            }
            b'\n' => {
                self.pos = self.newline_jump.take().unwrap_or(self.pos + 1);
                self.line_start = self.pos;
                return Ok(Step::Nothing);
            }
            b'#' => {
                self.skip_comment();
                return Ok(Step::Nothing);
            }
            b'a'..=b'z' | b'_' => return Ok(self.word()),
            b'A'..=b'Z' => return self.class_ref(1),
            b'$' => return Ok(self.variable()),
            b'\'' => return self.single_quoted(),
            b'"' => {
                return self
                    .double_quoted()
                    .map(|token| token.map_or(Step::Nothing, Step::Token));
            }
            b'0'..=b'9' => return self.number(),
            b'/' => return self.slash(),
            b':' if next == Some(b':') => return self.qualified(),
            b'@' if next == Some(b'(') => return self.heredoc().map(|()| Step::Nothing),
            b'%' if next == Some(b'>') && self.epp_mode != EppMode::Off => {
                return self.epp_end(false).map(|()| Step::Nothing);
            }
            b'-' if next == Some(b'%')
                && self.peek(2) == Some(b'>')
                && self.epp_mode != EppMode::Off =>
            {
                return self.epp_end(true).map(|()| Step::Nothing);
            }
            b'[' if self.after_blank() => (T::ListStart, 1),
            b'[' => (T::LBrack, 1),
            b']' => (T::RBrack, 1),
            b'(' if self.first_on_line() => (T::WsLParen, 1),
            b'(' => (T::LParen, 1),
            b')' => (T::RParen, 1),
            b'{' => {
                self.brace_count += 1;
                (
                    if self.after == Some(T::QMark) {
                        T::SelBrace
                    } else {
                        T::LBrace
                    },
                    1,
                )
            }
            b'}' => {
                self.brace_count -= 1;
                (T::RBrace, 1)
            }
            b'.' => (T::Dot, 1),
            b',' => (T::Comma, 1),
            b';' => (T::Semic, 1),
            b':' => (T::Colon, 1),
            b'?' => (T::QMark, 1),
            b'*' => (T::Times, 1),
            b'%' => (T::Modulo, 1),
            b'@' if next == Some(b'@') => (T::AtAt, 2),
            b'@' => (T::At, 1),
            b'|' if next == Some(b'>') && self.peek(2) == Some(b'>') => (T::RRCollect, 3),
            b'|' if next == Some(b'>') => (T::RCollect, 2),
            b'|' => (T::Pipe, 1),
            b'=' => match next {
                Some(b'=') => (T::IsEqual, 2),
                Some(b'>') => (T::FArrow, 2),
                Some(b'~') => (T::Match, 2),
                _ => (T::Equals, 1),
            },
            b'+' => match next {
                Some(b'=') => (T::Appends, 2),
                Some(b'>') => (T::PArrow, 2),
                _ => (T::Plus, 1),
            },
            b'-' => match next {
                Some(b'>') => (T::InEdge, 2),
                Some(b'=') => (T::Deletes, 2),
                _ => (T::Minus, 1),
            },
            b'!' => match next {
                Some(b'=') => (T::NotEqual, 2),
                Some(b'~') => (T::NoMatch, 2),
                _ => (T::Not, 1),
            },
            b'~' if next == Some(b'>') => (T::InEdgeSub, 2),
            b'~' => (T::Tilde, 1),
            b'<' => match next {
                Some(b'<') if self.peek(2) == Some(b'|') => (T::LLCollect, 3),
                Some(b'<') => (T::LShift, 2),
                Some(b'=') => (T::LessEqual, 2),
                Some(b'|') => (T::LCollect, 2),
                Some(b'-') => (T::OutEdge, 2),
                Some(b'~') => (T::OutEdgeSub, 2),
                _ => (T::Less, 1),
            },
            b'>' => match next {
                Some(b'>') => (T::RShift, 2),
                Some(b'=') => (T::GreaterEqual, 2),
                _ => (T::Greater, 1),
            },
            _ => return Ok(self.other()),
        };
        Ok(self.fixed(kind, len))
    }

    /// Whether whitespace (or nothing) precedes, which makes `[` the start of a list.
    fn after_blank(&self) -> bool {
        match self
            .pos
            .checked_sub(1)
            .and_then(|at| self.src.as_bytes().get(at))
        {
            None | Some(b' ' | b'\t' | b'\r' | b'\n') => true,
            Some(byte) if byte.is_ascii() => false,
            Some(_) => self
                .src
                .get(..self.pos)
                .and_then(|text| text.chars().next_back())
                .is_some_and(is_blank),
        }
    }

    /// Whether only whitespace precedes on the line, which keeps `(` from starting a call.
    fn first_on_line(&self) -> bool {
        let before = self.src.get(self.line_start..self.pos).unwrap_or("");
        blank_prefix(before) == before.len()
    }

    fn skip_comment(&mut self) {
        let start = self.pos;
        let rest = self.src.as_bytes().get(start..).unwrap_or(&[]);
        self.pos += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.matched = Some(Span::new(clamp(start), clamp(self.pos)));
    }

    /// Ends a token whose value is itself.
    fn plain(&mut self, kind: TokenKind, end: usize) -> Step {
        let start = self.pos;
        self.pos = end;
        self.matched = Some(Span::new(clamp(start), clamp(end)));
        Step::Token(self.token(kind, start, end, (start, end)))
    }

    /// Blanks beyond ASCII, or a character without a meaning.
    fn other(&mut self) -> Step {
        self.skip_blanks();
        if self.matched.is_some() {
            return Step::Nothing;
        }
        let start = self.pos;
        let len = self
            .src
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(1, char::len_utf8);
        self.pos += len;
        Step::Token(self.token(TokenKind::Other, start, start + len, (start, start)))
    }
}
