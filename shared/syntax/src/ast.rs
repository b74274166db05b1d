//! The tree of a Puppet program: every expression of the Puppet 8 language as plain enums.
//!
//! It mirrors `Puppet::Pops::Model` (`puppet/pops/model/ast.pp`) with one deviation: what the model keeps as wrapper
//! objects without a meaning of their own is folded into its owner. `Expr::span` is the position that Puppet reports for
//! the model object, see [`Span`]; nodes that the reference leaves unlocated have the start of their container.

use std::sync::Arc;

use ecow::EcoString;

use crate::span::{SourceFile, Span};

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

/// Operators with two operands and no effect of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum BinaryOp {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    ShiftLeft,
    ShiftRight,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Match,
    NotMatch,
    In,
    And,
    Or,
}

impl BinaryOp {
    /// As written: `+`, `=~`, `and`, ….
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Modulo => "%",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Match => "=~",
            BinaryOp::NotMatch => "!~",
            BinaryOp::In => "in",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}

/// `left op right`.
#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// The left operand.
    pub left: Expr,
    /// The right operand.
    pub right: Expr,
}

/// `=`, `+=` or `-=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AssignOp {
    /// `=`
    Set,
    /// `+=`, rejected by the validator.
    Append,
    /// `-=`, rejected by the validator.
    Delete,
}

impl AssignOp {
    /// As written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AssignOp::Set => "=",
            AssignOp::Append => "+=",
            AssignOp::Delete => "-=",
        }
    }
}

/// `target = value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The operator.
    pub op: AssignOp,
    /// A variable, or an array of them.
    pub target: Expr,
    /// The value.
    pub value: Expr,
}

/// Arrows between resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationshipOp {
    /// `->`
    Before,
    /// `~>`
    Notify,
    /// `<-`
    BeforeReversed,
    /// `<~`
    NotifyReversed,
}

impl RelationshipOp {
    /// As written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            RelationshipOp::Before => "->",
            RelationshipOp::Notify => "~>",
            RelationshipOp::BeforeReversed => "<-",
            RelationshipOp::NotifyReversed => "<~",
        }
    }
}

/// `left -> right`; chains nest to the left.
#[derive(Clone, Debug, PartialEq)]
pub struct Relationship {
    /// The arrow.
    pub op: RelationshipOp,
    /// The left side.
    pub left: Expr,
    /// The right side.
    pub right: Expr,
}

/// `left[keys]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// What is accessed: a type, a resource reference, a variable, ….
    pub left: Expr,
    /// One key or more.
    pub keys: Box<[Expr]>,
}

/// `left.name`.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedAccess {
    /// The receiver.
    pub left: Expr,
    /// The name.
    pub name: EcoString,
}

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

/// Whether a resource is in the catalog at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ResourceForm {
    /// `file { … }`
    #[default]
    Regular,
    /// `@file { … }`
    Virtual,
    /// `@@file { … }`
    Exported,
}

impl ResourceForm {
    /// `regular`, `virtual` or `exported`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ResourceForm::Regular => "regular",
            ResourceForm::Virtual => "virtual",
            ResourceForm::Exported => "exported",
        }
    }
}

/// `type { title: … ; title: … }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Regular, virtual or exported.
    pub form: ResourceForm,
    /// The type: a name (`class` for class resources), a type, or any expression that yields one.
    pub type_name: Expr,
    /// One body or more.
    pub bodies: Box<[ResourceBody]>,
}

/// `title: attributes`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceBody {
    /// The title or titles; `default` for the defaults of the other bodies.
    pub title: Expr,
    /// The attributes in order.
    pub operations: Box<[AttributeOperation]>,
    /// The start of the resource expression (the reference does not locate bodies).
    pub span: Span,
}

/// One line in a resource body, defaults, override or collector.
#[derive(Clone, Debug, PartialEq)]
pub enum AttributeOperation {
    /// `name => value`, `name +> value`.
    Attribute {
        /// The attribute.
        name: EcoString,
        /// Whether the value is appended.
        op: AttributeOp,
        /// The value.
        value: Expr,
        /// From the name to the end of the value.
        span: Span,
    },
    /// `* => hash` (`AttributesOperation`).
    Splat {
        /// The hash of attributes.
        value: Expr,
        /// From `*` to the end of the value.
        span: Span,
    },
}

impl AttributeOperation {
    /// Its position.
    #[must_use]
    pub const fn span(&self) -> Span {
        match self {
            AttributeOperation::Attribute { span, .. } | AttributeOperation::Splat { span, .. } => {
                *span
            }
        }
    }

    /// The value on its right side.
    #[must_use]
    pub const fn value(&self) -> &Expr {
        match self {
            AttributeOperation::Attribute { value, .. }
            | AttributeOperation::Splat { value, .. } => value,
        }
    }
}

/// `=>` or `+>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttributeOp {
    /// `=>`
    Set,
    /// `+>`
    Append,
}

impl AttributeOp {
    /// As written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            AttributeOp::Set => "=>",
            AttributeOp::Append => "+>",
        }
    }
}

/// `Type { a => b }`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceDefaults {
    /// The validator rejects anything but regular.
    pub form: ResourceForm,
    /// [`ExprKind::TypeName`], or `Resource['x']`.
    pub type_ref: Expr,
    /// The attributes.
    pub operations: Box<[AttributeOperation]>,
}

/// `Type[title] { a => b }`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceOverride {
    /// The validator rejects anything but regular.
    pub form: ResourceForm,
    /// The references.
    pub resources: Expr,
    /// The attributes.
    pub operations: Box<[AttributeOperation]>,
}

/// `Type <| query |> { a => b }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Collector {
    /// The type; the validator rejects anything but a [`ExprKind::TypeName`].
    pub type_expr: Expr,
    /// What is collected.
    pub query: Query,
    /// Attributes to override.
    pub operations: Box<[AttributeOperation]>,
}

/// `<| … |>` or `<<| … |>>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// `<<| |>>`: exported resources.
    pub exported: bool,
    /// The condition; `None` collects all.
    pub expr: Option<Expr>,
    /// From `<|` to `|>`.
    pub span: Span,
}

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

const _: () = assert!(
    size_of::<Expr>() <= 32,
    "nodes stay small: a tree is at most 15 times its source"
);
