//! The tree of a Puppet program: every expression of the Puppet 8 language as plain enums.
//!
//! It mirrors `Puppet::Pops::Model` (`puppet/pops/model/ast.pp`) with one deviation: what the model keeps as wrapper
//! objects without a meaning of their own is folded into its owner. `Expr::span` is the position that Puppet reports for
//! the model object, see [`Span`]; nodes that the reference leaves unlocated have the start of their container.

mod control;
mod definitions;
mod literals;
mod operators;
mod resources;

use std::sync::Arc;

use ecow::EcoString;

use crate::span::{SourceFile, Span};

pub use control::{
    Call, Case, CaseOption, If, Lambda, MethodCall, Parameter, Selector, SelectorEntry,
};
pub use definitions::{
    Apply, ClassDefinition, DefineDefinition, Definition, Epp, FunctionDefinition, NodeDefinition,
    TypeAlias, TypeDefinition, TypeMapping,
};
pub use literals::{BigInteger, HashEntry, Heredoc, Radix, StringPart};
pub use operators::{
    Access, AssignOp, Assignment, Binary, BinaryOp, NamedAccess, Relationship, RelationshipOp,
};
pub use resources::{
    AttributeOp, AttributeOperation, Collector, Query, Resource, ResourceBody, ResourceDefaults,
    ResourceForm, ResourceOverride,
};

/// An expression with the position that Puppet reports for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it is, as Puppet counts.
    pub span: Span,
}

impl Expr {
    /// An expression at a span.
    #[must_use]
    pub const fn new(kind: ExprKind, span: Span) -> Self {
        Self { kind, span }
    }
}

/// All kinds of expressions. The name of the reference's model class is given where it differs.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// Nothing: the body of an empty program.
    Nop,
    /// `undef` (`LiteralUndef`).
    Undef,
    /// `default` (`LiteralDefault`).
    Default,
    /// `true`, `false` (`LiteralBoolean`).
    Boolean(bool),
    /// An integer that fits 64 bits (`LiteralInteger`).
    Integer {
        /// Its value, never negative.
        value: i64,
        /// How it was written.
        radix: Radix,
    },
    /// An integer that does not fit 64 bits; the validator rejects it (`NUMERIC_OVERFLOW`), so evaluators never see it.
    BigInteger(Box<BigInteger>),
    /// A float (`LiteralFloat`).
    Float(f64),
    /// A string without interpolation, escapes done (`LiteralString`).
    String(EcoString),
    /// A double quoted string (or heredoc text) with interpolation (`ConcatenatedString`).
    Interpolated(Box<[StringPart]>),
    /// `@(TAG)` (`HeredocExpression`).
    Heredoc(Box<Heredoc>),
    /// `/…/`: the source of the regular expression, with `\/` unescaped (`LiteralRegularExpression`).
    Regex(EcoString),
    /// A bare word `apache`, `::apache::vhost` as written (`QualifiedName`). Evaluates to a string.
    Name(EcoString),
    /// `File`, `Stdlib::Absolutepath`, `::Foo` as written (`QualifiedReference#cased_value`).
    TypeName(EcoString),
    /// `$x`, `$::x`, `$x::y`, `$1`: the name without `$`, with leading `::` as written (`VariableExpression`).
    Variable(EcoString),
    /// `attr`, `private`: reserved words, rejected by the validator (`ReservedWord`).
    ReservedWord(EcoString),
    /// `[a, b]` (`LiteralList`).
    Array(Box<[Expr]>),
    /// `{a => b}` (`LiteralHash`); also the unbraced trailing `a => b` of argument lists and arrays.
    Hash(Box<[HashEntry]>),
    /// `!x` (`NotExpression`).
    Not(Box<Expr>),
    /// `-x` (`UnaryMinusExpression`).
    Negate(Box<Expr>),
    /// `*x` (`UnfoldExpression`).
    Splat(Box<Expr>),
    /// `(x)` (`ParenthesizedExpression`).
    Paren(Box<Expr>),
    /// `a op b` for arithmetic, comparison, match, `in`, `and`, `or`. The span is the operator's.
    Binary(Box<Binary>),
    /// `a = b`, `a += b`, `a -= b` (`AssignmentExpression`). The span is the operator's.
    Assignment(Box<Assignment>),
    /// `a -> b` and its three siblings (`RelationshipExpression`). The span is the operator's.
    Relationship(Box<Relationship>),
    /// `a[b, c]` (`AccessExpression`).
    Access(Box<Access>),
    /// `a.b` that is no method call. The grammar always makes a call of it, so this never comes out of the parser.
    NamedAccess(Box<NamedAccess>),
    /// `test ? { a => b }` (`SelectorExpression`). The span is that of the tested expression.
    Selector(Box<Selector>),
    /// `if`; `elsif` is an `If` in the `else` branch (`IfExpression`).
    If(Box<If>),
    /// `unless` (`UnlessExpression`).
    Unless(Box<If>),
    /// `case` (`CaseExpression`).
    Case(Box<Case>),
    /// `f(a)`, `f a`, `Integer('1')` (`CallNamedFunctionExpression`).
    Call(Box<Call>),
    /// `a.f(b)` (`CallMethodExpression`). The span starts at `(`, or at `.` when there are no parentheses.
    MethodCall(Box<MethodCall>),
    /// Several statements (`BlockExpression`), two or more except in bodies of definitions, lambdas and case options.
    Block(Box<[Expr]>),
    /// `type { title: … }` (`ResourceExpression`).
    Resource(Box<Resource>),
    /// `Type { a => b }` (`ResourceDefaultsExpression`).
    ResourceDefaults(Box<ResourceDefaults>),
    /// `Type[title] { a => b }` (`ResourceOverrideExpression`).
    ResourceOverride(Box<ResourceOverride>),
    /// `Type <| query |> { … }` (`CollectExpression`).
    Collector(Box<Collector>),
    /// `class` (`HostClassDefinition`).
    Class(Arc<ClassDefinition>),
    /// `define` (`ResourceTypeDefinition`).
    Define(Arc<DefineDefinition>),
    /// `node` (`NodeDefinition`).
    Node(Arc<NodeDefinition>),
    /// `function` (`FunctionDefinition`).
    Function(Arc<FunctionDefinition>),
    /// `plan`, a keyword only with [`crate::ParseOptions::tasks`] (`PlanDefinition`).
    Plan(Arc<FunctionDefinition>),
    /// `type X = …` (`TypeAlias`).
    TypeAlias(Arc<TypeAlias>),
    /// `type Runtime[…] = …` (`TypeMapping`).
    TypeMapping(Arc<TypeMapping>),
    /// `type X inherits Y { … }`, rejected by the validator (`TypeDefinition`).
    TypeDefinition(Arc<TypeDefinition>),
    /// `apply(targets) { … }`, a keyword only with [`crate::ParseOptions::tasks`] (`ApplyExpression`).
    Apply(Box<Apply>),
    /// The whole of an EPP template: always the body of the program (`LambdaExpression` over `EppExpression`).
    Epp(Arc<Epp>),
    /// Literal text of a template (`RenderStringExpression`).
    RenderString(EcoString),
    /// `<%= x %>` (`RenderExpression`).
    RenderExpr(Box<Expr>),
}

/// A parsed manifest or template: immutable, shared between threads as `Arc<Program>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Where it came from; resolves spans to lines.
    pub source: SourceFile,
    /// The one expression or `Block`; [`ExprKind::Nop`] when there is none, [`ExprKind::Epp`] for templates.
    pub body: Expr,
    /// Every definition, also nested ones. They share their data with the nodes in `body`.
    pub definitions: Box<[Definition]>,
}
