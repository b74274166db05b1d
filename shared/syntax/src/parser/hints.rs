//! What to write instead, for errors of syntax: read off the tokens around them.

use ecow::{EcoString, eco_format};

use crate::diagnostic::Diagnostic;
use crate::lexer::token::{Token, TokenKind};
use crate::similar::nearest;

use super::Parser;
use super::statements::starts_expression;

/// Words that statements start or go on with.
pub(crate) const KEYWORDS: [&str; 12] = [
    "case", "class", "define", "else", "elsif", "function", "if", "inherits", "node", "type",
    "undef", "unless",
];

impl Parser<'_> {
    /// The error at the current token with a hint, if the tokens around it tell what was meant.
    pub(super) fn with_hint(&self, error: Diagnostic) -> Diagnostic {
        match self.hint() {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    fn hint(&self) -> Option<EcoString> {
        use TokenKind as T;
        let token = self.token();
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let text = |token: Token| self.text(token);
        let kind_before = before.map_or(T::Eof, |token| token.kind);
        let opened = self.opened_kind();
        if let Some(hint) = self.slip(opened) {
            return Some(hint);
        }
        match token.kind {
            T::Eof => return Some(self.unclosed_hint()),
            T::RBrace | T::RBrack | T::RParen => {
                if let Some(hint) = self.closing_hint(token.kind, kind_before) {
                    return Some(hint);
                }
            }
            _ => {}
        }
        let hint = match token.kind {
            T::If if kind_before == T::Else => "write `elsif` for `else if`".into(),
            T::Elsif if self.follows(T::Unless) => "`unless` has no `elsif`; use `if`".into(),
            T::Elsif | T::Else if kind_before == T::RBrace => {
                "there is no `if` that this belongs to, or it has its `else` already".into()
            }
            T::Elsif | T::Else => "this belongs behind the braces of an `if`".into(),
            T::Equals if kind_before == T::Equals => "write `==` to compare; this `=` is one too many".into(),
            T::Equals if opened == Some(T::LBrace) && kind_before != T::Variable => {
                "write `=>` between a name and its value".into()
            }
            T::Equals => "only variables can be assigned to; compare with `==`".into(),
            T::Colon if self.kind_ahead(1) == T::Colon => "names are joined by `::` without blanks".into(),
            T::Colon if opened == Some(T::LBrace) => {
                "write `=>` between a key and its value; `:` stands behind the title of a resource".into()
            }
            T::Colon => "`:` stands behind the title of a resource or the value of a case".into(),
            T::Pipe if self.kind_ahead(1) == T::Pipe => "write `or` for `||`".into(),
            T::Other => return self.strange_character(token),
            T::Semic => "a statement or an attribute is missing before this".into(),
            T::Comma => "a value is missing before this comma, or it is one too many".into(),
            T::FArrow if matches!(kind_before, T::String | T::DqPost) => {
                "names of attributes stand without quotes; or a comma or brace is missing before this".into()
            }
            T::FArrow => "`=>` stands between a key and its value: is a comma or brace missing before this?".into(),
            T::QMark => "a value to test is missing before `?`".into(),
            T::Variable if kind_before == T::Variable => "an operator or a comma is missing before this".into(),
            T::String | T::DqPre
                if matches!(opened, Some(T::LBrace)) && self.kind_ahead(1) == T::FArrow =>
            {
                eco_format!("names of attributes stand without quotes: `{}`", text(token))
            }
            T::Name if matches!(self.kind_ahead(1), T::FArrow | T::PArrow) => {
                eco_format!("a comma is missing before `{}`", text(token))
            }
            T::Name | T::Word | T::ClassRef | T::String | T::Number | T::Variable
                if ends_value(kind_before) && matches!(opened, Some(T::LBrack | T::ListStart | T::LParen)) =>
            {
                "a comma is missing before this".into()
            }
            T::LBrace | T::Name | T::ClassRef | T::Variable => return self.misspelled(before.copied()),
            kind if ends_value(kind_before) && starts_expression(kind) && opened == Some(T::LBrace) => {
                "a comma, `:` or `=>` is missing before this".into()
            }
            _ => return None,
        };
        Some(hint)
    }

    /// A keyword that the word before the error comes near to.
    fn misspelled(&self, before: Option<Token>) -> Option<EcoString> {
        let words = [
            before,
            self.at
                .checked_sub(2)
                .and_then(|at| self.tokens.get(at))
                .copied(),
        ];
        words
            .into_iter()
            .flatten()
            .filter(|token| matches!(token.kind, TokenKind::Name | TokenKind::Word))
            .find_map(|token| nearest(&self.text(token), KEYWORDS))
            .map(|keyword| eco_format!("did you mean `{keyword}`?"))
    }

    fn strange_character(&self, token: Token) -> Option<EcoString> {
        let ch = self
            .source
            .get(token.span.start as usize..)?
            .chars()
            .next()?;
        Some(match ch {
            '&' => "write `and` for `&&`".into(),
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
                eco_format!("write \" or ' for the typographic quote {ch}")
            }
            '–' | '—' | '−' => eco_format!("write - for {ch}"),
            '`' => "commands are run by the agent: use an `exec` resource, or `generate()`".into(),
            '\\' => "a backslash has a meaning in strings and patterns only".into(),
            ch if ch.is_alphabetic() => {
                eco_format!("names have the letters a to z; quote `{ch}` if it is part of a string")
            }
            ch if ch.is_control() => {
                eco_format!("remove the control character U+{:04X}", u32::from(ch))
            }
            _ => return None,
        })
    }

    // ---- braces, brackets and parentheses

    /// What is open at the current token, outermost first.
    fn open(&self) -> Vec<Token> {
        use TokenKind as T;
        let mut open = Vec::new();
        for token in self.tokens.get(..self.at).unwrap_or(&[]) {
            match token.kind {
                T::LBrace | T::SelBrace | T::LBrack | T::ListStart | T::LParen | T::WsLParen => {
                    open.push(*token);
                }
                T::RBrace | T::RBrack | T::RParen => {
                    open.pop();
                }
                _ => {}
            }
        }
        open
    }

    fn opened_kind(&self) -> Option<TokenKind> {
        self.open().last().map(|token| token.kind)
    }

    fn unclosed_hint(&self) -> EcoString {
        match self.open().last() {
            Some(token) => eco_format!(
                "the `{}` of line {} is not closed",
                self.source
                    .get(token.span.start as usize..token.span.end as usize)
                    .unwrap_or("{"),
                self.line_of(*token)
            ),
            None => "the last statement is not finished".into(),
        }
    }

    /// About a closing character that does not fit.
    fn closing_hint(&self, kind: TokenKind, before: TokenKind) -> Option<EcoString> {
        use TokenKind as T;
        let closes = |open: T| match kind {
            T::RBrace => matches!(open, T::LBrace | T::SelBrace),
            T::RBrack => matches!(open, T::LBrack | T::ListStart),
            _ => matches!(open, T::LParen | T::WsLParen),
        };
        match self.open().last() {
            None => Some("nothing is open that this could close: it is one too many".into()),
            Some(open) if !closes(open.kind) => Some(eco_format!(
                "the `{}` of line {} is to be closed first",
                self.source
                    .get(open.span.start as usize..open.span.end as usize)
                    .unwrap_or("("),
                self.line_of(*open)
            )),
            Some(_) => Some(match before {
                T::Semic => "a statement or a resource's title is missing behind `;`".into(),
                T::Comma => "the comma before this is one too many".into(),
                T::FArrow | T::PArrow | T::Equals => "a value is missing before this".into(),
                T::String | T::DqPost | T::Name if kind == T::RBrace => {
                    "`:` is missing behind the title, or `=>` and a value behind a name".into()
                }
                before if ends_value(before) => return None,
                _ => "an expression is missing before this".into(),
            }),
        }
    }

    /// Whether the braces before the current token belong to this keyword.
    fn follows(&self, keyword: TokenKind) -> bool {
        let mut depth = 0_i32;
        let before = self.tokens.get(..self.at).unwrap_or(&[]);
        for token in before.iter().rev() {
            match token.kind {
                TokenKind::RBrace => depth += 1,
                TokenKind::LBrace if depth == 0 => return false,
                TokenKind::LBrace => depth -= 1,
                kind if depth == 0 && kind == keyword => return true,
                TokenKind::If | TokenKind::Elsif | TokenKind::Unless if depth == 0 => return false,
                _ => {}
            }
        }
        false
    }

    fn line_of(&self, token: Token) -> usize {
        let before = self.source.get(..token.span.start as usize);
        before.map_or(1, |text| text.matches('\n').count() + 1)
    }
}

/// Whether a token can be the last of a value.
pub(super) const fn ends_value(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::String
            | T::DqPost
            | T::Number
            | T::Variable
            | T::Name
            | T::Word
            | T::ClassRef
            | T::RBrack
            | T::RParen
            | T::RBrace
            | T::True
            | T::False
            | T::Undef
            | T::Default
            | T::Regex
    )
}
