//! Statements, assignments, relationships.

use std::mem::replace;

use crate::ast::{AssignOp, Assignment, Call, Expr, ExprKind, Relationship, RelationshipOp};
use crate::lexer::token::TokenKind;
use crate::span::Span;

use super::{PResult, Parser};

/// Functions that may be called without parentheses (`Factory::STATEMENT_CALLS`).
pub(crate) const STATEMENT_CALLS: [&str; 15] = [
    "require", "realize", "include", "contain", "tag", "debug", "info", "notice", "warning", "err",
    "fail", "import", "break", "next", "return",
];

/// A statement as the grammar sees it: an expression, or a list that must become the arguments of a call.
enum Item {
    One(Expr),
    /// The expressions and the first comma.
    List(Vec<Expr>, Span),
}

impl Parser<'_> {
    /// One statement or more, up to a token that starts none.
    pub(super) fn expect_statements(&mut self) -> PResult<Vec<Expr>> {
        let first = self.expect_item_or_recover()?;
        self.expect_more_statements(first)
    }

    /// The statements after a first one, which is `None` when it was broken.
    fn expect_more_statements(&mut self, first: Option<Item>) -> PResult<Vec<Expr>> {
        // Most blocks have one statement; a list of items is made only for those that need one.
        let mut statements = Vec::new();
        let mut refused = None;
        if let Some(first) = first {
            add_statement(&mut statements, first, &mut refused);
        }
        while self.maybe(TokenKind::Semic) || starts_expression(self.kind()) {
            if let Some(item) = self.expect_item_or_recover()? {
                add_statement(&mut statements, item, &mut refused);
            }
        }
        match refused {
            Some((span, message)) => {
                let error = self.error(span, message);
                // The statements are whole: nothing is to be skipped.
                match &mut self.recovery {
                    Some(recovery) => recovery.add(self.at, error),
                    None => return Err(error),
                }
                Ok(statements)
            }
            None => Ok(statements),
        }
    }

    /// A statement; `None` for a broken one behind which parsing goes on.
    fn expect_item_or_recover(&mut self) -> PResult<Option<Item>> {
        let start = self.at;
        let (depth, height, blocks) = (self.depth, self.height, self.blocks);
        let namespace = self.namespace.len();
        match self.expect_item() {
            Ok(item) => Ok(Some(item)),
            Err(failure) => {
                self.depth = depth;
                self.height = height;
                self.blocks = blocks;
                self.namespace.truncate(namespace);
                self.recover(start, failure)?;
                Ok(None)
            }
        }
    }

    /// The statements that start with an assignment which is already read.
    pub(super) fn expect_statements_after(&mut self, first: Expr) -> PResult<Vec<Expr>> {
        let item = self.expect_item_after(first)?;
        self.expect_more_statements(Some(item))
    }

    fn expect_item(&mut self) -> PResult<Item> {
        let first = self.expect_assignment()?;
        self.expect_item_after(first)
    }

    fn expect_item_after(&mut self, first: Expr) -> PResult<Item> {
        if self.kind() != TokenKind::Comma {
            return Ok(Item::One(first));
        }
        let comma = self.span();
        let mut list = vec![first];
        while self.maybe(TokenKind::Comma) {
            list.push(self.expect_assignment()?);
        }
        Ok(Item::List(list, comma))
    }

    /// Statements in braces, as a list; `None` when there are none. Gives the span of the braces too.
    pub(super) fn expect_braced_statements(&mut self) -> PResult<(Option<Vec<Expr>>, Span)> {
        let open = self.expect(TokenKind::LBrace)?.span;
        if self.kind() == TokenKind::RBrace {
            let close = self.bump().span;
            return Ok((None, open.to(close)));
        }
        self.blocks += 1;
        let mut statements = self.expect_statements()?;
        while self.kind() != TokenKind::RBrace {
            let error = self.syntax_error();
            self.recover(self.at, error)?;
            if self.kind() != TokenKind::RBrace {
                statements.extend(self.expect_statements()?);
            }
        }
        self.blocks -= 1;
        let close = self.bump().span;
        Ok((Some(statements), open.to(close)))
    }

    /// The body of something that starts at `start`: always a block, even for one statement. Gives the end too.
    pub(super) fn expect_body(&mut self, start: u32) -> PResult<(Option<Expr>, u32)> {
        let (statements, braces) = self.expect_braced_statements()?;
        let body =
            statements.map(|list| Expr::new(ExprKind::Block(list.into()), Span::empty(start)));
        Ok((body, braces.end))
    }

    /// `a = b`, right to left; the widest expression there is.
    pub(super) fn expect_assignment(&mut self) -> PResult<Expr> {
        let outer = replace(&mut self.height, 0);
        let left = self.expect_relationship()?;
        let op = match self.kind() {
            TokenKind::Equals => AssignOp::Set,
            TokenKind::Appends => AssignOp::Append,
            TokenKind::Deletes => AssignOp::Delete,
            _ => {
                self.height = self.height.max(outer);
                return Ok(left);
            }
        };
        let span = self.bump().span;
        self.enter()?;
        let value = self.expect_assignment()?;
        self.leave();
        self.grow()?;
        self.height = self.height.max(outer);
        self.plain = false;
        Ok(Expr::new(
            ExprKind::Assignment(Box::new(Assignment {
                op,
                target: left,
                value,
            })),
            span,
        ))
    }

    fn expect_relationship(&mut self) -> PResult<Expr> {
        let mut left = self.expect_resource()?;
        loop {
            let op = match self.kind() {
                TokenKind::InEdge => RelationshipOp::Before,
                TokenKind::InEdgeSub => RelationshipOp::Notify,
                TokenKind::OutEdge => RelationshipOp::BeforeReversed,
                TokenKind::OutEdgeSub => RelationshipOp::NotifyReversed,
                _ => return Ok(left),
            };
            let span = self.bump().span;
            let right = self.expect_resource()?;
            self.grow()?;
            self.plain = false;
            left = Expr::new(
                ExprKind::Relationship(Box::new(Relationship { op, left, right })),
                span,
            );
        }
    }
}

/// Whether a token can be the first of a statement.
pub(super) const fn starts_expression(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Minus
            | T::Times
            | T::Not
            | T::LParen
            | T::WsLParen
            | T::Variable
            | T::Case
            | T::If
            | T::Unless
            | T::Define
            | T::Class
            | T::Plan
            | T::Apply
            | T::Node
            | T::RenderString
            | T::RenderExpr
            | T::Function
            | T::Type
            | T::Private
            | T::Attr
            | T::ListStart
            | T::LBrack
            | T::LBrace
            | T::Regex
            | T::String
            | T::Word
            | T::DqPre
            | T::Heredoc
            | T::ClassRef
            | T::Number
            | T::True
            | T::False
            | T::Default
            | T::Undef
            | T::Name
            | T::At
            | T::AtAt
    )
}

/// Adds a statement; a name that may be called without parentheses takes the statement after it for its arguments
/// (`Factory.transform_calls`).
fn add_statement(statements: &mut Vec<Expr>, item: Item, refused: &mut Option<(Span, String)>) {
    let callee = statements.pop_if(|last| matches!(&last.kind, ExprKind::Name(name) if STATEMENT_CALLS.contains(&name.as_str())));
    if let Some(functor) = callee {
        let args = match item {
            Item::One(arg) => vec![arg],
            Item::List(args, _) => args,
        };
        let end = args.last().map_or(functor.span.end, |last| last.span.end);
        let span = Span::new(functor.span.start, end);
        let call = Call {
            functor,
            args: args.into(),
            lambda: None,
            rvalue: false,
        };
        statements.push(Expr::new(ExprKind::Call(Box::new(call)), span));
        return;
    }
    match item {
        Item::One(mut expr) => {
            if let ExprKind::Call(call) = &mut expr.kind {
                call.rvalue = false;
            }
            statements.push(expr);
        }
        Item::List(_, comma) => {
            refused.get_or_insert_with(|| {
                let message = match statements.last().map(|last| &last.kind) {
                    Some(ExprKind::Name(name)) => {
                        format!("attempt to pass argument list to the function '{name}' which cannot be called without parentheses")
                    }
                    _ => "illegal comma separated argument list".to_owned(),
                };
                (comma, message)
            });
        }
    }
}

/// A name and the hash after it, where the grammar first saw a resource without a title.
pub(super) fn name_and_hash(name: Expr, hash: Expr) -> Expr {
    let mut statements = vec![name];
    add_statement(&mut statements, Item::One(hash), &mut None);
    super::block_or_expression(statements, Span::default())
}
