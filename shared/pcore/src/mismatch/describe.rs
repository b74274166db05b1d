//! Finds where a type differs from the expected one (`describe`, `internal_describe`).

use std::sync::Arc;

use super::message::{Kind, Mismatch, PathElement};
use super::struct_size;
use crate::Type;
use crate::types::{CallableType, Size, StructElement, TypeAlias, is_assignable, size_covers, tuple_size};

/// Longest path that is followed.
const MAX_DEPTH: usize = 128;

const ANY_SIZE: Size = Size { from: 0, to: None };

/// All mismatches of `actual` against `expected`; empty when it fits.
pub(super) fn describe(expected: &Type, actual: &Type, path: &[PathElement]) -> Vec<Mismatch> {
    match unresolved(expected, &mut Vec::new()) {
        Some(name) => vec![Mismatch::new(path, Kind::Unresolved(name))],
        None => by_kind(&expected.normalize(), expected, actual, path),
    }
}

/// First name in a type that was never resolved.
fn unresolved<'a>(data_type: &'a Type, seen: &mut Vec<&'a TypeAlias>) -> Option<String> {
    match data_type {
        Type::Reference(name) => Some(name.as_deref().unwrap_or("UnresolvedReference").to_owned()),
        Type::Alias(alias) => {
            if seen.iter().any(|known| std::ptr::eq(*known, &raw const **alias)) {
                return None;
            }
            seen.push(alias);
            alias.target().and_then(|target| unresolved(target, seen))
        }
        Type::Array { element, .. } => unresolved(element, seen),
        Type::Hash { key, value, .. } => unresolved(key, seen).or_else(|| unresolved(value, seen)),
        Type::Tuple { types, .. } | Type::Variant(types) => types.iter().find_map(|part| unresolved(part, seen)),
        Type::Struct(elements) => {
            elements.iter().find_map(|element| unresolved(&element.key, seen).or_else(|| unresolved(&element.value, seen)))
        }
        Type::Optional(Some(inner))
        | Type::NotUndef(Some(inner))
        | Type::Iterable(Some(inner))
        | Type::Iterator(Some(inner))
        | Type::Type(Some(inner))
        | Type::Sensitive(Some(inner)) => unresolved(inner, seen),
        _ => None,
    }
}

fn by_kind(expected: &Type, original: &Type, actual: &Type, path: &[PathElement]) -> Vec<Mismatch> {
    if path.len() > MAX_DEPTH {
        return vec![Mismatch::types(path, original, actual)];
    }
    match expected {
        Type::Variant(types) => variant(types, original, actual, path),
        Type::Struct(elements) => structure(elements, original, actual, path),
        Type::Hash { key, value, size } => hash(key, value, *size, original, actual, path),
        Type::Tuple { types, size } => tuple(expected, types, *size, original, actual, path, false),
        Type::Array { element, size } => array(element, *size, original, actual, path),
        Type::Callable(callable) => callable_type(callable.as_deref(), original, actual, path),
        Type::Optional(inner) => match inner {
            Some(inner) if !matches!(actual, Type::Undef) => {
                let original = if matches!(original, Type::Alias(_)) { original } else { expected };
                by_kind(inner, original, actual, path)
            }
            _ => Vec::new(),
        },
        // The reference comes here only when something does not fit, and does not look again.
        Type::Pattern(_) | Type::Enum { .. } => vec![Mismatch::pattern(path, original, actual)],
        Type::Alias(alias) => match alias.target() {
            Some(target) => by_kind(&target.normalize(), expected, actual, path),
            None => vec![Mismatch::new(path, Kind::Unresolved(alias.name.to_string()))],
        },
        _ if is_assignable(expected, actual) => Vec::new(),
        _ => vec![Mismatch::types(path, original, actual)],
    }
}

fn step(path: &[PathElement], element: PathElement) -> Vec<PathElement> {
    let mut path = path.to_vec();
    path.push(element);
    path
}

fn variant(types: &[Type], original: &Type, actual: &Type, path: &[PathElement]) -> Vec<Mismatch> {
    let undef = matches!(original, Type::Optional(_)).then_some(Type::Undef);
    let mut found = Vec::new();
    for (index, option) in undef.iter().chain(types).enumerate() {
        let mismatches = describe(option, actual, &step(path, PathElement::Variant(index)));
        if mismatches.is_empty() {
            return Vec::new();
        }
        found.push(mismatches);
    }
    let merged = merge_descriptions(path.len(), &found, |kind| matches!(kind, Kind::Size { .. } | Kind::Count { .. }));
    if matches!(original, Type::Alias(_)) && merged.len() == 1 {
        return vec![Mismatch::types(path, original, actual)];
    }
    merged
}

/// One mismatch for all options where that is possible (`merge_descriptions`).
pub(super) fn merge_descriptions(
    varying: usize,
    options: &[Vec<Mismatch>],
    is_size: impl Fn(&Kind) -> bool,
) -> Vec<Mismatch> {
    let mut all: Vec<Mismatch> = options.iter().flatten().cloned().collect();
    let kinds: [&dyn Fn(&Kind) -> bool; 4] = [
        &is_size,
        &|kind| matches!(kind, Kind::MissingBlock),
        &|kind| matches!(kind, Kind::UnexpectedBlock),
        &|kind| matches!(kind, Kind::Type { .. } | Kind::Pattern { .. }),
    ];
    for is_kind in kinds {
        let same: Vec<&Mismatch> = all.iter().filter(|mismatch| is_kind(&mismatch.kind)).collect();
        if same.len() != options.len() {
            continue;
        }
        let Some((first, rest)) = same.split_first() else { continue };
        if rest.iter().all(|other| other.canonical_path().eq(first.canonical_path())) {
            all = vec![rest.iter().fold((*first).clone(), |merged, other| merged.merge(other))];
            break;
        }
    }
    let mut unique: Vec<Mismatch> = Vec::with_capacity(all.len());
    for mismatch in all {
        if !unique.contains(&mismatch) {
            unique.push(mismatch);
        }
    }
    match unique.as_slice() {
        [only] => vec![only.without(varying)],
        _ => unique,
    }
}

fn array(
    element: &Type,
    size: Option<Size>,
    original: &Type,
    actual: &Type,
    path: &[PathElement],
) -> Vec<Mismatch> {
    let expected = size.unwrap_or(ANY_SIZE);
    match actual {
        Type::Tuple { types, size: actual_size } => {
            let actual_size = actual_size.unwrap_or_else(|| Size::exactly(types.len()));
            if !size_covers(size, actual_size) {
                return vec![Mismatch::new(path, Kind::Size { expected, actual: actual_size })];
            }
            types
                .iter()
                .enumerate()
                .filter(|(_, part)| !is_assignable(element, part))
                .flat_map(|(index, part)| describe(element, part, &step(path, PathElement::Index(index))))
                .collect()
        }
        Type::Array { element: part, size: actual_size } => {
            let actual_size = actual_size.unwrap_or(ANY_SIZE);
            if size_covers(size, actual_size) {
                let actual = Type::Array { element: Arc::clone(part), size: None };
                vec![Mismatch::types(path, original, &actual)]
            } else {
                vec![Mismatch::new(path, Kind::Size { expected, actual: actual_size })]
            }
        }
        actual => vec![Mismatch::types(path, original, actual)],
    }
}

fn hash(
    key: &Type,
    value: &Type,
    size: Option<Size>,
    original: &Type,
    actual: &Type,
    path: &[PathElement],
) -> Vec<Mismatch> {
    let expected = size.unwrap_or(ANY_SIZE);
    match actual {
        Type::Struct(elements) => {
            let actual_size = struct_size(elements);
            if !size_covers(size, actual_size) {
                return vec![Mismatch::new(path, Kind::Size { expected, actual: actual_size })];
            }
            let mut found = Vec::new();
            for element in elements.iter() {
                let name = element.name().to_owned();
                if !is_assignable(key, &element.key) {
                    found.extend(describe(key, &element.key, &step(path, PathElement::EntryKey(name.clone()))));
                }
                if !is_assignable(value, &element.value) {
                    found.extend(describe(value, &element.value, &step(path, PathElement::EntryValue(name))));
                }
            }
            found
        }
        Type::Hash { key: actual_key, value: actual_value, size: actual_size } => {
            let actual_size = actual_size.unwrap_or(ANY_SIZE);
            if size_covers(size, actual_size) {
                vec![Mismatch::types(path, original, &unsized_hash(actual_key, actual_value))]
            } else {
                vec![Mismatch::new(path, Kind::Size { expected, actual: actual_size })]
            }
        }
        actual => vec![Mismatch::types(path, original, actual)],
    }
}

fn unsized_hash(key: &Arc<Type>, value: &Arc<Type>) -> Type {
    Type::Hash { key: Arc::clone(key), value: Arc::clone(value), size: None }
}

fn structure(elements: &[StructElement], original: &Type, actual: &Type, path: &[PathElement]) -> Vec<Mismatch> {
    match actual {
        Type::Struct(others) => {
            let mut found = Vec::new();
            for element in elements {
                let name = element.name();
                match others.iter().find(|other| other.name() == name) {
                    None if element.is_optional() => {}
                    None => found.push(Mismatch::new(path, Kind::MissingKey(name.to_owned()))),
                    Some(other) => {
                        if !is_assignable(&element.key, &other.key) {
                            let path = step(path, PathElement::EntryKey(name.to_owned()));
                            found.extend(describe(&element.key, &other.key, &path));
                        }
                        if !is_assignable(&element.value, &other.value) {
                            let path = step(path, PathElement::EntryValue(name.to_owned()));
                            found.extend(describe(&element.value, &other.value, &path));
                        }
                    }
                }
            }
            let unknown = others.iter().filter(|other| !elements.iter().any(|element| element.name() == other.name()));
            found.extend(unknown.map(|other| Mismatch::new(path, Kind::ExtraneousKey(other.name().to_owned()))));
            found
        }
        Type::Hash { key, value, size } => {
            let (expected, actual_size) = (struct_size(elements), size.unwrap_or(ANY_SIZE));
            if size_covers(Some(expected), actual_size) {
                vec![Mismatch::types(path, original, &unsized_hash(key, value))]
            } else {
                vec![Mismatch::new(path, Kind::Size { expected, actual: actual_size })]
            }
        }
        actual => vec![Mismatch::types(path, original, actual)],
    }
}

fn tuple(
    whole: &Type,
    types: &[Type],
    size: Option<Size>,
    original: &Type,
    actual: &Type,
    path: &[PathElement],
    counts_arguments: bool,
) -> Vec<Mismatch> {
    if whole == actual || types.is_empty() && matches!(actual, Type::Array { .. }) {
        return Vec::new();
    }
    let expected = tuple_size(types, size);
    let wrong_size = |actual: Size| {
        let kind = if counts_arguments { Kind::Count { expected, actual } } else { Kind::Size { expected, actual } };
        vec![Mismatch::new(path, kind)]
    };
    match actual {
        Type::Tuple { types: others, size: other_size } => {
            let actual_size = tuple_size(others, *other_size);
            if !size_covers(Some(expected), actual_size) {
                return wrong_size(actual_size);
            }
            let Some(last) = types.len().checked_sub(1) else { return Vec::new() };
            others
                .iter()
                .enumerate()
                .filter_map(|(index, other)| Some((index.min(last), types.get(index.min(last))?, other)))
                .flat_map(|(index, part, other)| describe(part, other, &step(path, PathElement::Index(index))))
                .collect()
        }
        Type::Array { element, size: other_size } => {
            let actual_size = other_size.unwrap_or(ANY_SIZE);
            if !size_covers(Some(expected), actual_size) {
                return wrong_size(actual_size);
            }
            types
                .iter()
                .enumerate()
                .flat_map(|(index, part)| describe(part, element, &step(path, PathElement::Index(index))))
                .collect()
        }
        actual => vec![Mismatch::types(path, original, actual)],
    }
}

fn callable_type(
    expected: Option<&CallableType>,
    original: &Type,
    actual: &Type,
    path: &[PathElement],
) -> Vec<Mismatch> {
    let Type::Callable(actual_callable) = actual else { return vec![Mismatch::types(path, original, actual)] };
    let Some(expected) = expected else { return Vec::new() };
    let none = CallableType { params: None, size: None, block: None, return_type: None };
    let actual_callable = actual_callable.as_deref().unwrap_or(&none);
    if let Some(params) = &expected.params {
        let as_tuple = |types: &[Type], size: Option<Size>| Type::Tuple { types: types.into(), size };
        let whole = as_tuple(params, expected.size);
        let given = match &actual_callable.params {
            Some(params) => as_tuple(params, actual_callable.size),
            None => Type::any_array(),
        };
        let size = expected.size.or_else(|| Some(Size::exactly(params.len())));
        let found = tuple(&whole, params, size, &whole, &given, path, true);
        if !found.is_empty() {
            return found;
        }
    }
    let result = expected.return_type.as_ref().unwrap_or(&Type::Any);
    let other_result = actual_callable.return_type.as_ref().unwrap_or(&Type::Any);
    if !is_assignable(result, other_result) {
        return vec![Mismatch::types(&step(path, PathElement::Return), result, other_result)];
    }
    let block = expected.block.as_ref().unwrap_or(&Type::Undef);
    let other_block = actual_callable.block.as_ref().unwrap_or(&Type::Undef);
    if is_assignable(other_block, block) {
        return Vec::new();
    }
    vec![Mismatch::types(&step(path, PathElement::Block), block, other_block)]
}
