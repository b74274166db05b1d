//! Classes, defines, nodes, functions, plans, types.

use std::sync::Arc;

use ecow::EcoString;

use crate::ast::{
    Access, Apply, ClassDefinition, DefineDefinition, Definition, Expr, ExprKind,
    FunctionDefinition, HashEntry, NodeDefinition, TypeAlias, TypeDefinition, TypeMapping,
};
use crate::lexer::token::TokenKind;
use crate::span::Span;

use super::{PResult, Parser, raised};

impl Parser<'_> {
    /// The name of a definition as written.
    fn expect_class_name(&mut self) -> PResult<EcoString> {
        match self.kind() {
            TokenKind::Name | TokenKind::Word | TokenKind::ClassRef => {
                let token = self.bump();
                Ok(self.text(token))
            }
            TokenKind::Class => {
                let span = self.bump().span;
                Err(raised(span, "'class' keyword not allowed at this location"))
            }
            TokenKind::String => {
                let span = self.bump().span;
                Err(raised(span, "A quoted string is not valid as a name here"))
            }
            _ => Err(self.syntax_error()),
        }
    }

    /// A name with the names of the classes around it.
    fn qualified(&self, name: EcoString) -> EcoString {
        if self.namespace.is_empty() {
            return name;
        }
        let mut full = self.namespace.join("::");
        full.push_str("::");
        full.push_str(&name);
        EcoString::from(full.strip_prefix("::").unwrap_or(&full))
    }

    pub(super) fn expect_class(&mut self) -> PResult<Expr> {
        let start = self.bump().span.start;
        let name = self.expect_class_name()?;
        self.namespace.push(name.clone());
        let parameters = self.parse_parameter_list()?;
        let parent = self.parse_class_parent()?;
        let (body, end) = self.expect_body(start)?;
        self.namespace.pop();
        let span = Span::new(start, end);
        let class = Arc::new(ClassDefinition {
            name: self.qualified(name),
            parameters,
            parent,
            body,
            span,
        });
        self.definitions.push(Definition::Class(Arc::clone(&class)));
        Ok(Expr::new(ExprKind::Class(class), span))
    }

    fn parse_class_parent(&mut self) -> PResult<Option<EcoString>> {
        if !self.maybe(TokenKind::Inherits) {
            return Ok(None);
        }
        if self.kind() == TokenKind::Default {
            self.bump();
            return Ok(Some("default".into()));
        }
        self.expect_class_name().map(Some)
    }

    pub(super) fn expect_define(&mut self) -> PResult<Expr> {
        let start = self.bump().span.start;
        let name = self.expect_class_name()?;
        let parameters = self.parse_parameter_list()?;
        let (body, end) = self.expect_body(start)?;
        let span = Span::new(start, end);
        let define = Arc::new(DefineDefinition {
            name: self.qualified(name),
            parameters,
            body,
            span,
        });
        self.definitions
            .push(Definition::Define(Arc::clone(&define)));
        Ok(Expr::new(ExprKind::Define(define), span))
    }

    pub(super) fn expect_function(&mut self) -> PResult<Expr> {
        let start = self.bump().span.start;
        let name = self.expect_class_name()?;
        let parameters = self.parse_parameter_list()?;
        let return_type = self.parse_return_type()?;
        let (body, end) = self.expect_body(start)?;
        let span = Span::new(start, end);
        let function = Arc::new(FunctionDefinition {
            name,
            parameters,
            return_type,
            body,
            span,
        });
        self.definitions
            .push(Definition::Function(Arc::clone(&function)));
        Ok(Expr::new(ExprKind::Function(function), span))
    }

    pub(super) fn expect_plan(&mut self) -> PResult<Expr> {
        let start = self.bump().span.start;
        let name = self.expect_class_name()?;
        self.namespace.push(name.clone());
        let parameters = self.parse_parameter_list()?;
        let (body, end) = self.expect_body(start)?;
        self.namespace.pop();
        let span = Span::new(start, end);
        let plan = Arc::new(FunctionDefinition {
            name: self.qualified(name),
            parameters,
            return_type: None,
            body,
            span,
        });
        self.definitions.push(Definition::Plan(Arc::clone(&plan)));
        Ok(Expr::new(ExprKind::Plan(plan), span))
    }

    pub(super) fn expect_apply(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        if self.kind() == TokenKind::LParen && self.kind_ahead(1) == TokenKind::RParen {
            self.at += 1;
            return Err(self.syntax_error());
        }
        let (args, _) = self.expect_arguments(true)?;
        let (body, braces) = self.expect_braced_statements()?;
        let apply = Apply {
            args,
            body: body.unwrap_or_default().into(),
        };
        Ok(Expr::new(
            ExprKind::Apply(Box::new(apply)),
            start.to(braces),
        ))
    }

    // ---- nodes

    pub(super) fn expect_node(&mut self) -> PResult<Expr> {
        let start = self.bump().span.start;
        let mut matches = vec![self.expect_host_name()?];
        while self.maybe(TokenKind::Comma) {
            if matches!(self.kind(), TokenKind::LBrace | TokenKind::Inherits) {
                break;
            }
            matches.push(self.expect_host_name()?);
        }
        let parent = if self.maybe(TokenKind::Inherits) {
            Some(self.expect_host_name()?)
        } else {
            None
        };
        let (body, end) = self.expect_body(start)?;
        let span = Span::new(start, end);
        let node = Arc::new(NodeDefinition {
            matches: matches.into(),
            parent,
            body,
            span,
        });
        self.definitions.push(Definition::Node(Arc::clone(&node)));
        Ok(Expr::new(ExprKind::Node(node), span))
    }

    fn expect_host_name(&mut self) -> PResult<Expr> {
        let token = self.token();
        let kind = match token.kind {
            TokenKind::Name | TokenKind::Number => return self.expect_dotted_name(),
            TokenKind::DqPre => return self.expect_interpolated(),
            TokenKind::Heredoc => return self.expect_heredoc(),
            TokenKind::String | TokenKind::Word => ExprKind::String(self.text(token)),
            TokenKind::Default => ExprKind::Default,
            TokenKind::Regex => ExprKind::Regex(self.text(token)),
            _ => return Err(self.syntax_error()),
        };
        self.bump();
        Ok(Expr::new(kind, token.span))
    }

    fn expect_dotted_name(&mut self) -> PResult<Expr> {
        let first = self.bump();
        let mut name = self.text(first);
        let mut span = first.span;
        while self.maybe(TokenKind::Dot) {
            if !matches!(self.kind(), TokenKind::Name | TokenKind::Number) {
                return Err(self.syntax_error());
            }
            let part = self.bump();
            name.push('.');
            name.push_str(&self.text(part));
            span = span.to(part.span);
        }
        Ok(Expr::new(ExprKind::String(name), span))
    }

    // ---- types

    /// `type(…)`, `type X = …`, `type X {…}`; the current token is the keyword.
    pub(super) fn expect_type(&mut self) -> PResult<Expr> {
        let keyword = self.bump();
        match self.kind() {
            TokenKind::LParen => {
                self.expect_call(Expr::new(ExprKind::Name("type".into()), keyword.span))
            }
            TokenKind::ClassRef
                if matches!(self.kind_ahead(1), TokenKind::LBrace | TokenKind::Inherits) =>
            {
                self.expect_type_definition(keyword.span.start)
            }
            TokenKind::ClassRef => self.expect_type_alias(),
            _ => Err(self.syntax_error()),
        }
    }

    fn expect_type_definition(&mut self, start: u32) -> PResult<Expr> {
        let token = self.bump();
        let name = self.text(token);
        let parent = if self.maybe(TokenKind::Inherits) {
            let parent = self.expect(TokenKind::ClassRef)?;
            Some(self.text(parent))
        } else {
            None
        };
        let (body, end) = self.expect_body(start)?;
        let span = Span::new(start, end);
        let definition = Arc::new(TypeDefinition {
            name,
            parent,
            body,
            span,
        });
        self.definitions
            .push(Definition::TypeDefinition(Arc::clone(&definition)));
        Ok(Expr::new(ExprKind::TypeDefinition(definition), span))
    }

    fn expect_type_alias(&mut self) -> PResult<Expr> {
        let left = self.expect_parameter_type()?;
        self.expect(TokenKind::Equals)?;
        let start = left.span.start;
        let (right, end) = self.expect_type_value(start)?;
        let span = Span::new(start, end);
        if let ExprKind::TypeName(name) = left.kind {
            let alias = Arc::new(TypeAlias {
                name,
                type_expr: right,
                span,
            });
            self.definitions
                .push(Definition::TypeAlias(Arc::clone(&alias)));
            return Ok(Expr::new(ExprKind::TypeAlias(alias), span));
        }
        let mapping = Arc::new(TypeMapping {
            type_expr: left,
            mapping: right,
            span,
        });
        self.definitions
            .push(Definition::TypeMapping(Arc::clone(&mapping)));
        Ok(Expr::new(ExprKind::TypeMapping(mapping), span))
    }

    /// The right side of an alias that starts at `start`, and its end.
    fn expect_type_value(&mut self, start: u32) -> PResult<(Expr, u32)> {
        let nowhere = Span::empty(start);
        let object = || Expr::new(ExprKind::TypeName("Object".into()), nowhere);
        let access =
            |left, keys| Expr::new(ExprKind::Access(Box::new(Access { left, keys })), nowhere);
        match self.kind() {
            TokenKind::LBrace => {
                let hash = self.expect_hash()?;
                let end = hash.span.end;
                Ok((access(object(), Box::new([hash])), end))
            }
            TokenKind::LBrack | TokenKind::ListStart => {
                let array = self.expect_array()?;
                let end = array.span.end;
                Ok((array, end))
            }
            TokenKind::ClassRef => {
                let token = self.bump();
                let name = self.text(token);
                let type_name = Expr::new(ExprKind::TypeName(name.clone()), token.span);
                if self.maybe(TokenKind::LBrack) {
                    let keys = self.expect_access_keys(true)?;
                    let end = self.expect(TokenKind::RBrack)?.span.end;
                    return Ok((access(type_name, keys), end));
                }
                if self.kind() != TokenKind::LBrace {
                    return Ok((type_name, token.span.end));
                }
                // `Parent {…}` is short for `Object[{…, parent => Parent}]`.
                let (mut entries, span) = self.expect_hash_entries()?;
                let keeps_name = matches!(name.as_str(), "Object" | "TypeSet");
                let left = if keeps_name {
                    type_name
                } else {
                    let key = Expr::new(ExprKind::Name("parent".into()), Span::empty(span.start));
                    entries.push(HashEntry {
                        key,
                        value: type_name,
                        span: Span::empty(span.start),
                    });
                    object()
                };
                let hash = Expr::new(ExprKind::Hash(entries.into()), span);
                Ok((access(left, Box::new([hash])), span.end))
            }
            _ => Err(self.syntax_error()),
        }
    }
}
