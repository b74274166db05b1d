//! Operators and accesses.

use ecow::EcoString;

use super::Expr;

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
