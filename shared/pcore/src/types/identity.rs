//! Equality and hashing of types: the same type with the same parameters.

use std::hash::{Hash, Hasher};

use super::{Range, Type, TypeAlias};

impl PartialEq for TypeAlias {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for TypeAlias {}

impl Hash for TypeAlias {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl<T: PartialEq> PartialEq for Range<T> {
    fn eq(&self, other: &Self) -> bool {
        self.from == other.from && self.to == other.to
    }
}

impl Hash for Range<f64> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.from.map(f64::to_bits), self.to.map(f64::to_bits)).hash(state);
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (
                Self::Enum {
                    values: a,
                    case_insensitive: a_case,
                },
                Self::Enum {
                    values: b,
                    case_insensitive: b_case,
                },
            ) => a_case == b_case && same_set(a, b),
            (Self::Pattern(a), Self::Pattern(b)) => same_set(a, b),
            (Self::Regexp(a), Self::Regexp(b)) => a == b,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Collection(a), Self::Collection(b)) => a == b,
            (
                Self::Array {
                    element: a,
                    size: a_size,
                },
                Self::Array {
                    element: b,
                    size: b_size,
                },
            ) => a_size == b_size && a == b,
            (
                Self::Hash {
                    key: a_key,
                    value: a_value,
                    size: a_size,
                },
                Self::Hash {
                    key: b_key,
                    value: b_value,
                    size: b_size,
                },
            ) => a_size == b_size && a_key == b_key && a_value == b_value,
            (
                Self::Tuple {
                    types: a,
                    size: a_size,
                },
                Self::Tuple {
                    types: b,
                    size: b_size,
                },
            ) => a_size == b_size && a == b,
            (Self::Struct(a), Self::Struct(b)) => same_set(a, b),
            (Self::Optional(a), Self::Optional(b))
            | (Self::NotUndef(a), Self::NotUndef(b))
            | (Self::Iterable(a), Self::Iterable(b))
            | (Self::Iterator(a), Self::Iterator(b))
            | (Self::Type(a), Self::Type(b))
            | (Self::Sensitive(a), Self::Sensitive(b)) => a == b,
            (Self::Variant(a), Self::Variant(b)) => same_set(a, b),
            (Self::Callable(a), Self::Callable(b)) => a == b,
            (
                Self::Resource {
                    type_name: a,
                    title: a_title,
                },
                Self::Resource {
                    type_name: b,
                    title: b_title,
                },
            ) => a == b && a_title == b_title,
            (Self::Class { name: a }, Self::Class { name: b }) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Timespan(a), Self::Timespan(b)) => a == b,
            (Self::SemVer(a), Self::SemVer(b)) => a == b,
            (Self::Uri(a), Self::Uri(b)) => a == b,
            (Self::Error(a), Self::Error(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (Self::TypeSet(a), Self::TypeSet(b)) => a == b,
            (Self::Init(a), Self::Init(b)) => a == b,
            (Self::Runtime(a), Self::Runtime(b)) => a == b,
            (Self::Alias(a), Self::Alias(b)) => a == b,
            (Self::Reference(a), Self::Reference(b)) => a == b,
            (a, b) => is_plain(a) && std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

impl Eq for Type {}

/// Types without parameters: equal when of the same kind.
fn is_plain(data_type: &Type) -> bool {
    matches!(
        data_type,
        Type::Any
            | Type::Unit
            | Type::Undef
            | Type::Default
            | Type::Scalar
            | Type::ScalarData
            | Type::Numeric
            | Type::CatalogEntry
            | Type::SemVerRange
            | Type::Binary
            | Type::Deferred
    )
}

fn same_set<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    a.len() == b.len()
        && (a == b
            || (a.iter().all(|item| b.contains(item)) && b.iter().all(|item| a.contains(item))))
}

impl Hash for Type {
    /// Sets (variants, enums, structs) count by size only, as their order does not matter.
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Integer(range) => (range.from, range.to).hash(state),
            Self::Float(range) => range.hash(state),
            Self::String(parameter) => parameter.hash(state),
            Self::Enum {
                values,
                case_insensitive,
            } => (values.len(), case_insensitive).hash(state),
            Self::Pattern(patterns) => patterns.len().hash(state),
            Self::Regexp(regex) => regex.as_ref().map(|regex| regex.source()).hash(state),
            Self::Boolean(value) => value.hash(state),
            Self::Collection(size) => size.hash(state),
            Self::Array { element, size } => (element, size).hash(state),
            Self::Hash { key, value, size } => (key, value, size).hash(state),
            Self::Tuple { types, size } => (types, size).hash(state),
            Self::Struct(elements) => elements.len().hash(state),
            Self::Variant(types) => types.len().hash(state),
            Self::Optional(inner)
            | Self::NotUndef(inner)
            | Self::Iterable(inner)
            | Self::Iterator(inner)
            | Self::Type(inner)
            | Self::Sensitive(inner) => inner.hash(state),
            Self::Callable(callable) => callable.hash(state),
            Self::Resource { type_name, title } => (type_name, title).hash(state),
            Self::Class { name } => name.hash(state),
            Self::Timestamp(range) => (range.from, range.to).hash(state),
            Self::Timespan(range) => (range.from, range.to).hash(state),
            Self::SemVer(ranges) => ranges.len().hash(state),
            Self::Alias(alias) => alias.hash(state),
            Self::Reference(text) => text.hash(state),
            Self::Uri(_)
            | Self::Error(_)
            | Self::Object(_)
            | Self::TypeSet(_)
            | Self::Init(_)
            | Self::Runtime(_)
            | Self::Any
            | Self::Unit
            | Self::Undef
            | Self::Default
            | Self::Scalar
            | Self::ScalarData
            | Self::Numeric
            | Self::CatalogEntry
            | Self::SemVerRange
            | Self::Binary
            | Self::Deferred => {}
        }
    }
}
