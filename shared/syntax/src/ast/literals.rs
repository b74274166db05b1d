//! Literals and what strings are made of.

use ecow::EcoString;

use super::Expr;
use crate::span::Span;

/// How an integer was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Radix {
    /// `10`
    Decimal,
    /// `0777`
    Octal,
    /// `0xff`
    Hex,
}

impl Radix {
    /// 8, 10 or 16.
    #[must_use]
    pub const fn base(self) -> u32 {
        match self {
            Radix::Octal => 8,
            Radix::Decimal => 10,
            Radix::Hex => 16,
        }
    }
}

/// An integer beyond 64 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigInteger {
    /// The value in decimal digits.
    pub decimal: EcoString,
    /// How it was written.
    pub radix: Radix,
}

/// A part of an interpolated string.
#[derive(Clone, Debug, PartialEq)]
pub enum StringPart {
    /// Literal text, escapes done, never empty, with its position.
    Text(EcoString, Span),
    /// `${…}` or `$x` (`TextExpression`).
    Expr(Expr),
}

/// `@("TAG":syntax/flags)`; margin and escapes are already applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Heredoc {
    /// The syntax tag (`json`); empty if there is none.
    pub syntax: EcoString,
    /// [`ExprKind::String`] or [`ExprKind::Interpolated`].
    pub text: Expr,
}

/// `key => value` (`KeyedEntry`).
#[derive(Clone, Debug, PartialEq)]
pub struct HashEntry {
    /// The key.
    pub key: Expr,
    /// The value.
    pub value: Expr,
    /// The `=>`.
    pub span: Span,
}
