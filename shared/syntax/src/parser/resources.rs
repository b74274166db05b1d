//! Resources, defaults, overrides and collectors.

use crate::ast::{
    AttributeOp, AttributeOperation, Collector, Expr, ExprKind, HashEntry, Query, Resource,
    ResourceBody, ResourceDefaults, ResourceForm, ResourceOverride,
};
use crate::lexer::token::TokenKind;
use crate::span::Span;

use super::statements::{name_and_hash, starts_expression};
use super::{PResult, Parser, raised};

impl Parser<'_> {
    /// An expression and the braces that make a resource, defaults or an override of it.
    pub(super) fn expect_resource(&mut self) -> PResult<Expr> {
        if matches!(self.kind(), TokenKind::At | TokenKind::AtAt) {
            return self.expect_virtual_resource();
        }
        let class = self.kind() == TokenKind::Class && self.kind_ahead(1) == TokenKind::LBrace;
        let mut left = if class {
            self.expect_class_resource()?
        } else {
            self.expect_expression()?
        };
        self.plain = !class;
        while self.kind() == TokenKind::LBrace {
            left = self.expect_resource_braces(left)?;
            self.grow()?;
            self.plain = false;
        }
        Ok(left)
    }

    fn expect_virtual_resource(&mut self) -> PResult<Expr> {
        self.enter()?;
        let at = self.bump();
        let mut resource = self.expect_resource()?;
        self.leave();
        self.grow()?;
        self.plain = false;
        let (form, name) = match at.kind {
            TokenKind::At => (ResourceForm::Virtual, "Virtual (@)"),
            _ => (ResourceForm::Exported, "Exported (@@)"),
        };
        match &mut resource.kind {
            ExprKind::Resource(resource) => {
                resource.form = form;
                // What the reference does not locate is where its container is.
                if resource.type_name.span.is_empty() {
                    resource.type_name.span = Span::empty(at.span.start);
                }
                for body in &mut resource.bodies {
                    body.span = Span::empty(at.span.start);
                }
            }
            ExprKind::ResourceDefaults(defaults) => defaults.form = form,
            ExprKind::ResourceOverride(overridden) => overridden.form = form,
            _ => {
                return Err(self.error(
                    at.span,
                    format!("{name} can only be applied to a Resource Expression"),
                ));
            }
        }
        resource.span = at.span.to(resource.span);
        Ok(resource)
    }

    /// `class { title: … }`
    fn expect_class_resource(&mut self) -> PResult<Expr> {
        let keyword = self.bump();
        let start = keyword.span.start;
        self.expect(TokenKind::LBrace)?;
        let mut bodies = vec![self.expect_resource_body(start)?];
        while self.maybe(TokenKind::Semic) && self.kind() != TokenKind::RBrace {
            bodies.push(self.expect_resource_body(start)?);
        }
        let close = self.expect(TokenKind::RBrace)?.span;
        let type_name = Expr::new(ExprKind::Name("class".into()), Span::empty(start));
        let resource = Resource {
            form: ResourceForm::Regular,
            type_name,
            bodies: bodies.into(),
        };
        Ok(Expr::new(
            ExprKind::Resource(Box::new(resource)),
            keyword.span.to(close),
        ))
    }

    fn expect_resource_body(&mut self, start: u32) -> PResult<ResourceBody> {
        let title = self.expect_expression()?;
        self.expect(TokenKind::Colon)?;
        let operations = self.expect_attribute_operations()?;
        Ok(ResourceBody {
            title,
            operations,
            span: Span::empty(start),
        })
    }

    /// `{…}` after an expression.
    fn expect_resource_braces(&mut self, left: Expr) -> PResult<Expr> {
        let open = self.bump().span;
        let untitled = match self.kind() {
            TokenKind::RBrace | TokenKind::Comma => true,
            TokenKind::Times => self.kind_ahead(1) == TokenKind::FArrow,
            kind => {
                kind.is_attribute_name()
                    && (matches!(self.kind_ahead(1), TokenKind::FArrow | TokenKind::PArrow)
                        // A word that starts no title can only be an attribute's name.
                        || !starts_expression(kind))
            }
        };
        if untitled {
            return self.expect_untitled(left, open);
        }
        let start = left.span.start;
        let mut bodies = vec![self.expect_resource_body(start)?];
        while self.maybe(TokenKind::Semic) && self.kind() != TokenKind::RBrace {
            bodies.push(self.expect_resource_body(start)?);
        }
        let close = self.expect(TokenKind::RBrace)?.span;
        let span = left.span.to(close);
        let resource = Resource {
            form: ResourceForm::Regular,
            type_name: left,
            bodies: bodies.into(),
        };
        Ok(Expr::new(ExprKind::Resource(Box::new(resource)), span))
    }

    /// Attributes without a title: what they are depends on the expression before them (`Factory.resource_shape`).
    fn expect_untitled(&mut self, left: Expr, open: Span) -> PResult<Expr> {
        let operations = self.expect_attribute_operations()?;
        let close = self.expect(TokenKind::RBrace)?.span;
        let span = left.span.to(close);
        let form = ResourceForm::Regular;
        let kind = match &left.kind {
            ExprKind::Name(_) => match hash_of(operations, open) {
                Some(entries) => {
                    let hash = Expr::new(ExprKind::Hash(entries.into()), open.to(close));
                    let mut expr = name_and_hash(left, hash);
                    expr.span = span;
                    return Ok(expr);
                }
                None => {
                    return Err(raised(
                        open,
                        "Syntax error resource body without title or hash with +>",
                    ));
                }
            },
            ExprKind::TypeName(_) => ExprKind::ResourceDefaults(Box::new(ResourceDefaults {
                form,
                type_ref: left,
                operations,
            })),
            ExprKind::Access(_) => ExprKind::ResourceOverride(Box::new(ResourceOverride {
                form,
                resources: left,
                operations,
            })),
            _ => {
                let message =
                    "Expression is not valid as a resource, resource-default, or resource-override";
                return Err(raised(left.span, message));
            }
        };
        Ok(Expr::new(kind, span))
    }

    /// Attributes, none or more, with or without a comma at the end.
    fn expect_attribute_operations(&mut self) -> PResult<Box<[AttributeOperation]>> {
        let mut operations = Vec::new();
        // The grammar allows a comma before the first attribute, too.
        self.maybe(TokenKind::Comma);
        while self.kind() == TokenKind::Times || self.kind().is_attribute_name() {
            operations.push(self.expect_attribute_operation()?);
            if self.kind() != TokenKind::Comma {
                return Ok(operations.into());
            }
            self.bump();
        }
        Ok(operations.into())
    }

    fn expect_attribute_operation(&mut self) -> PResult<AttributeOperation> {
        let first = self.bump();
        if first.kind == TokenKind::Times {
            self.expect(TokenKind::FArrow)?;
            let value = self.expect_expression()?;
            let span = first.span.to(value.span);
            return Ok(AttributeOperation::Splat { value, span });
        }
        let op = match self.kind() {
            TokenKind::FArrow => AttributeOp::Set,
            TokenKind::PArrow => AttributeOp::Append,
            _ => return Err(self.syntax_error()),
        };
        self.bump();
        let value = self.expect_expression()?;
        let span = first.span.to(value.span);
        Ok(AttributeOperation::Attribute {
            name: self.text(first),
            op,
            value,
            span,
        })
    }

    /// `<| query |>` or `<<| query |>>` after a type.
    pub(super) fn expect_collector(&mut self, type_expr: Expr) -> PResult<Expr> {
        let open = self.bump();
        let exported = open.kind == TokenKind::LLCollect;
        let closing = if exported {
            TokenKind::RRCollect
        } else {
            TokenKind::RCollect
        };
        let expr = if self.kind() == closing {
            None
        } else {
            Some(self.expect_expression()?)
        };
        let close = self.expect(closing)?.span;
        let query = Query {
            exported,
            expr,
            span: open.span.to(close),
        };
        let mut end = close;
        let mut operations = Box::default();
        if self.maybe(TokenKind::LBrace) {
            operations = self.expect_attribute_operations()?;
            end = self.expect(TokenKind::RBrace)?.span;
        }
        let span = type_expr.span.to(end);
        Ok(Expr::new(
            ExprKind::Collector(Box::new(Collector {
                type_expr,
                query,
                operations,
            })),
            span,
        ))
    }
}

/// Attributes as the entries of a hash; `None` if one appends.
fn hash_of(operations: Box<[AttributeOperation]>, open: Span) -> Option<Vec<HashEntry>> {
    let nowhere = Span::empty(open.start);
    operations
        .into_iter()
        .map(|operation| match operation {
            AttributeOperation::Attribute {
                op: AttributeOp::Append,
                ..
            } => None,
            AttributeOperation::Attribute { name, value, .. } => Some(HashEntry {
                key: Expr::new(ExprKind::String(name), nowhere),
                value,
                span: nowhere,
            }),
            AttributeOperation::Splat { .. } => Some(HashEntry {
                key: Expr::new(ExprKind::Nop, nowhere),
                value: Expr::new(ExprKind::Nop, nowhere),
                span: nowhere,
            }),
        })
        .collect()
}
