//! Operators and what binds tighter than they do.

use std::mem::replace;

use crate::ast::{Access, Binary, BinaryOp, Call, Expr, ExprKind, MethodCall};
use crate::lexer::token::TokenKind;
use crate::span::Span;

use super::{PResult, Parser};

/// Binding powers, from the grammar's precedence table. Calls, accesses and queries bind tighter than any of them.
mod power {
    pub(super) const LOWEST: u8 = 0;
    pub(super) const SELECTOR: u8 = 3;
    pub(super) const MINUS: u8 = 11;
    pub(super) const SPLAT: u8 = 12;
    pub(super) const NOT: u8 = 13;
}

const fn binary_op(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        TokenKind::Or => (BinaryOp::Or, 1),
        TokenKind::And => (BinaryOp::And, 2),
        TokenKind::Greater => (BinaryOp::Greater, 4),
        TokenKind::GreaterEqual => (BinaryOp::GreaterEqual, 4),
        TokenKind::Less => (BinaryOp::Less, 4),
        TokenKind::LessEqual => (BinaryOp::LessEqual, 4),
        TokenKind::IsEqual => (BinaryOp::Equal, 5),
        TokenKind::NotEqual => (BinaryOp::NotEqual, 5),
        TokenKind::LShift => (BinaryOp::ShiftLeft, 6),
        TokenKind::RShift => (BinaryOp::ShiftRight, 6),
        TokenKind::Plus => (BinaryOp::Add, 7),
        TokenKind::Minus => (BinaryOp::Subtract, 7),
        TokenKind::Times => (BinaryOp::Multiply, 8),
        TokenKind::Div => (BinaryOp::Divide, 8),
        TokenKind::Modulo => (BinaryOp::Modulo, 8),
        TokenKind::Match => (BinaryOp::Match, 9),
        TokenKind::NoMatch => (BinaryOp::NotMatch, 9),
        TokenKind::In => (BinaryOp::In, 10),
        _ => return None,
    })
}

impl Parser<'_> {
    /// An expression that is neither assignment, relationship nor resource.
    pub(super) fn expect_expression(&mut self) -> PResult<Expr> {
        self.expect_operand(power::LOWEST)
    }

    /// An expression of operators that bind at least as tight as `min`.
    fn expect_operand(&mut self, min: u8) -> PResult<Expr> {
        self.enter()?;
        let outer = replace(&mut self.height, 0);
        let mut left = self.expect_unary()?;
        loop {
            let kind = self.kind();
            if let Some((op, power)) = binary_op(kind) {
                if power < min {
                    break;
                }
                let span = self.bump().span;
                let right = self.expect_operand(power + 1)?;
                left = Expr::new(ExprKind::Binary(Box::new(Binary { op, left, right })), span);
            } else if kind == TokenKind::QMark && power::SELECTOR >= min {
                left = self.expect_selector(left)?;
                left = self.expect_postfix(left)?;
            } else {
                break;
            }
            self.grow()?;
        }
        self.grow()?;
        self.height = self.height.max(outer);
        self.leave();
        Ok(left)
    }

    fn expect_unary(&mut self) -> PResult<Expr> {
        let (make, power): (fn(Box<Expr>) -> ExprKind, u8) = match self.kind() {
            TokenKind::Minus => (ExprKind::Negate, power::MINUS),
            TokenKind::Times => (ExprKind::Splat, power::SPLAT),
            TokenKind::Not => (ExprKind::Not, power::NOT),
            _ => {
                let primary = self.expect_primary()?;
                return self.expect_postfix(primary);
            }
        };
        let span = self.bump().span;
        let operand = self.expect_operand(power)?;
        Ok(Expr::new(make(Box::new(operand)), span))
    }

    /// Calls, method calls, accesses and queries on `left`.
    pub(super) fn expect_postfix(&mut self, mut left: Expr) -> PResult<Expr> {
        loop {
            left = match self.kind() {
                TokenKind::LParen => self.expect_call(left)?,
                TokenKind::Dot => self.expect_method_call(left)?,
                TokenKind::LBrack => {
                    self.bump();
                    let keys = self.expect_access_keys(true)?;
                    let close = self.expect(TokenKind::RBrack)?.span;
                    let span = left.span.to(close);
                    Expr::new(ExprKind::Access(Box::new(Access { left, keys })), span)
                }
                TokenKind::LCollect | TokenKind::LLCollect => self.expect_collector(left)?,
                _ => return Ok(left),
            };
            self.grow()?;
        }
    }

    /// `functor(args) |…| {…}`; the current token is the parenthesis.
    pub(super) fn expect_call(&mut self, functor: Expr) -> PResult<Expr> {
        let (args, close) = self.expect_arguments(true)?;
        let lambda = self.parse_lambda()?;
        let end = lambda.as_ref().map_or(close.end, |lambda| lambda.span.end);
        let span = Span::new(functor.span.start, end);
        Ok(Expr::new(
            ExprKind::Call(Box::new(Call {
                functor,
                args,
                lambda,
                rvalue: true,
            })),
            span,
        ))
    }

    fn expect_method_call(&mut self, receiver: Expr) -> PResult<Expr> {
        let dot = self.bump().span;
        if !matches!(self.kind(), TokenKind::Name | TokenKind::Type) {
            return Err(self.syntax_error());
        }
        let name = self.bump();
        let name_span = dot.to(name.span);
        let name = self.text(name);
        let (args, span) = if self.kind() == TokenKind::LParen {
            let open = self.span();
            let (args, close) = self.expect_arguments(false)?;
            (args, open.to(close))
        } else {
            (Box::default(), name_span)
        };
        let lambda = self.parse_lambda()?;
        Ok(Expr::new(
            ExprKind::MethodCall(Box::new(MethodCall {
                receiver,
                name,
                name_span,
                args,
                lambda,
            })),
            span,
        ))
    }
}
