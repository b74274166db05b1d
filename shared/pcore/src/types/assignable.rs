//! Assignability: is every instance of one type an instance of another (`_assignable?`).

use std::sync::Arc;

use super::guard::Guard;
use super::{CallableType, Range, Size, StringType, StructElement, Type};
use crate::Value;

/// Whether every instance of `from` is an instance of `to`.
#[must_use]
pub fn is_assignable(to: &Type, from: &Type) -> bool {
    assignable(to, from, &mut Guard::default())
}

/// Sizes that any collection may have.
const ANY_SIZE: Size = Size { from: 0, to: None };

pub(super) fn assignable<'a>(to: &'a Type, from: &'a Type, guard: &mut Guard<'a>) -> bool {
    guard.deeper(|guard| match to {
        Type::Unit => true,
        Type::Alias(alias) => match alias.target() {
            Some(target) => guard.pair(alias, from, true, |guard| assignable(target, from, guard)),
            None => false,
        },
        Type::Variant(types) => match from {
            Type::Undef if types.is_empty() => false,
            Type::Variant(others) => {
                types.is_empty()
                    || !others.is_empty() && others.iter().all(|other| by_origin(to, other, guard))
            }
            _ => by_origin(to, from, guard),
        },
        _ => by_origin(to, from, guard),
    })
}

/// Takes apart what is assigned (`PAnyType#assignable?`).
fn by_origin<'a>(to: &'a Type, from: &'a Type, guard: &mut Guard<'a>) -> bool {
    match from {
        Type::Unit => true,
        Type::Alias(alias) => match alias.target() {
            Some(target) => guard.pair(alias, to, true, |guard| assignable(to, target, guard)),
            None => matches!(to, Type::Any) || to == from,
        },
        Type::Variant(types) => match to {
            Type::Any => true,
            Type::NotUndef(_) if types.is_empty() => specific(to, from, guard),
            _ => !types.is_empty() && types.iter().all(|part| assignable(to, part, guard)),
        },
        Type::Optional(inner) => {
            assignable(to, &Type::Undef, guard)
                && inner
                    .as_ref()
                    .is_none_or(|inner| assignable(to, inner, guard))
        }
        Type::NotUndef(Some(inner)) if !assignable(inner, &Type::Undef, guard) => {
            assignable(to, inner, guard)
        }
        _ => specific(to, from, guard),
    }
}

/// `_assignable?` of each type; `from` is no alias, `Variant`, `Optional` or `Unit`.
fn specific<'a>(to: &'a Type, from: &'a Type, guard: &mut Guard<'a>) -> bool {
    match (to, from) {
        (Type::Any | Type::Unit, _) => true,
        (Type::NotUndef(inner), _) => {
            !assignable(from, &Type::Undef, guard)
                && inner
                    .as_ref()
                    .is_none_or(|inner| assignable(inner, from, guard))
        }
        (Type::Optional(inner), _) => {
            matches!(from, Type::Undef)
                || inner
                    .as_ref()
                    .is_none_or(|inner| assignable(inner, from, guard))
        }
        (Type::Variant(types), _) => types.iter().any(|option| assignable(option, from, guard)),
        (Type::Alias(_), _) => assignable(to, from, guard),
        (Type::Undef, Type::Undef)
        | (Type::Default, Type::Default)
        | (Type::SemVerRange, Type::SemVerRange)
        | (Type::Binary, Type::Binary)
        | (Type::Deferred, Type::Deferred)
        | (Type::CatalogEntry, Type::CatalogEntry | Type::Class { .. } | Type::Resource { .. })
        | (Type::Object(None), Type::Object(_) | Type::Deferred | Type::Error(_)) => true,
        (Type::Scalar, _) => {
            is_scalar_data(from)
                || matches!(
                    from,
                    Type::Scalar
                        | Type::Regexp(_)
                        | Type::SemVer(_)
                        | Type::SemVerRange
                        | Type::Timestamp(_)
                        | Type::Timespan(_)
                )
        }
        (Type::ScalarData, _) => is_scalar_data(from),
        (Type::Numeric, Type::Numeric | Type::Integer(_) | Type::Float(_)) => true,
        (Type::Integer(to), Type::Integer(from)) => covers(to, from),
        (Type::Float(to), Type::Float(from)) => covers(to, from),
        (Type::Timestamp(to), Type::Timestamp(from)) => covers(to, from),
        (Type::Timespan(to), Type::Timespan(from)) => covers(to, from),
        (
            Type::Enum {
                values,
                case_insensitive,
            },
            _,
        ) => enum_accepts(values, *case_insensitive, from),
        (Type::String(parameter), _) => string_accepts(parameter, from),
        (Type::Pattern(patterns), _) => to == from || pattern_accepts(patterns, from),
        (Type::Regexp(to), Type::Regexp(from)) => to.is_none() || to == from,
        (Type::Boolean(to), Type::Boolean(from)) => to.is_none() || to == from,
        (Type::SemVer(to), Type::SemVer(from)) => {
            to.is_empty()
                || !from.is_empty()
                    && from
                        .iter()
                        .all(|range| to.iter().any(|wider| range.is_covered_by(wider)))
        }
        (Type::Collection(size), _) => {
            collection_size(from).is_some_and(|from| size_covers(*size, from))
        }
        (
            Type::Array { element, size },
            Type::Tuple {
                types,
                size: from_size,
            },
        ) => {
            size_covers(
                *size,
                from_size.unwrap_or_else(|| Size::exactly(types.len())),
            ) && types.iter().all(|part| assignable(element, part, guard))
        }
        (
            Type::Array { element, size },
            Type::Array {
                element: from_element,
                size: from_size,
            },
        ) => {
            size_covers(*size, from_size.unwrap_or(ANY_SIZE))
                && assignable(element, from_element, guard)
        }
        (
            Type::Hash { key, value, size },
            Type::Hash {
                key: from_key,
                value: from_value,
                size: from_size,
            },
        ) => {
            if size.is_none_or(|size| size.from == 0) && is_empty_hash(from) {
                return true;
            }
            assignable(key, from_key, guard)
                && assignable(value, from_value, guard)
                && size_covers(*size, from_size.unwrap_or(ANY_SIZE))
        }
        (Type::Hash { key, value, size }, Type::Struct(elements)) => {
            size.unwrap_or(ANY_SIZE).contains(elements.len())
                && elements.iter().all(|element| {
                    super::is_instance(key, &Value::string(element.name()))
                        && assignable(value, &element.value, guard)
                })
        }
        (Type::Tuple { types, size }, _) => to == from || tuple_accepts(types, *size, from, guard),
        (Type::Struct(elements), Type::Struct(from)) => struct_accepts(elements, from, guard),
        (Type::Struct(elements), Type::Hash { key, value, size }) => {
            let mut required = 0;
            let fits = elements.iter().all(|element| {
                if element.is_optional() {
                    return true;
                }
                required += 1;
                assignable(&element.value, value, guard)
                    && super::is_assignable(&element.key.generalize(), key)
            });
            fits && size_covers(
                Some(Size {
                    from: required,
                    to: Some(Size::exactly(elements.len()).from),
                }),
                size.unwrap_or(ANY_SIZE),
            )
        }
        (Type::Iterable(inner), _) => iterable_accepts(inner.as_deref(), from, guard),
        (Type::Iterator(inner), Type::Iterator(from)) => {
            contained(inner.as_ref(), from.as_ref(), guard)
        }
        (Type::Type(inner), Type::Type(from)) => contained(inner.as_ref(), from.as_ref(), guard),
        (Type::Sensitive(inner), Type::Sensitive(from)) => match (inner, from) {
            (None, _) => true,
            (Some(inner), None) => matches!(**inner, Type::Any),
            (Some(inner), Some(from)) => assignable(inner, from, guard),
        },
        (Type::Callable(to), Type::Callable(from)) => {
            callable_accepts(to.as_deref(), from.as_deref(), guard)
        }
        (
            Type::Resource { type_name, title },
            Type::Resource {
                type_name: from_name,
                title: from_title,
            },
        ) => {
            type_name.is_none()
                || type_name == from_name && (title.is_none() || title == from_title)
        }
        (Type::Class { name }, Type::Class { name: from }) => name.is_none() || name == from,
        (Type::Uri(to), Type::Uri(from)) => uri_accepts(to.as_deref(), from.as_deref()),
        (Type::Error(to), Type::Error(from)) => to.is_none() || to == from,
        (Type::Object(Some(to)), Type::Object(Some(from))) => {
            to.name == from.name
                || from.parent.as_ref().is_some_and(|parent| {
                    super::is_assignable(&Type::Object(Some(Arc::clone(to))), parent)
                })
        }
        (Type::TypeSet(to), Type::TypeSet(from)) => to.is_none() || to == from,
        (Type::Init(Some(to)), Type::Init(from)) => from
            .as_ref()
            .is_some_and(|from| assignable(&to.init_type, &from.init_type, guard)),
        (Type::Init(None), Type::Init(_)) => true,
        (Type::Init(None), _) => is_assignable(&Type::rich_data(), from),
        (Type::Init(Some(to)), _) => {
            assignable(&to.init_type, from, guard) || super::init::takes_type(to, from)
        }
        (Type::Runtime(to), Type::Runtime(from)) => to.is_none() || to == from,
        (Type::Reference(to), Type::Reference(from)) => to == from,
        _ => false,
    }
}

fn is_scalar_data(from: &Type) -> bool {
    matches!(
        from,
        Type::ScalarData
            | Type::Numeric
            | Type::Integer(_)
            | Type::Float(_)
            | Type::String(_)
            | Type::Enum { .. }
            | Type::Pattern(_)
            | Type::Boolean(_)
    )
}

fn contained<'a>(
    to: Option<&'a Arc<Type>>,
    from: Option<&'a Arc<Type>>,
    guard: &mut Guard<'a>,
) -> bool {
    match (to, from) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(to), Some(from)) => assignable(to, from, guard),
    }
}

fn covers<T: PartialOrd>(to: &Range<T>, from: &Range<T>) -> bool {
    let lower = match (&to.from, &from.from) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(to), Some(from)) => to <= from,
    };
    lower
        && match (&to.to, &from.to) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(to), Some(from)) => to >= from,
        }
}

/// Whether sizes `from` all lie in `to` (`None`: any size).
pub(crate) fn size_covers(to: Option<Size>, from: Size) -> bool {
    let to = to.unwrap_or(ANY_SIZE);
    to.from <= from.from
        && match (to.to, from.to) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(to), Some(from)) => to >= from,
        }
}

fn is_empty_hash(from: &Type) -> bool {
    matches!(from, Type::Hash { key, value, size: Some(Size { from: 0, to: Some(0) }) }
        if **key == Type::Unit && **value == Type::Unit)
}

/// Size of what a collection type describes; `None`: no collection.
fn collection_size(from: &Type) -> Option<Size> {
    match from {
        Type::Collection(size) | Type::Array { size, .. } | Type::Hash { size, .. } => {
            Some(size.unwrap_or(ANY_SIZE))
        }
        Type::Tuple { types, size } => Some(size.unwrap_or_else(|| Size::exactly(types.len()))),
        Type::Struct(elements) => Some(Size::exactly(elements.len())),
        _ => None,
    }
}

fn enum_accepts(values: &[ecow::EcoString], case_insensitive: bool, from: &Type) -> bool {
    let has = |text: &str| super::instance::enum_has(values, case_insensitive, text);
    match from {
        Type::String(parameter) => match parameter {
            StringType::Value(text) => values.is_empty() || has(text),
            _ => values.is_empty(),
        },
        Type::Enum {
            values: others,
            case_insensitive: other_case,
        } => {
            values.is_empty()
                || !others.is_empty()
                    && (case_insensitive || !other_case)
                    && others.iter().all(|text| has(text))
        }
        Type::Pattern(_) => values.is_empty(),
        _ => false,
    }
}

fn string_accepts(parameter: &StringType, from: &Type) -> bool {
    let length = |text: &str| Size::exactly(text.chars().count());
    match (parameter, from) {
        (StringType::Any, Type::String(_) | Type::Enum { .. } | Type::Pattern(_)) => true,
        (StringType::Size(size), Type::String(other)) => size_covers(
            Some(*size),
            match other {
                StringType::Any => ANY_SIZE,
                StringType::Size(size) => *size,
                StringType::Value(text) => length(text),
            },
        ),
        (StringType::Size(size), Type::Enum { values, .. }) => {
            if values.is_empty() {
                size_covers(Some(*size), ANY_SIZE)
            } else {
                values
                    .iter()
                    .all(|text| size_covers(Some(*size), length(text)))
            }
        }
        (StringType::Size(size), Type::Pattern(_)) => size_covers(Some(*size), ANY_SIZE),
        (StringType::Value(_), Type::String(other)) => parameter == other,
        // The reference does not compare the one value of the enum.
        (
            StringType::Value(_),
            Type::Enum {
                values,
                case_insensitive,
            },
        ) => values.len() == 1 && !case_insensitive,
        _ => false,
    }
}

fn pattern_accepts(patterns: &[Arc<crate::RubyRegex>], from: &Type) -> bool {
    let has = |text: &str| {
        patterns
            .iter()
            .any(|pattern| pattern.is_match(text).unwrap_or(false))
    };
    match from {
        Type::String(StringType::Value(text)) => patterns.is_empty() || has(text),
        Type::Enum { values, .. } if !values.is_empty() => {
            patterns.is_empty() || values.iter().all(|text| has(text))
        }
        Type::String(_) | Type::Enum { .. } | Type::Pattern(_) => patterns.is_empty(),
        _ => false,
    }
}

/// Sizes that a `Tuple` allows.
pub(crate) fn tuple_size(types: &[Type], size: Option<Size>) -> Size {
    size.unwrap_or_else(|| {
        if types.is_empty() {
            ANY_SIZE
        } else {
            Size::exactly(types.len())
        }
    })
}

fn tuple_accepts<'a>(
    types: &'a [Type],
    size: Option<Size>,
    from: &'a Type,
    guard: &mut Guard<'a>,
) -> bool {
    let size = tuple_size(types, size);
    let at = |index: usize| types.get(index).or(types.last());
    match from {
        Type::Tuple {
            types: others,
            size: other_size,
        } => {
            if !size_covers(Some(size), tuple_size(others, *other_size)) {
                return false;
            }
            if types.is_empty() {
                return true;
            }
            if others.is_empty() {
                return size.from == 0;
            }
            others
                .iter()
                .enumerate()
                .all(|(index, other)| at(index).is_some_and(|to| assignable(to, other, guard)))
        }
        Type::Array {
            element,
            size: other_size,
        } => {
            let other_size = other_size.unwrap_or(ANY_SIZE);
            let limit = other_size
                .to
                .and_then(|to| usize::try_from(to).ok())
                .unwrap_or(usize::MAX);
            size_covers(Some(size), other_size)
                && types
                    .iter()
                    .take(limit)
                    .all(|to| assignable(to, element, guard))
        }
        _ => false,
    }
}

fn struct_accepts<'a>(
    elements: &'a [StructElement],
    from: &'a [StructElement],
    guard: &mut Guard<'a>,
) -> bool {
    let mut matched = 0;
    elements.iter().all(
        |element| match from.iter().find(|other| other.name() == element.name()) {
            None => element.is_optional(),
            Some(other) => {
                matched += 1;
                assignable(&element.key, &other.key, guard)
                    && assignable(&element.value, &other.value, guard)
            }
        },
    ) && matched == from.len()
}

fn iterable_accepts<'a>(inner: Option<&'a Type>, from: &'a Type, guard: &mut Guard<'a>) -> bool {
    match inner {
        Some(inner) if !assignable(inner, &Type::Any, guard) => super::iterable::element_type(from)
            .is_some_and(|element| super::is_assignable(inner, &element)),
        _ => super::iterable::is_iterable(from),
    }
}

fn callable_accepts<'a>(
    to: Option<&'a CallableType>,
    from: Option<&'a CallableType>,
    guard: &mut Guard<'a>,
) -> bool {
    let Some(to) = to else { return true };
    if let Some(result) = &to.return_type {
        let other = from
            .and_then(|from| from.return_type.as_ref())
            .unwrap_or(&Type::Any);
        if !assignable(result, other, guard) {
            return false;
        }
    }
    let Some(params) = &to.params else {
        return true;
    };
    let Some((from, other_params)) = from.and_then(|from| Some((from, from.params.as_ref()?)))
    else {
        return false;
    };
    // Parameters the other way round: the callable must accept all that it will be given.
    let given = Type::Tuple {
        types: params.as_slice().into(),
        size: to.size,
    };
    let accepted = Type::Tuple {
        types: other_params.as_slice().into(),
        size: from.size,
    };
    super::is_assignable(&accepted, &given)
        && assignable(
            from.block.as_ref().unwrap_or(&Type::Undef),
            to.block.as_ref().unwrap_or(&Type::Undef),
            guard,
        )
}

/// Whether every constrained component is constrained as much on the other side.
fn uri_accepts(to: Option<&Value>, from: Option<&Value>) -> bool {
    to.and_then(Value::as_hash).is_none_or(|to| {
        to.iter().all(|(name, wide)| {
            let name = name.as_str().unwrap_or_default();
            let narrow = from.and_then(Value::as_hash).and_then(|from| from.get_str(name));
            narrow.is_some_and(|narrow| {
                crate::ops::match_option(narrow, wide).is_ok_and(|outcome| outcome.matched)
                    || matches!((wide, narrow), (Value::Type(wide), Value::Type(narrow)) if is_assignable(wide, narrow))
            })
        })
    })
}

/// Sizes of an argument list: unlike a `Tuple`, no parameters mean no arguments.
pub(crate) fn tuple_size_of_params(types: &[Type], size: Option<Size>) -> Size {
    size.unwrap_or_else(|| Size::exactly(types.len()))
}
