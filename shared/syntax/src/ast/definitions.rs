//! Definitions, and what has a body of statements like them.

use std::sync::Arc;

use ecow::EcoString;

use super::{Expr, Parameter};
use crate::span::Span;

/// `class name(params) inherits parent { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDefinition {
    /// The full name, with the names of the enclosing classes in front.
    pub name: EcoString,
    /// The parameters.
    pub parameters: Box<[Parameter]>,
    /// The parent class.
    pub parent: Option<EcoString>,
    /// The body, a `Block`.
    pub body: Option<Expr>,
    /// From `class` to `}`.
    pub span: Span,
}

/// `define name(params) { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct DefineDefinition {
    /// The full name, with the names of the enclosing classes in front.
    pub name: EcoString,
    /// The parameters.
    pub parameters: Box<[Parameter]>,
    /// The body, a `Block`.
    pub body: Option<Expr>,
    /// From `define` to `}`.
    pub span: Span,
}

/// `node 'a', /b/ { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeDefinition {
    /// Strings, regular expressions, `default`.
    pub matches: Box<[Expr]>,
    /// `inherits`, rejected by the validator.
    pub parent: Option<Expr>,
    /// The body, a `Block`.
    pub body: Option<Expr>,
    /// From `node` to `}`.
    pub span: Span,
}

/// `function name(params) >> Type { body }`, and plans.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDefinition {
    /// The name (plans: with the names of the enclosing definitions in front).
    pub name: EcoString,
    /// The parameters.
    pub parameters: Box<[Parameter]>,
    /// The return type.
    pub return_type: Option<Expr>,
    /// The body, a `Block`.
    pub body: Option<Expr>,
    /// From the keyword to `}`.
    pub span: Span,
}

/// `type Name = expr`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeAlias {
    /// The name as written.
    pub name: EcoString,
    /// The type; `type X = {…}` and `type X = P {…}` are already `Object[{…}]`.
    pub type_expr: Expr,
    /// From the name to the end of the type.
    pub span: Span,
}

/// `type Runtime[ruby, 'x'] = Y`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeMapping {
    /// The left side.
    pub type_expr: Expr,
    /// The right side.
    pub mapping: Expr,
    /// From the left to the end of the right side.
    pub span: Span,
}

/// `type Name inherits Parent { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDefinition {
    /// The name as written.
    pub name: EcoString,
    /// The parent.
    pub parent: Option<EcoString>,
    /// The body, a `Block`.
    pub body: Option<Expr>,
    /// From `type` to `}`.
    pub span: Span,
}

/// `apply(args) { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Apply {
    /// The arguments.
    pub args: Box<[Expr]>,
    /// The statements (`ApplyBlockExpression`).
    pub body: Box<[Expr]>,
}

/// An EPP template.
#[derive(Clone, Debug, PartialEq)]
pub struct Epp {
    /// The parameters; `None` when the template declares none (then it sees the variables of its caller).
    pub parameters: Option<Box<[Parameter]>>,
    /// The body, a `Block`; `None` for an empty template.
    pub body: Option<Expr>,
    /// The start of the template.
    pub span: Span,
}

/// A definition, in the order in which the reference completes them (inner before outer).
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
    /// `class`
    Class(Arc<ClassDefinition>),
    /// `define`
    Define(Arc<DefineDefinition>),
    /// `node`
    Node(Arc<NodeDefinition>),
    /// `function`
    Function(Arc<FunctionDefinition>),
    /// `plan`
    Plan(Arc<FunctionDefinition>),
    /// `type X = …`
    TypeAlias(Arc<TypeAlias>),
    /// `type Runtime[…] = …`
    TypeMapping(Arc<TypeMapping>),
    /// `type X { … }`
    TypeDefinition(Arc<TypeDefinition>),
}
