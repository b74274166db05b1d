//! Tokens to tree: recursive descent, with precedence climbing for operators.
//!
//! Follows the grammar of `puppet/pops/parser/egrammar.ra`. A function is named after what it reads: `parse_x` gives
//! `None` when there is no x here, `expect_x` gives an x or an error, `maybe_x` tells whether it took a token.

mod calls;
mod control;
mod definitions;
mod expression;
mod hints;
mod literals;
mod recovery;
mod resources;
mod slips;
mod statements;

use std::sync::Arc;

use ecow::EcoString;

use crate::ast::{Definition, Epp, Expr, ExprKind, Program};
use crate::diagnostic::Diagnostic;
use crate::lexer::token::{Text, Token, TokenKind};
use crate::lexer::{Failure, Lexed, regex};
use crate::span::{SourceFile, Span};

pub(crate) use self::hints::KEYWORDS;
use self::recovery::Recovery;
pub(crate) use self::statements::STATEMENT_CALLS;

/// A node or the error that ends the parse.
type PResult<T> = Result<T, Failure>;

/// How deep the source may nest; protects the stack while parsing.
const MAX_DEPTH: u32 = 128;

/// How high a tree may get (long chains of operators count too); protects the stack of everything that walks it.
const MAX_HEIGHT: u32 = 512;

/// A program with an error of syntax.
pub(crate) struct Refused {
    /// The error at which the reference stops, and how many tokens it has read by then.
    pub(crate) failure: Failure,
    pub(crate) read: usize,
    /// Errors behind it, and the statements that have none. Only of a parse that goes on.
    pub(crate) further: Vec<Failure>,
    pub(crate) rest: Option<Program>,
}

/// Parses lexed text; behind an error too if `go_on`. The warnings of the lexer are the caller's to report.
pub(crate) fn parse(
    source: &SourceFile,
    lexed: Lexed,
    go_on: bool,
) -> Result<Program, Box<Refused>> {
    let mut parser = Parser {
        source: source.text(),
        tokens: lexed.tokens,
        owned: lexed.owned,
        failures: lexed.failures,
        at: 0,
        depth: 0,
        height: 0,
        blocks: 0,
        plain: true,
        namespace: Vec::new(),
        definitions: Vec::new(),
        recovery: go_on.then(Recovery::default),
    };
    let body = parser.expect_program();
    let recovery = parser.recovery.take().unwrap_or_default();
    let program = |body, definitions: Vec<Definition>| Program {
        source: source.clone(),
        body,
        definitions: definitions.into(),
    };
    let mut errors = recovery.errors.into_iter();
    match (errors.next(), body) {
        (None, Ok(body)) => Ok(program(body, parser.definitions)),
        (None, Err(failure)) => Err(Box::new(Refused {
            failure,
            read: parser.at,
            further: Vec::new(),
            rest: None,
        })),
        (Some(failure), body) => Err(Box::new(Refused {
            failure,
            read: recovery.read,
            further: errors.collect(),
            rest: body.ok().map(|body| program(body, parser.definitions)),
        })),
    }
}

struct Parser<'s> {
    source: &'s str,
    tokens: Vec<Token>,
    owned: Vec<EcoString>,
    /// What the lexer's failures are, by the numbers in their tokens.
    failures: Vec<Failure>,
    at: usize,
    depth: u32,
    /// How many braces with statements in them are around the current position.
    blocks: u32,
    /// The height of the highest tree among the expressions read so far at the current level.
    height: u32,
    /// Whether the last expression of [`Parser::expect_assignment`] is one that may stand where no statement may.
    plain: bool,
    /// Names of the classes and plans around the current position.
    namespace: Vec<EcoString>,
    definitions: Vec<Definition>,
    /// The errors so far, where parsing goes on behind them.
    recovery: Option<Recovery>,
}

impl Parser<'_> {
    fn expect_program(&mut self) -> PResult<Expr> {
        if self.kind() == TokenKind::EppStart {
            return self.expect_epp();
        }
        if self.kind() == TokenKind::Eof {
            return Ok(Expr::new(ExprKind::Nop, self.span()));
        }
        let statements = self.expect_all_statements()?;
        let span = match (statements.first(), statements.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => Span::default(),
        };
        Ok(block_or_expression(statements, span))
    }

    fn expect_epp(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let parameters = if self.kind() == TokenKind::Pipe {
            Some(self.expect_pipe_parameters()?)
        } else {
            None
        };
        let body = if self.kind() == TokenKind::Eof {
            None
        } else {
            let statements = self.expect_all_statements()?;
            Some(Expr::new(
                ExprKind::Block(statements.into()),
                Span::empty(start.start),
            ))
        };
        Ok(Expr::new(
            ExprKind::Epp(Arc::new(Epp {
                parameters,
                body,
                span: start,
            })),
            start,
        ))
    }

    /// The statements up to the end of the text.
    fn expect_all_statements(&mut self) -> PResult<Vec<Expr>> {
        let mut statements = self.expect_statements()?;
        while self.kind() != TokenKind::Eof {
            let error = self.syntax_error();
            self.recover(self.at, error)?;
            if self.kind() != TokenKind::Eof {
                statements.extend(self.expect_statements()?);
            }
        }
        Ok(statements)
    }

    // ---- tokens

    fn kind(&self) -> TokenKind {
        self.tokens
            .get(self.at)
            .map_or(TokenKind::Eof, |token| token.kind)
    }

    fn kind_ahead(&self, ahead: usize) -> TokenKind {
        self.tokens
            .get(self.at + ahead)
            .map_or(TokenKind::Eof, |token| token.kind)
    }

    fn token(&self) -> Token {
        const END: Token = Token {
            kind: TokenKind::Eof,
            span: Span::empty(0),
            text: Text::Source(Span::empty(0)),
        };
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .copied()
            .unwrap_or(END)
    }

    fn span(&self) -> Span {
        self.token().span
    }

    fn bump(&mut self) -> Token {
        let token = self.token();
        self.at += 1;
        token
    }

    fn maybe(&mut self, kind: TokenKind) -> bool {
        let found = self.kind() == kind;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, kind: TokenKind) -> PResult<Token> {
        if self.kind() == kind {
            Ok(self.bump())
        } else {
            Err(self.syntax_error())
        }
    }

    fn text(&self, token: Token) -> EcoString {
        match token.text {
            Text::Source(span) => self
                .source
                .get(span.start as usize..span.end as usize)
                .unwrap_or("")
                .into(),
            Text::Owned(index) => self.owned.get(index as usize).cloned().unwrap_or_default(),
        }
    }

    // ---- errors and limits

    /// The error that the reference's parser raises at a token that it cannot shift.
    #[cold]
    fn syntax_error(&mut self) -> Failure {
        let token = self.token();
        let value = match token.kind {
            TokenKind::Failure => return self.lexer_failure(),
            TokenKind::Eof => {
                let error = Diagnostic::error("SYNTAX_ERROR", "Syntax error at end of input", None);
                return Box::new(self.with_hint(error));
            }
            TokenKind::Regex => regex::to_s(&self.text(token)).into(),
            _ => self.text(token),
        };
        let message = format!("Syntax error at '{value}'");
        let error = Diagnostic::error("SYNTAX_ERROR", message, Some(token.span));
        Box::new(self.with_hint(error))
    }

    #[cold]
    fn lexer_failure(&mut self) -> Failure {
        let failure = match self.token().text {
            Text::Owned(index) => self.failures.get(index as usize).cloned(),
            Text::Source(_) => None,
        };
        failure.unwrap_or_else(|| {
            Box::new(Diagnostic::error(
                "SYNTAX_ERROR",
                "Syntax error at end of input",
                None,
            ))
        })
    }

    /// An error that the grammar's actions raise (`Parser#error`, without an issue code). The reference has read one
    /// token more by then, so an error of the lexer there wins.
    #[cold]
    fn error(&mut self, span: Span, message: impl Into<EcoString>) -> Failure {
        if self.kind() == TokenKind::Failure {
            return self.lexer_failure();
        }
        raised(span, message)
    }

    #[cold]
    fn too_deep(&mut self) -> Failure {
        let span = self.span();
        Box::new(Diagnostic::error(
            "NESTING_TOO_DEEP",
            "The program is nested too deeply",
            Some(span),
        ))
    }

    fn enter(&mut self) -> PResult<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            Err(self.too_deep())
        } else {
            Ok(())
        }
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Counts a node over everything read at this level.
    fn grow(&mut self) -> PResult<()> {
        self.height += 1;
        if self.height > MAX_HEIGHT {
            Err(self.too_deep())
        } else {
            Ok(())
        }
    }
}

/// An error that the grammar's actions raise before they read the next token.
#[cold]
fn raised(span: Span, message: impl Into<EcoString>) -> Failure {
    Box::new(Diagnostic::error("", message, Some(span)))
}

/// One statement stands for itself, several are a block at `span` (`Factory.block_or_expression`).
fn block_or_expression(mut statements: Vec<Expr>, span: Span) -> Expr {
    match statements.pop() {
        Some(only) if statements.is_empty() => only,
        Some(last) => {
            statements.push(last);
            Expr::new(ExprKind::Block(statements.into()), span)
        }
        None => Expr::new(ExprKind::Block(Box::default()), span),
    }
}
