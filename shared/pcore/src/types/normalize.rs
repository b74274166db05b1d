//! Types in their shortest form (`normalize`).

use std::sync::Arc;

use ecow::EcoString;

use super::{CallableType, Range, StringType, StructElement, Type, is_assignable};
use crate::SemVerRange;

pub(super) fn normalize(data_type: &Type) -> Type {
    let inner = |inner: &Option<Arc<Type>>| inner.as_ref().map(|inner| Arc::new(normalize(inner)));
    match data_type {
        Type::Collection(_) => Type::Collection(None),
        Type::Array { element, size } if **element != Type::Any => Type::Array {
            element: Arc::new(normalize(element)),
            size: *size,
        },
        // The reference drops the size of an array of anything.
        Type::Array { .. } => Type::any_array(),
        Type::Hash { key, value, size } => Type::Hash {
            key: Arc::new(normalize(key)),
            value: Arc::new(normalize(value)),
            size: *size,
        },
        Type::Tuple { types, size } => Type::Tuple {
            types: types.iter().map(normalize).collect(),
            size: *size,
        },
        Type::Struct(elements) => Type::Struct(
            elements
                .iter()
                .map(|element| StructElement {
                    key: element.key.clone(),
                    value: normalize(&element.value),
                })
                .collect(),
        ),
        Type::Iterable(part) => Type::Iterable(inner(part)),
        Type::Iterator(part) => Type::Iterator(inner(part)),
        Type::Type(part) => Type::Type(inner(part)),
        Type::Sensitive(part) => Type::Sensitive(inner(part)),
        Type::Callable(Some(callable)) => Type::Callable(Some(Arc::new(CallableType {
            params: callable
                .params
                .as_ref()
                .map(|params| params.iter().map(normalize).collect()),
            size: callable.size,
            block: callable.block.as_ref().map(normalize),
            return_type: callable.return_type.as_ref().map(normalize),
        }))),
        Type::NotUndef(part) => normalize_not_undef(inner(part)),
        Type::Optional(part) => normalize_optional(inner(part)),
        Type::Variant(types) if !types.is_empty() => normalize_variant(types),
        _ => data_type.clone(),
    }
}

fn normalize_not_undef(inner: Option<Arc<Type>>) -> Type {
    match inner.as_deref() {
        Some(Type::Optional(part)) => normalize(&Type::NotUndef(part.clone())),
        Some(part) if !is_assignable(part, &Type::Undef) => part.clone(),
        _ => Type::NotUndef(inner),
    }
}

fn normalize_optional(inner: Option<Arc<Type>>) -> Type {
    match inner.as_deref() {
        Some(Type::NotUndef(part)) => normalize(&Type::Optional(part.clone())),
        Some(part) if is_assignable(part, &Type::Undef) => part.clone(),
        _ => Type::Optional(inner),
    }
}

/// One type, or a `Variant` of them, flattened, each once (`PVariantType.maybe_create`).
pub(crate) fn variant_of(types: Vec<Type>) -> Type {
    let mut flat: Vec<Type> = Vec::with_capacity(types.len());
    for part in types {
        let mut add = |part: Type| {
            if !flat.contains(&part) {
                flat.push(part);
            }
        };
        match part {
            Type::Variant(parts) => parts.iter().cloned().for_each(add),
            part => add(part),
        }
    }
    if flat.len() == 1
        && let Some(only) = flat.pop()
    {
        return only;
    }
    Type::Variant(flat.into())
}

fn normalize_variant(types: &[Type]) -> Type {
    let normalized: Vec<Type> = types.iter().map(normalize).collect();
    if let [only] = normalized.as_slice() {
        return only.clone();
    }
    if normalized
        .iter()
        .any(|part| matches!(part, Type::Undef | Type::Optional(_)))
    {
        let rest = normalized
            .into_iter()
            .filter(|part| !matches!(part, Type::Undef))
            .map(|part| match part {
                Type::Optional(Some(inner)) => inner.as_ref().clone(),
                Type::Optional(None) => Type::Any,
                part => part,
            })
            .collect();
        return normalize(&Type::optional(variant_of(rest)));
    }
    let mut flat = Vec::with_capacity(normalized.len());
    for part in normalized {
        match part {
            Type::Variant(parts) => flat.extend(parts.iter().cloned()),
            part => flat.push(part),
        }
    }
    let flat = merge_not_undefs(flat);
    let flat = merge_enums(flat);
    let flat = merge_insensitive_enums(flat);
    let flat = merge_patterns(flat);
    let flat = merge_versions(flat);
    let flat = merge_ranges(
        flat,
        |part| {
            if let Type::Integer(range) = part {
                Some(*range)
            } else {
                None
            }
        },
        Type::Integer,
        |a, b| a.checked_add(1) == Some(b),
    );
    let flat = merge_ranges(
        flat,
        |part| {
            if let Type::Float(range) = part {
                Some(*range)
            } else {
                None
            }
        },
        Type::Float,
        |_, _| false,
    );
    let flat = merge_ranges(
        flat,
        |part| {
            if let Type::Timespan(range) = part {
                Some(*range)
            } else {
                None
            }
        },
        Type::Timespan,
        |_, _| false,
    );
    let flat = merge_ranges(
        flat,
        |part| {
            if let Type::Timestamp(range) = part {
                Some(*range)
            } else {
                None
            }
        },
        Type::Timestamp,
        |_, _| false,
    );
    variant_of(flat)
}

/// Splits off what `select` takes; when that is more than one, `merge` puts one type in its place at the end.
fn replace_many(
    types: Vec<Type>,
    select: impl Fn(&Type) -> bool,
    merge: impl FnOnce(Vec<Type>) -> Type,
) -> Vec<Type> {
    if types.iter().filter(|part| select(part)).count() < 2 {
        return types;
    }
    let (selected, mut others): (Vec<_>, Vec<_>) = types.into_iter().partition(|part| select(part));
    others.push(merge(selected));
    others
}

fn merge_not_undefs(types: Vec<Type>) -> Vec<Type> {
    replace_many(
        types,
        |part| matches!(part, Type::NotUndef(_)),
        |parts| {
            let inner = parts
                .into_iter()
                .map(|part| match part {
                    Type::NotUndef(Some(inner)) => inner.as_ref().clone(),
                    _ => Type::Any,
                })
                .collect();
            Type::NotUndef(Some(Arc::new(normalize(&variant_of(inner)))))
        },
    )
}

fn merge_enums(types: Vec<Type>) -> Vec<Type> {
    replace_many(
        types,
        |part| match part {
            Type::Enum {
                values,
                case_insensitive,
            } => !values.is_empty() && !case_insensitive,
            Type::String(StringType::Value(_)) => true,
            _ => false,
        },
        |parts| {
            let mut all: Vec<EcoString> = Vec::new();
            for part in parts {
                match part {
                    Type::Enum { values, .. } => all.extend(values.iter().cloned()),
                    Type::String(StringType::Value(text)) => all.push(text),
                    _ => {}
                }
            }
            super::common::enum_of(all)
        },
    )
}

fn merge_insensitive_enums(types: Vec<Type>) -> Vec<Type> {
    replace_many(
        types,
        |part| matches!(part, Type::Enum { values, case_insensitive: true } if !values.is_empty()),
        |parts| {
            let mut all: Vec<EcoString> = parts
                .iter()
                .flat_map(|part| match part {
                    Type::Enum { values, .. } => {
                        values.iter().map(|text| text.to_lowercase()).collect()
                    }
                    _ => Vec::new(),
                })
                .collect();
            all.sort_unstable();
            all.dedup();
            Type::Enum {
                values: all.into(),
                case_insensitive: true,
            }
        },
    )
}

fn merge_patterns(types: Vec<Type>) -> Vec<Type> {
    replace_many(
        types,
        |part| matches!(part, Type::Pattern(_)),
        |parts| {
            let mut all = Vec::new();
            for part in parts {
                if let Type::Pattern(patterns) = part {
                    for pattern in patterns.iter() {
                        if !all.contains(pattern) {
                            all.push(Arc::clone(pattern));
                        }
                    }
                }
            }
            Type::Pattern(all.into())
        },
    )
}

fn merge_versions(types: Vec<Type>) -> Vec<Type> {
    if types
        .iter()
        .filter(|part| matches!(part, Type::SemVer(_)))
        .count()
        < 2
    {
        return types;
    }
    let (versions, others): (Vec<_>, Vec<_>) = types
        .into_iter()
        .partition(|part| matches!(part, Type::SemVer(_)));
    let ranges: Vec<SemVerRange> = versions
        .iter()
        .flat_map(|part| {
            if let Type::SemVer(ranges) = part {
                ranges.to_vec()
            } else {
                Vec::new()
            }
        })
        .collect();
    let mut result = vec![Type::SemVer(crate::semver::merge_ranges(ranges).into())];
    result.extend(others);
    result
}

/// Joins ranges that overlap or touch, as `merge_ranges`: starting from the last one.
fn merge_ranges<T: Copy + PartialOrd>(
    types: Vec<Type>,
    range_of: impl Fn(&Type) -> Option<Range<T>>,
    make: impl Fn(Range<T>) -> Type,
    adjacent: impl Fn(T, T) -> bool,
) -> Vec<Type> {
    let mut ranges: Vec<Range<T>> = types.iter().filter_map(&range_of).collect();
    if ranges.len() < 2 {
        return types;
    }
    let mut result = Vec::new();
    while let Some(mut merged) = ranges.pop() {
        let mut apart = Vec::new();
        for range in ranges {
            match join(merged, range, &adjacent) {
                Some(wider) => merged = wider,
                None => apart.push(range),
            }
        }
        result.push(make(merged));
        ranges = apart;
    }
    result.extend(types.into_iter().filter(|part| range_of(part).is_none()));
    result
}

fn join<T: Copy + PartialOrd>(
    a: Range<T>,
    b: Range<T>,
    adjacent: impl Fn(T, T) -> bool,
) -> Option<Range<T>> {
    let before = |to: Option<T>, from: Option<T>| to.zip(from).is_some_and(|(to, from)| to < from);
    let touch =
        |to: Option<T>, from: Option<T>| to.zip(from).is_some_and(|(to, from)| adjacent(to, from));
    let apart = before(a.to, b.from) || before(b.to, a.from);
    if apart && !touch(a.to, b.from) && !touch(b.to, a.from) {
        return None;
    }
    Some(Range {
        from: a.from.zip(b.from).map(|(a, b)| if a <= b { a } else { b }),
        to: a.to.zip(b.to).map(|(a, b)| if a >= b { a } else { b }),
    })
}
