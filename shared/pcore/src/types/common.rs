//! The closest type that two types have in common (`TypeCalculator#common_type`).

use std::sync::Arc;

use ecow::EcoString;

use super::{Range, Size, StringType, Type, is_assignable};

/// The closest common type.
#[must_use]
pub fn common_type(left: &Type, right: &Type) -> Type {
    match (left, right) {
        (Type::Undef | Type::Unit, _) => return right.clone(),
        (_, Type::Undef | Type::Unit) => return left.clone(),
        _ => {}
    }
    if is_assignable(left, right) {
        return left.clone();
    }
    if is_assignable(right, left) {
        return right.clone();
    }
    same_kind(left, right).unwrap_or_else(|| by_family(left, right))
}

fn same_kind(left: &Type, right: &Type) -> Option<Type> {
    Some(match (left, right) {
        (Type::Array { element: a, .. }, Type::Array { element: b, .. }) => {
            Type::array_of(common_type(a, b))
        }
        (
            Type::Hash {
                key: a_key,
                value: a,
                ..
            },
            Type::Hash {
                key: b_key,
                value: b,
                ..
            },
        ) => Type::hash_of(common_type(a_key, b_key), common_type(a, b)),
        (Type::Class { .. }, Type::Class { .. }) => Type::Class { name: None },
        (Type::Resource { type_name: a, .. }, Type::Resource { type_name: b, .. }) => {
            Type::Resource {
                type_name: if a == b { a.clone() } else { None },
                title: None,
            }
        }
        (Type::Integer(a), Type::Integer(b)) => Type::Integer(union(a, b, i64::min, i64::max)),
        (Type::Float(a), Type::Float(b)) => Type::Float(union(a, b, f64::min, f64::max)),
        (Type::String(a), Type::String(b)) => common_string(a, b),
        (Type::String(a), Type::Enum { values, .. })
        | (Type::Enum { values, .. }, Type::String(a)) => match a {
            StringType::Value(text) => {
                let mut all = values.to_vec();
                if !all.contains(text) {
                    all.push(text.clone());
                }
                enum_of(all)
            }
            _ => enum_of(Vec::new()),
        },
        (Type::Enum { values: a, .. }, Type::Enum { values: b, .. }) => {
            let mut all = a.to_vec();
            all.extend(b.iter().filter(|text| !a.contains(text)).cloned());
            enum_of(all)
        }
        (Type::Pattern(a), Type::Pattern(b)) => {
            let mut all = a.to_vec();
            all.extend(b.iter().filter(|pattern| !a.contains(pattern)).cloned());
            Type::Pattern(all.into())
        }
        (Type::Variant(a), Type::Variant(b)) => {
            super::normalize::variant_of(a.iter().chain(b.iter()).cloned().collect())
        }
        (Type::Regexp(_), Type::Regexp(_)) => Type::Regexp(None),
        (Type::Callable(_), Type::Callable(_)) => Type::Callable(None),
        _ => return None,
    })
}

fn by_family(left: &Type, right: &Type) -> Type {
    let both = |wide: &Type| is_assignable(wide, left) && is_assignable(wide, right);
    for wide in [Type::Numeric, Type::ScalarData, Type::Scalar, Type::data()] {
        if both(&wide) {
            return wide;
        }
    }
    if let (Type::Type(a), Type::Type(b)) = (left, right) {
        return Type::Type(match (a, b) {
            (Some(a), Some(b)) => Some(Arc::new(common_type(a, b))),
            (Some(one), None) | (None, Some(one)) => Some(Arc::clone(one)),
            (None, None) => None,
        });
    }
    if both(&Type::rich_data()) {
        Type::rich_data()
    } else {
        Type::Any
    }
}

fn common_string(left: &StringType, right: &StringType) -> Type {
    match (left, right) {
        (StringType::Size(a), StringType::Size(b)) => Type::String(StringType::Size(Size {
            from: a.from.min(b.from),
            to: a.to.zip(b.to).map(|(a, b)| a.max(b)),
        })),
        (StringType::Value(a), StringType::Value(b)) => enum_of(vec![a.clone(), b.clone()]),
        _ => Type::string(),
    }
}

/// An `Enum` with its values as the reference keeps them: sorted, each once.
pub(super) fn enum_of(mut values: Vec<EcoString>) -> Type {
    values.sort_unstable();
    values.dedup();
    Type::Enum {
        values: values.into(),
        case_insensitive: false,
    }
}

fn union<T: Copy>(
    a: &Range<T>,
    b: &Range<T>,
    least: fn(T, T) -> T,
    greatest: fn(T, T) -> T,
) -> Range<T> {
    Range {
        from: a.from.zip(b.from).map(|(a, b)| least(a, b)),
        to: a.to.zip(b.to).map(|(a, b)| greatest(a, b)),
    }
}
