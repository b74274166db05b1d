//! `if`, `unless`, `case` and selectors.

use crate::ast::{Case, CaseOption, Expr, ExprKind, If, Selector, SelectorEntry};
use crate::lexer::token::TokenKind;
use crate::span::Span;

use super::{PResult, Parser, block_or_expression};

impl Parser<'_> {
    /// `if` or `elsif`; the current token is the keyword.
    pub(super) fn expect_if(&mut self) -> PResult<Expr> {
        self.enter()?;
        let keyword = self.bump().span;
        let test = self.expect_expression()?;
        let (then, braces) = self.expect_braced_statements()?;
        let then = then.map(|list| block_or_expression(list, braces));
        let otherwise = match self.kind() {
            TokenKind::Elsif => Some(self.expect_if()?),
            TokenKind::Else => self.expect_else()?,
            _ => None,
        };
        let end = otherwise.as_ref().map_or(braces.end, |expr| expr.span.end);
        self.grow()?;
        self.leave();
        let span = Span::new(keyword.start, end);
        Ok(Expr::new(
            ExprKind::If(Box::new(If {
                test,
                then,
                otherwise,
            })),
            span,
        ))
    }

    fn expect_else(&mut self) -> PResult<Option<Expr>> {
        self.bump();
        let (statements, braces) = self.expect_braced_statements()?;
        Ok(statements.map(|list| block_or_expression(list, braces)))
    }

    pub(super) fn expect_unless(&mut self) -> PResult<Expr> {
        let keyword = self.bump().span;
        let test = self.expect_expression()?;
        let (then, braces) = self.expect_braced_statements()?;
        let otherwise = if self.kind() == TokenKind::Else {
            self.expect_else()?
        } else {
            None
        };
        // The reference ends the node at the brace, or (with nothing in the braces) at the else branch if there is one.
        let end = match (&then, &otherwise) {
            (Some(_), _) => braces.end,
            (None, Some(otherwise)) => otherwise.span.end,
            (None, None) => keyword.end,
        };
        let then = then.map(|list| block_or_expression(list, braces));
        let span = Span::new(keyword.start, end);
        Ok(Expr::new(
            ExprKind::Unless(Box::new(If {
                test,
                then,
                otherwise,
            })),
            span,
        ))
    }

    pub(super) fn expect_case(&mut self) -> PResult<Expr> {
        let keyword = self.bump().span;
        let test = self.expect_expression()?;
        self.expect(TokenKind::LBrace)?;
        let mut options = Vec::new();
        loop {
            options.push(self.expect_case_option()?);
            if self.kind() == TokenKind::RBrace {
                break;
            }
        }
        let close = self.bump().span;
        Ok(Expr::new(
            ExprKind::Case(Box::new(Case {
                test,
                options: options.into(),
            })),
            keyword.to(close),
        ))
    }

    fn expect_case_option(&mut self) -> PResult<CaseOption> {
        let mut values = vec![self.expect_expression()?];
        while self.maybe(TokenKind::Comma) {
            values.push(self.expect_expression()?);
        }
        let colon = self.expect(TokenKind::Colon)?.span;
        let (body, end) = self.expect_body(colon.start)?;
        Ok(CaseOption {
            values: values.into(),
            body,
            span: Span::new(colon.start, end),
        })
    }

    /// `? {…}` or `? a => b` after `test`.
    pub(super) fn expect_selector(&mut self, test: Expr) -> PResult<Expr> {
        self.bump();
        let mut entries = Vec::new();
        if self.maybe(TokenKind::SelBrace) {
            loop {
                entries.push(self.expect_selector_entry()?);
                if !self.maybe(TokenKind::Comma) || self.kind() == TokenKind::RBrace {
                    break;
                }
            }
            self.expect(TokenKind::RBrace)?;
        } else {
            entries.push(self.expect_selector_entry()?);
        }
        let span = test.span;
        Ok(Expr::new(
            ExprKind::Selector(Box::new(Selector {
                test,
                entries: entries.into(),
            })),
            span,
        ))
    }

    fn expect_selector_entry(&mut self) -> PResult<SelectorEntry> {
        let matching = self.expect_expression()?;
        let span = self.expect(TokenKind::FArrow)?.span;
        let value = self.expect_expression()?;
        Ok(SelectorEntry {
            matching,
            value,
            span,
        })
    }
}
