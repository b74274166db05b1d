//! Conditions, calls and lambdas.

use std::sync::Arc;

use ecow::EcoString;

use super::Expr;
use crate::span::Span;

/// `test ? { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    /// The tested expression.
    pub test: Expr,
    /// The entries in order.
    pub entries: Box<[SelectorEntry]>,
}

/// `match => value`.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectorEntry {
    /// What the test is matched against.
    pub matching: Expr,
    /// The result.
    pub value: Expr,
    /// The `=>`.
    pub span: Span,
}

/// `if` and `unless`.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    /// The condition.
    pub test: Expr,
    /// The first branch; `None` when its braces are empty. One statement stands for itself, several are a `Block`.
    pub then: Option<Expr>,
    /// The `else` branch; `elsif` is an [`ExprKind::If`] here.
    pub otherwise: Option<Expr>,
}

/// `case test { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The tested expression.
    pub test: Expr,
    /// The options in order.
    pub options: Box<[CaseOption]>,
}

/// `a, b: { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseOption {
    /// The values that are matched, one or more.
    pub values: Box<[Expr]>,
    /// The body, a `Block`; `None` when its braces are empty.
    pub body: Option<Expr>,
    /// From `:` to `}`.
    pub span: Span,
}

/// A call of a function or type by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// [`ExprKind::Name`], or [`ExprKind::TypeName`] (also under an `Access`) for `new`; the validator rejects others.
    pub functor: Expr,
    /// The arguments.
    pub args: Box<[Expr]>,
    /// The trailing lambda.
    pub lambda: Option<Arc<Lambda>>,
    /// Whether the value is used (`rval_required`); false for a call that is a statement.
    pub rvalue: bool,
}

/// `receiver.name(args) |…| { … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodCall {
    /// The first argument.
    pub receiver: Expr,
    /// The function's name.
    pub name: EcoString,
    /// From `.` to the end of the name: the position of the reference's `NamedAccessExpression`.
    pub name_span: Span,
    /// The further arguments.
    pub args: Box<[Expr]>,
    /// The trailing lambda.
    pub lambda: Option<Arc<Lambda>>,
}

/// `|params| >> Type { body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Lambda {
    /// The parameters.
    pub parameters: Box<[Parameter]>,
    /// The return type.
    pub return_type: Option<Expr>,
    /// The body, a `Block`; `None` when the braces are empty.
    pub body: Option<Expr>,
    /// From `|` to `}`.
    pub span: Span,
}

/// A parameter of a class, define, function, plan, lambda or template.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name without `$`.
    pub name: EcoString,
    /// The type.
    pub type_expr: Option<Expr>,
    /// The default.
    pub value: Option<Expr>,
    /// `*$rest`.
    pub captures_rest: bool,
    /// The `$name`.
    pub span: Span,
}
