//! How parsing goes on behind an error, for people who want to see all of them.
//!
//! The reference stops at its first error of syntax. What is found behind it is ours alone: parsing is taken up where a
//! statement plainly starts, and an error that only follows from another is kept back as far as that shows.

use crate::lexer::token::TokenKind;

use super::statements::{STATEMENT_CALLS, starts_expression};
use super::{Failure, PResult, Parser};

/// More errors help nobody.
const MOST: usize = 20;

/// Errors of a parse that goes on behind them.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// The errors, the reference's first.
    pub(super) errors: Vec<Failure>,
    /// How many tokens the reference has read when it stops.
    pub(super) read: usize,
    /// The braces around the current position are broken: only the top of the file is a place to go on at.
    at_top_only: bool,
}

impl Recovery {
    /// Takes down an error at which `read` tokens are read.
    pub(super) fn add(&mut self, read: usize, failure: Failure) {
        if self.errors.is_empty() {
            self.read = read;
        }
        self.errors.push(failure);
    }
}

impl Parser<'_> {
    /// Takes down the error in the statement that starts at token `start`, and finds where to go on: before a statement or
    /// the brace that ends the block, or at the end. Gives the error back where there is no going on here.
    pub(super) fn recover(&mut self, start: usize, failure: Failure) -> PResult<()> {
        let Some(mut recovery) = self.recovery.take() else {
            return Err(failure);
        };
        if !recovery.at_top_only {
            self.take_down(&mut recovery, failure.clone());
        }
        let top = self.blocks == 0;
        let found = if recovery.errors.len() >= MOST {
            self.at = self.tokens.len();
            false
        } else if recovery.at_top_only && !top {
            false
        } else {
            recovery.at_top_only = false;
            self.skip_to_statement(start, top)
        };
        if !found && !top {
            recovery.at_top_only = true;
        }
        self.recovery = Some(recovery);
        if found || top { Ok(()) } else { Err(failure) }
    }

    fn take_down(&mut self, recovery: &mut Recovery, failure: Failure) {
        let first = recovery.errors.is_empty();
        // What is not closed at the end of a file that has other errors was most likely closed in them.
        let follows = failure.span.is_none() || self.kind() == TokenKind::Eof;
        let repeated = recovery
            .errors
            .last()
            .is_some_and(|last| last.span == failure.span);
        if first || !(follows || repeated) {
            recovery.add(self.at, failure);
        }
    }

    /// Moves to where the next statement of the block plainly starts, or to the brace that ends it; false when the file
    /// ends before, or a definition at the start of a line says that braces are missing.
    fn skip_to_statement(&mut self, start: usize, top: bool) -> bool {
        let mut depth = 0_i32;
        let read = self.tokens.get(start..self.at).unwrap_or(&[]);
        for token in read {
            depth += nesting(token.kind);
        }
        depth = depth.max(0);
        if self.at == start {
            depth += nesting(self.kind()).max(0);
            self.at += 1;
        }
        loop {
            let kind = self.kind();
            match kind {
                TokenKind::Eof => return false,
                _ if self.defines_at_line_start() && (top || depth > 0) => return top,
                TokenKind::RBrace if depth == 0 && !top => return true,
                TokenKind::RenderString | TokenKind::RenderExpr if depth == 0 => return true,
                _ if depth == 0 && self.starts_statement() => return true,
                _ => depth = (depth + nesting(kind)).max(0),
            }
            self.at += 1;
        }
    }

    fn starts_statement(&self) -> bool {
        use TokenKind as T;
        let starts = match self.kind() {
            T::Variable => matches!(
                self.kind_ahead(1),
                T::Equals | T::Appends | T::Deletes | T::Match | T::Dot
            ),
            T::Name => {
                matches!(self.kind_ahead(1), T::LBrace | T::LParen)
                    || STATEMENT_CALLS.contains(&self.text(self.token()).as_str())
            }
            T::ClassRef => matches!(self.kind_ahead(1), T::LBrace | T::LBrack | T::LCollect),
            T::If | T::Unless | T::Case | T::At | T::AtAt => true,
            kind => is_definition(kind) && starts_expression(kind),
        };
        starts && self.first_on_line()
    }

    fn defines_at_line_start(&self) -> bool {
        let before = self.before();
        is_definition(self.kind())
            && !matches!(self.kind_ahead(1), TokenKind::FArrow | TokenKind::LBrace)
            && (before.is_empty() || before.ends_with('\n'))
    }

    fn first_on_line(&self) -> bool {
        let before = self.before().trim_end_matches([' ', '\t', '\r']);
        before.is_empty() || before.ends_with('\n')
    }

    fn before(&self) -> &str {
        self.source.get(..self.span().start as usize).unwrap_or("")
    }
}

const fn is_definition(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Class | T::Define | T::Node | T::Function | T::Type | T::Plan
    )
}

/// How a token changes the depth of braces, brackets and parentheses.
const fn nesting(kind: TokenKind) -> i32 {
    use TokenKind as T;
    match kind {
        T::LBrace | T::SelBrace | T::LBrack | T::ListStart | T::LParen | T::WsLParen => 1,
        T::RBrace | T::RBrack | T::RParen => -1,
        _ => 0,
    }
}
