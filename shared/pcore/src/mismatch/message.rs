//! One mismatch: where it is, what it is, and its text.

use std::fmt;

use crate::Type;
use crate::types::{Size, a_an, expanded, is_assignable, short_name, variant_of};

/// A step from the subject to the mismatch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PathElement {
    Subject(String),
    EntryValue(String),
    EntryKey(String),
    Parameter(String),
    Return,
    Block,
    Index(usize),
    Variant(usize),
    Signature(usize),
}

impl fmt::Display for PathElement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subject(text) => formatter.write_str(text),
            Self::EntryValue(key) => write!(formatter, "entry '{key}'"),
            Self::EntryKey(key) => write!(formatter, "key of entry '{key}'"),
            Self::Parameter(name) => write!(formatter, "parameter '{name}'"),
            Self::Return => formatter.write_str("return"),
            Self::Block => formatter.write_str("block"),
            Self::Index(index) => write!(formatter, "index {index}"),
            Self::Variant(index) => write!(formatter, "variant {index}"),
            Self::Signature(index) => write!(formatter, "{}.", index + 1),
        }
    }
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    MissingKey(String),
    MissingParameter(String),
    ExtraneousKey(String),
    InvalidParameter(String),
    UnexpectedBlock,
    MissingBlock,
    Unresolved(String),
    Type { expected: Type, actual: Type },
    Pattern { expected: Type, actual: Type },
    Size { expected: Size, actual: Size },
    Count { expected: Size, actual: Size },
}

/// A mismatch and where it is.
#[derive(Debug, Clone)]
pub(super) struct Mismatch {
    pub(super) path: Vec<PathElement>,
    pub(super) kind: Kind,
}

impl PartialEq for Mismatch {
    fn eq(&self, other: &Self) -> bool {
        self.canonical_path().eq(other.canonical_path()) && self.kind == other.kind
    }
}

impl Mismatch {
    pub(super) fn new(path: &[PathElement], kind: Kind) -> Self {
        Self { path: path.to_vec(), kind }
    }

    pub(super) fn types(path: &[PathElement], expected: &Type, actual: &Type) -> Self {
        Self::new(path, Kind::Type { expected: expected.normalize(), actual: actual.normalize() })
    }

    pub(super) fn pattern(path: &[PathElement], expected: &Type, actual: &Type) -> Self {
        Self::new(path, Kind::Pattern { expected: expected.normalize(), actual: actual.normalize() })
    }

    pub(super) fn missing_parameter(name: &str) -> Self {
        Self::new(&[], Kind::MissingParameter(name.to_owned()))
    }

    pub(super) fn invalid_parameter(name: &str) -> Self {
        Self::new(&[], Kind::InvalidParameter(name.to_owned()))
    }

    /// The path without the choices among variants and signatures.
    pub(super) fn canonical_path(&self) -> impl Iterator<Item = &PathElement> {
        self.path.iter().filter(|element| !matches!(element, PathElement::Variant(_) | PathElement::Signature(_)))
    }

    /// One mismatch in place of two of the same kind; takes the path of the first.
    pub(super) fn merge(&self, other: &Self) -> Self {
        let kind = match (&self.kind, &other.kind) {
            (Kind::Type { expected, actual }, Kind::Type { expected: more, .. } | Kind::Pattern { expected: more, .. }) => {
                Kind::Type { expected: either(expected, more), actual: actual.clone() }
            }
            (
                Kind::Pattern { expected, actual },
                Kind::Type { expected: more, .. } | Kind::Pattern { expected: more, .. },
            ) => Kind::Pattern { expected: either(expected, more), actual: actual.clone() },
            (Kind::Size { expected, actual }, Kind::Size { expected: more, .. } | Kind::Count { expected: more, .. }) => {
                Kind::Size { expected: hull(*expected, *more), actual: *actual }
            }
            (Kind::Count { expected, actual }, Kind::Size { expected: more, .. } | Kind::Count { expected: more, .. }) => {
                Kind::Count { expected: hull(*expected, *more), actual: *actual }
            }
            (kind, _) => kind.clone(),
        };
        Self { path: self.path.clone(), kind }
    }

    /// The same without one step of its path.
    pub(super) fn without(&self, index: usize) -> Self {
        let mut copy = self.clone();
        if index < copy.path.len() {
            copy.path.remove(index);
        }
        copy
    }
}

fn either(left: &Type, right: &Type) -> Type {
    // Whole types are joined, and only flattened by normalisation, as in the reference.
    variant_of(vec![left.clone(), right.clone()]).normalize()
}

fn hull(a: Size, b: Size) -> Size {
    Size { from: a.from.min(b.from), to: a.to.zip(b.to).map(|(a, b)| a.max(b)) }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = self.path.as_slice();
        if let [signature @ PathElement::Signature(_), rest @ ..] = path {
            write!(formatter, " {signature}")?;
            path = rest;
        }
        for element in path {
            write!(formatter, " {element}")?;
        }
        match &self.kind {
            Kind::MissingKey(key) => write!(formatter, " expects a value for key '{key}'"),
            Kind::MissingParameter(name) => write!(formatter, " expects a value for parameter '{name}'"),
            Kind::ExtraneousKey(key) => write!(formatter, " unrecognized key '{key}'"),
            Kind::InvalidParameter(name) => write!(formatter, " has no parameter named '{name}'"),
            Kind::UnexpectedBlock => formatter.write_str(" does not expect a block"),
            Kind::MissingBlock => formatter.write_str(" expects a block"),
            Kind::Unresolved(name) => write!(formatter, " references an unresolved type '{name}'"),
            Kind::Type { expected, actual } => formatter.write_str(&type_text(expected, actual)),
            Kind::Pattern { expected, actual } => {
                let (prefix, expected) = match expected {
                    Type::Optional(Some(inner)) => ("an undef value or ", &**inner),
                    expected => ("", expected),
                };
                let actual = match super::literal(actual) {
                    Some(text) => format!("'{text}'"),
                    None => contained_name(actual),
                };
                write!(formatter, " expects {prefix}a match for {}, got {actual}", expanded(expected))
            }
            Kind::Size { expected, actual } => {
                write!(formatter, " expects size to be {}, got {}", range(*expected, "0"), range(*actual, "0"))
            }
            Kind::Count { expected, actual } => {
                let one = matches!((expected.from, expected.to), (1, Some(1) | None) | (0, Some(1)));
                let plural = if one { "" } else { "s" };
                write!(
                    formatter,
                    " expects {} argument{plural}, got {}",
                    range(*expected, "no"),
                    range(*actual, "none")
                )
            }
        }
    }
}

fn range(size: Size, zero: &str) -> String {
    match (size.from, size.to) {
        (0, Some(0)) => zero.to_owned(),
        (from, Some(to)) if from == to => from.to_string(),
        (0, None) => "unlimited".to_owned(),
        (0, Some(to)) => format!("at most {to}"),
        (from, None) => format!("at least {from}"),
        (from, Some(to)) => format!("between {from} and {to}"),
    }
}

fn type_text(expected: &Type, actual: &Type) -> String {
    let (optional, expected) = match expected {
        Type::Optional(Some(inner)) => (true, inner.as_ref().clone()),
        Type::Optional(None) => (true, Type::Any),
        expected => (false, expected.clone()),
    };
    let (many, options) = match &expected {
        Type::Variant(types) => (true, types.to_vec()),
        _ => (false, vec![expected]),
    };
    let detailed = options.iter().any(|option| fully_detailed(option, actual))
        || options.iter().any(|option| is_assignable(&default_of(option), actual));
    let mut names: Vec<String> = Vec::new();
    for option in &options {
        let name = if detailed { expanded(option) } else { contained_name(option) };
        if detailed || !names.contains(&name) {
            names.push(name);
        }
    }
    let actual = if detailed { detailed_actual(&options, actual) } else { contained_name(actual) };
    if optional {
        names.insert(0, "Undef".to_owned());
    }
    debug_assert!(many || names.len() <= 2);
    match names.as_slice() {
        [only] => format!(" expects {} value, got {actual}", a_an(only)),
        [first, second] => format!(" expects a value of type {first} or {second}, got {actual}"),
        [rest @ .., last] => format!(" expects a value of type {}, or {last}, got {actual}", rest.join(", ")),
        [] => format!(" expects a value of type , got {actual}"),
    }
}

fn detailed_actual(options: &[Type], actual: &Type) -> String {
    let resolved: Vec<Type> = options.iter().map(resolve).collect();
    if resolved.iter().any(|option| fully_detailed(option, actual)) {
        return expanded(actual);
    }
    let general = actual.generalize();
    if resolved.iter().any(|option| is_assignable(option, &general)) { expanded(actual) } else { simple_name(actual) }
}

/// What an alias stands for in the end.
fn resolve(data_type: &Type) -> Type {
    let mut current = data_type;
    for _ in 0..64 {
        match current {
            Type::Alias(alias) => match alias.target() {
                Some(target) => current = target,
                None => break,
            },
            _ => break,
        }
    }
    current.clone()
}

/// `TypeWithContainedType` shows the name of what it contains.
fn contained_name(data_type: &Type) -> String {
    match data_type {
        Type::Optional(Some(inner))
        | Type::NotUndef(Some(inner))
        | Type::Iterable(Some(inner))
        | Type::Iterator(Some(inner))
        | Type::Type(Some(inner))
        | Type::Sensitive(Some(inner))
            if **inner != Type::Any =>
        {
            format!("{}[{}]", short_name(data_type), short_name(inner))
        }
        data_type => short_name(data_type),
    }
}

/// Name of the kind of type.
fn simple_name(data_type: &Type) -> String {
    match data_type {
        Type::Alias(_) => "TypeAlias".to_owned(),
        Type::Object(_) | Type::Deferred | Type::Error(_) => "Object".to_owned(),
        data_type => short_name(data_type),
    }
}

fn fully_detailed(expected: &Type, actual: &Type) -> bool {
    std::mem::discriminant(expected) == std::mem::discriminant(actual)
        || matches!(expected, Type::Alias(_))
        || matches!(actual, Type::Alias(_))
        || matches!(
            (expected, actual),
            (Type::Struct(_), Type::Hash { .. }) | (Type::Tuple { .. }, Type::Array { .. })
        )
}

/// The unparameterised type of the same kind.
fn default_of(data_type: &Type) -> Type {
    match data_type {
        Type::Alias(_) => default_of_resolved(&resolve(data_type)),
        data_type => default_of_resolved(data_type),
    }
}

fn default_of_resolved(data_type: &Type) -> Type {
    match data_type {
        Type::Deferred | Type::Error(_) | Type::Object(_) => Type::Object(None),
        Type::Tuple { .. } | Type::Alias(_) | Type::Unit => match data_type {
            Type::Tuple { .. } => Type::Tuple { types: std::sync::Arc::new([]), size: None },
            other => other.clone(),
        },
        data_type => crate::types::type_by_name(&short_name(data_type)).unwrap_or_else(|| data_type.clone()),
    }
}
