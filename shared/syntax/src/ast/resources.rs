//! Resources, their attributes, and collectors.

use ecow::EcoString;

use super::Expr;
use crate::span::Span;

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
