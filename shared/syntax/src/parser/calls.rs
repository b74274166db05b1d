//! Arguments, access keys, lambdas and parameters.

use std::sync::Arc;

use crate::ast::{Access, Expr, ExprKind, HashEntry, Lambda, Parameter};
use crate::lexer::token::TokenKind;
use crate::span::Span;

use super::{PResult, Parser};

/// A list whose adjacent `key => value` entries become one hash (`Factory.ARGUMENTS`).
#[derive(Default)]
pub(super) struct Entries {
    list: Vec<Expr>,
    /// The hash that the next pair goes to.
    open: Vec<HashEntry>,
}

impl Entries {
    pub(super) fn push(&mut self, expr: Expr) {
        self.close();
        self.list.push(expr);
    }

    pub(super) fn push_pair(&mut self, entry: HashEntry) {
        self.open.push(entry);
    }

    fn close(&mut self) {
        if let Some(first) = self.open.first() {
            let span = first.span;
            let entries = std::mem::take(&mut self.open);
            self.list
                .push(Expr::new(ExprKind::Hash(entries.into()), span));
        }
    }

    pub(super) fn finish(mut self) -> Box<[Expr]> {
        self.close();
        self.list.into()
    }
}

impl Parser<'_> {
    /// `(args)`, and the closing parenthesis. Only function calls allow a comma at the end.
    pub(super) fn expect_arguments(
        &mut self,
        trailing_comma: bool,
    ) -> PResult<(Box<[Expr]>, Span)> {
        self.expect(TokenKind::LParen)?;
        let mut entries = Entries::default();
        if self.kind() == TokenKind::RParen {
            return Ok((entries.finish(), self.bump().span));
        }
        loop {
            self.expect_entry(&mut entries, false, false)?;
            if !self.maybe(TokenKind::Comma) || (trailing_comma && self.kind() == TokenKind::RParen)
            {
                break;
            }
        }
        let close = self.expect(TokenKind::RParen)?.span;
        Ok((entries.finish(), close))
    }

    /// What is between the brackets of an access; the closing one is left. Types of parameters allow no comma at the end.
    pub(super) fn expect_access_keys(&mut self, trailing_comma: bool) -> PResult<Box<[Expr]>> {
        let mut entries = Entries::default();
        loop {
            self.expect_entry(&mut entries, false, true)?;
            if !self.maybe(TokenKind::Comma) || (trailing_comma && self.kind() == TokenKind::RBrack)
            {
                return Ok(entries.finish());
            }
        }
    }

    /// An entry of a list: an expression or `key => value`. With `keywords` also the words `type` and `function`; with
    /// `only_plain` no statements.
    pub(super) fn expect_entry(
        &mut self,
        entries: &mut Entries,
        keywords: bool,
        only_plain: bool,
    ) -> PResult<()> {
        let word = self.parse_keyword_entry();
        let is_word = word.is_some();
        let first = match word {
            Some(word) => word,
            None => self.expect_assignment()?,
        };
        let plain = self.plain;
        if self.kind() == TokenKind::FArrow {
            let entry = self.expect_pair_after(first)?;
            entries.push_pair(entry);
            return Ok(());
        }
        if is_word && !keywords || !is_word && only_plain && !plain {
            return Err(self.syntax_error());
        }
        entries.push(first);
        Ok(())
    }

    /// `|params| >> Type {…}` if there is one.
    pub(super) fn parse_lambda(&mut self) -> PResult<Option<Arc<Lambda>>> {
        if self.kind() != TokenKind::Pipe {
            return Ok(None);
        }
        let start = self.span();
        let parameters = self.expect_pipe_parameters()?;
        let return_type = self.parse_return_type()?;
        let (body, end) = self.expect_body(start.start)?;
        let span = Span::new(start.start, end);
        Ok(Some(Arc::new(Lambda {
            parameters,
            return_type,
            body,
            span,
        })))
    }

    pub(super) fn expect_pipe_parameters(&mut self) -> PResult<Box<[Parameter]>> {
        self.expect(TokenKind::Pipe)?;
        self.expect_parameters_until(TokenKind::Pipe)
    }

    /// `(params)` if there is a parenthesis.
    pub(super) fn parse_parameter_list(&mut self) -> PResult<Box<[Parameter]>> {
        if self.maybe(TokenKind::LParen) || self.maybe(TokenKind::WsLParen) {
            return self.expect_parameters_until(TokenKind::RParen);
        }
        Ok(Box::default())
    }

    fn expect_parameters_until(&mut self, close: TokenKind) -> PResult<Box<[Parameter]>> {
        let mut parameters = Vec::new();
        if self.maybe(close) {
            return Ok(parameters.into());
        }
        loop {
            parameters.push(self.expect_parameter()?);
            if !self.maybe(TokenKind::Comma) || self.kind() == close {
                break;
            }
        }
        self.expect(close)?;
        Ok(parameters.into())
    }

    fn expect_parameter(&mut self) -> PResult<Parameter> {
        let type_expr = if self.kind() == TokenKind::ClassRef {
            Some(self.expect_parameter_type()?)
        } else {
            None
        };
        let captures_rest = self.maybe(TokenKind::Times);
        let token = self.expect(TokenKind::Variable)?;
        let value = if self.maybe(TokenKind::Equals) {
            Some(self.expect_expression()?)
        } else {
            None
        };
        Ok(Parameter {
            name: self.text(token),
            type_expr,
            value,
            captures_rest,
            span: token.span,
        })
    }

    /// `Type` or `Type[args]`, without blanks before the bracket.
    pub(super) fn expect_parameter_type(&mut self) -> PResult<Expr> {
        let token = self.expect(TokenKind::ClassRef)?;
        let left = Expr::new(ExprKind::TypeName(self.text(token)), token.span);
        if !self.maybe(TokenKind::LBrack) {
            return Ok(left);
        }
        let keys = self.expect_access_keys(false)?;
        let close = self.expect(TokenKind::RBrack)?.span;
        let span = token.span.to(close);
        Ok(Expr::new(
            ExprKind::Access(Box::new(Access { left, keys })),
            span,
        ))
    }

    /// `>> Type` if there is one.
    pub(super) fn parse_return_type(&mut self) -> PResult<Option<Expr>> {
        if self.maybe(TokenKind::RShift) {
            self.expect_parameter_type().map(Some)
        } else {
            Ok(None)
        }
    }
}
