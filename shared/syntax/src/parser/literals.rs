//! Primary expressions: literals, strings, lists, hashes, names, and the keywords that start an expression.

use ecow::EcoString;

use crate::ast::{BigInteger, Expr, ExprKind, HashEntry, Heredoc, Radix, StringPart};
use crate::lexer::token::{Token, TokenKind};
use crate::span::Span;

use super::calls::Entries;
use super::{PResult, Parser, block_or_expression, raised};

impl Parser<'_> {
    pub(super) fn expect_primary(&mut self) -> PResult<Expr> {
        use TokenKind as T;
        let token = self.token();
        let kind = match token.kind {
            T::Variable => ExprKind::Variable(self.text(token)),
            T::Name => ExprKind::Name(self.text(token)),
            T::String | T::Word => ExprKind::String(self.text(token)),
            T::ClassRef => ExprKind::TypeName(self.text(token)),
            T::Number => self.number(token)?,
            T::True => ExprKind::Boolean(true),
            T::False => ExprKind::Boolean(false),
            T::Undef => ExprKind::Undef,
            T::Default => ExprKind::Default,
            T::Regex => ExprKind::Regex(self.text(token)),
            T::Private | T::Attr => ExprKind::ReservedWord(self.text(token)),
            T::RenderString => ExprKind::RenderString(self.text(token)),
            T::DqPre => return self.expect_interpolated(),
            T::Heredoc => return self.expect_heredoc(),
            T::ListStart | T::LBrack => return self.expect_array(),
            T::LBrace => return self.expect_hash(),
            T::LParen | T::WsLParen => return self.expect_paren(),
            T::RenderExpr => return self.expect_render_expr(),
            T::If => return self.expect_if(),
            T::Unless => return self.expect_unless(),
            T::Case => return self.expect_case(),
            T::Class => return self.expect_class(),
            T::Define => return self.expect_define(),
            T::Node => return self.expect_node(),
            T::Function => return self.expect_function(),
            T::Plan => return self.expect_plan(),
            T::Apply => return self.expect_apply(),
            T::Type => return self.expect_type(),
            _ => return Err(self.syntax_error()),
        };
        self.bump();
        Ok(Expr::new(kind, token.span))
    }

    fn expect_paren(&mut self) -> PResult<Expr> {
        let open = self.bump().span;
        let inner = self.expect_assignment()?;
        self.expect(TokenKind::RParen)?;
        Ok(Expr::new(ExprKind::Paren(Box::new(inner)), open))
    }

    // ---- strings

    pub(super) fn expect_interpolated(&mut self) -> PResult<Expr> {
        let first = self.bump();
        let mut parts = Vec::new();
        self.push_text(&mut parts, first);
        loop {
            let expr = self.expect_assignment()?;
            parts.push(StringPart::Expr(interpolated(expr, first.span)));
            if !matches!(self.kind(), TokenKind::DqMid | TokenKind::DqPost) {
                return Err(self.syntax_error());
            }
            let token = self.bump();
            self.push_text(&mut parts, token);
            if token.kind == TokenKind::DqPost {
                let span = first.span.to(token.span);
                return Ok(Expr::new(ExprKind::Interpolated(parts.into()), span));
            }
        }
    }

    fn push_text(&self, parts: &mut Vec<StringPart>, token: Token) {
        let text = self.text(token);
        if !text.is_empty() {
            parts.push(StringPart::Text(text, token.span));
        }
    }

    pub(super) fn expect_heredoc(&mut self) -> PResult<Expr> {
        let token = self.bump();
        self.expect(TokenKind::Sublocate)?;
        let text = match self.kind() {
            TokenKind::DqPre => self.expect_interpolated()?,
            _ => {
                let text = self.expect(TokenKind::String)?;
                Expr::new(ExprKind::String(self.text(text)), text.span)
            }
        };
        let syntax = self.text(token);
        Ok(Expr::new(
            ExprKind::Heredoc(Box::new(Heredoc { syntax, text })),
            token.span,
        ))
    }

    fn expect_render_expr(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let inner = match self.parse_render_block()? {
            Some(block) => block,
            None => self.expect_expression()?,
        };
        if !matches!(self.kind(), TokenKind::EppEnd | TokenKind::EppEndTrim) {
            return Err(self.syntax_error());
        }
        let end = self.bump().span;
        Ok(Expr::new(
            ExprKind::RenderExpr(Box::new(inner)),
            start.to(end),
        ))
    }

    /// `{ statements }` in `<%= … %>`. `None` when the brace starts an expression with a hash; then nothing is read.
    fn parse_render_block(&mut self) -> PResult<Option<Expr>> {
        let start = self.at;
        if self.kind() != TokenKind::LBrace || self.kind_ahead(1) == TokenKind::RBrace {
            return Ok(None);
        }
        let open = self.bump().span;
        if self.parse_keyword_entry().is_some() {
            self.at = start;
            return Ok(None);
        }
        let defined = self.definitions.len();
        let first = self.expect_assignment()?;
        if self.kind() == TokenKind::FArrow {
            self.definitions.truncate(defined);
            self.at = start;
            return Ok(None);
        }
        let statements = self.expect_statements_after(first)?;
        let close = self.expect(TokenKind::RBrace)?.span;
        Ok(Some(block_or_expression(statements, open.to(close))))
    }

    // ---- lists and hashes

    pub(super) fn expect_array(&mut self) -> PResult<Expr> {
        let open = self.bump().span;
        let mut entries = Entries::default();
        while self.kind() != TokenKind::RBrack {
            self.expect_entry(&mut entries, true, false)?;
            if !self.maybe(TokenKind::Comma) {
                break;
            }
        }
        let close = self.expect(TokenKind::RBrack)?.span;
        Ok(Expr::new(ExprKind::Array(entries.finish()), open.to(close)))
    }

    pub(super) fn expect_hash(&mut self) -> PResult<Expr> {
        let (entries, span) = self.expect_hash_entries()?;
        Ok(Expr::new(ExprKind::Hash(entries.into()), span))
    }

    pub(super) fn expect_hash_entries(&mut self) -> PResult<(Vec<HashEntry>, Span)> {
        let open = self.expect(TokenKind::LBrace)?.span;
        let mut entries = Vec::new();
        while self.kind() != TokenKind::RBrace {
            let key = self.expect_hash_entry()?;
            if self.kind() != TokenKind::FArrow {
                return Err(self.syntax_error());
            }
            entries.push(self.expect_pair_after(key)?);
            if !self.maybe(TokenKind::Comma) {
                break;
            }
        }
        let close = self.expect(TokenKind::RBrace)?.span;
        Ok((entries, open.to(close)))
    }

    /// `=> value` after its key.
    pub(super) fn expect_pair_after(&mut self, key: Expr) -> PResult<HashEntry> {
        let span = self.bump().span;
        let value = self.expect_hash_entry()?;
        Ok(HashEntry { key, value, span })
    }

    fn expect_hash_entry(&mut self) -> PResult<Expr> {
        match self.parse_keyword_entry() {
            Some(word) => Ok(word),
            None => self.expect_assignment(),
        }
    }

    /// The words `type` and `function` where they stand for themselves.
    pub(super) fn parse_keyword_entry(&mut self) -> Option<Expr> {
        use TokenKind as T;
        let next = self.kind_ahead(1);
        let keyword = match self.kind() {
            T::Type => matches!(next, T::LParen | T::ClassRef),
            T::Function => matches!(next, T::Name | T::Word | T::ClassRef | T::Class | T::String),
            _ => return None,
        };
        if keyword {
            return None;
        }
        let token = self.bump();
        Some(Expr::new(ExprKind::String(self.text(token)), token.span))
    }

    // ---- numbers

    fn number(&mut self, token: Token) -> PResult<ExprKind> {
        let text = self.text(token);
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let (digits, radix) = match hex {
            Some(digits) => (digits, Radix::Hex),
            None if text.contains(['.', 'e', 'E']) => return self.float(&text, token.span),
            None if text.len() > 1 && text.starts_with('0') => (text.as_str(), Radix::Octal),
            None => (text.as_str(), Radix::Decimal),
        };
        Ok(match i64::from_str_radix(digits, radix.base()) {
            Ok(value) => ExprKind::Integer { value, radix },
            Err(_) => ExprKind::BigInteger(Box::new(BigInteger {
                decimal: decimal_digits(digits, radix.base()),
                radix,
            })),
        })
    }

    fn float(&mut self, text: &str, span: Span) -> PResult<ExprKind> {
        let mantissa_is_zero = || {
            text.split(['e', 'E'])
                .next()
                .is_some_and(|part| part.bytes().all(|byte| matches!(byte, b'0' | b'.')))
        };
        match text.parse::<f64>() {
            // The reference has no number for zero with an exponent, nor for infinity.
            Ok(value)
                if value.is_finite() && !(text.contains(['e', 'E']) && mantissa_is_zero()) =>
            {
                Ok(ExprKind::Float(value))
            }
            _ => Err(raised(
                span,
                format!("Internal Error, NUMBER token does not contain a valid number, {text}"),
            )),
        }
    }
}

/// A word at the start of an interpolation is a variable (`Factory#interpolate`). The lexer has seen to that already,
/// except where the interpolation is not closed; the reference then leaves the variable without a position, so it
/// has that of its container.
fn interpolated(mut expr: Expr, string: Span) -> Expr {
    rewrite(&mut expr, true, string);
    expr
}

fn rewrite(expr: &mut Expr, top: bool, container: Span) {
    let span = expr.span;
    let kind = match &mut expr.kind {
        ExprKind::Name(name) => ExprKind::Variable(std::mem::take(name)),
        // Below the top only decimal numbers are match variables.
        ExprKind::Integer { value, radix } if top || *radix == Radix::Decimal => {
            ExprKind::Variable(ecow::eco_format!("{value}"))
        }
        ExprKind::Access(access) => return rewrite(&mut access.left, false, span),
        ExprKind::MethodCall(call) => return rewrite(&mut call.receiver, false, call.name_span),
        _ => return,
    };
    *expr = Expr::new(kind, Span::empty(container.start));
}

/// Digits of any length in base 10.
fn decimal_digits(digits: &str, base: u32) -> EcoString {
    if base == 10 {
        return digits.trim_start_matches('0').into();
    }
    // Nine decimal digits a limb, least significant first. Longer literals than any real one are cut off: they are
    // invalid anyway and the work grows with the square of their length.
    let mut limbs = vec![0_u64];
    for digit in digits.chars().take(4096).filter_map(|ch| ch.to_digit(base)) {
        let mut carry = u64::from(digit);
        for limb in &mut limbs {
            let value = *limb * u64::from(base) + carry;
            *limb = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut out = EcoString::new();
    for (index, limb) in limbs.iter().rev().enumerate() {
        out.push_str(&if index == 0 {
            format!("{limb}")
        } else {
            format!("{limb:09}")
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::decimal_digits;

    #[test]
    fn large_integers_keep_all_their_digits() {
        assert_eq!(
            decimal_digits("ffffffffffffffffffff", 16),
            "1208925819614629174706175"
        );
        assert_eq!(
            decimal_digits("99999999999999999999", 10),
            "99999999999999999999"
        );
    }
}
