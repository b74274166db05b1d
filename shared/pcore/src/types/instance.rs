//! Whether a value is an instance of a type (`instance?`).

use ecow::EcoString;

use super::guard::Guard;
use super::{CallableType, StringType, Type, infer};
use crate::Value;

/// Whether `value` is an instance of `data_type`.
#[must_use]
pub fn is_instance(data_type: &Type, value: &Value) -> bool {
    instance(data_type, value, &mut Guard::default())
}

/// Whether an enum has `text`; without values it has none.
pub(super) fn enum_has(values: &[EcoString], case_insensitive: bool, text: &str) -> bool {
    values.iter().any(|known| {
        if case_insensitive {
            known.eq_ignore_ascii_case(text)
        } else {
            known == text
        }
    })
}

fn instance<'a>(data_type: &'a Type, value: &Value, guard: &mut Guard<'a>) -> bool {
    guard.deeper(|guard| match (data_type, value) {
        (Type::Any | Type::Unit, _) => true,
        (Type::Alias(alias), _) => match alias.target() {
            Some(target) => guard.pair(alias, value, false, |guard| instance(target, value, guard)),
            None => false,
        },
        (Type::Variant(types), _) => types.iter().any(|option| instance(option, value, guard)),
        (Type::Optional(inner), _) => {
            value.is_undef()
                || inner
                    .as_ref()
                    .is_some_and(|inner| instance(inner, value, guard))
        }
        (Type::NotUndef(inner), _) => {
            !value.is_undef()
                && inner
                    .as_ref()
                    .is_none_or(|inner| instance(inner, value, guard))
        }
        (Type::Undef, Value::Undef)
        | (Type::Default, Value::Default)
        | (Type::Binary, Value::Binary(_))
        | (Type::SemVerRange, Value::SemVerRange(_))
        | (Type::Deferred, Value::Deferred(_))
        | (Type::Object(None), Value::Deferred(_) | Value::Object(_) | Value::Type(_))
        | (Type::Scalar | Type::ScalarData | Type::Numeric, Value::Int(_) | Value::Float(_))
        | (Type::Scalar | Type::ScalarData, Value::Str(_) | Value::Bool(_))
        | (
            Type::Scalar,
            Value::Regexp(_)
            | Value::SemVer(_)
            | Value::SemVerRange(_)
            | Value::Timespan(_)
            | Value::Timestamp(_),
        ) => true,
        (Type::Integer(range), Value::Int(number)) => range.contains(number),
        (Type::Float(range), Value::Float(number)) => range.contains(number),
        (Type::Timespan(range), Value::Timespan(span)) => range.contains(span),
        (Type::Timestamp(range), Value::Timestamp(time)) => range.contains(time),
        (Type::Boolean(expected), Value::Bool(truth)) => {
            expected.is_none_or(|expected| expected == *truth)
        }
        (Type::String(parameter), Value::Str(text)) => match parameter {
            StringType::Any => true,
            StringType::Size(size) => size.contains(text.chars().count()),
            StringType::Value(expected) => expected == text,
        },
        (
            Type::Enum {
                values,
                case_insensitive,
            },
            Value::Str(text),
        ) => enum_has(values, *case_insensitive, text),
        (Type::Pattern(patterns), Value::Str(text)) => {
            patterns.is_empty()
                || patterns
                    .iter()
                    .any(|pattern| pattern.is_match(text).unwrap_or(false))
        }
        (Type::Regexp(expected), Value::Regexp(regex)) => {
            expected.as_ref().is_none_or(|expected| expected == regex)
        }
        (Type::SemVer(ranges), Value::SemVer(version)) => {
            ranges.is_empty() || ranges.iter().any(|range| range.includes(version))
        }
        (Type::Collection(size), Value::Array(elements)) => {
            size.is_none_or(|size| size.contains(elements.len()))
        }
        (Type::Collection(size), Value::Hash(entries)) => {
            size.is_none_or(|size| size.contains(entries.len()))
        }
        (Type::Array { element, size }, Value::Array(elements)) => {
            size.is_none_or(|size| size.contains(elements.len()))
                && elements.iter().all(|part| instance(element, part, guard))
        }
        (Type::Tuple { types, size }, Value::Array(elements)) => {
            super::assignable::tuple_size(types, *size).contains(elements.len())
                && elements.iter().enumerate().all(|(index, part)| {
                    types
                        .get(index)
                        .or(types.last())
                        .is_none_or(|expected| instance(expected, part, guard))
                })
        }
        (
            Type::Hash {
                key,
                value: expected,
                size,
            },
            Value::Hash(entries),
        ) => {
            size.is_none_or(|size| size.contains(entries.len()))
                && entries.iter().all(|(name, part)| {
                    instance(key, name, guard) && instance(expected, part, guard)
                })
        }
        (Type::Struct(elements), Value::Hash(entries)) => {
            let mut matched = 0;
            elements
                .iter()
                .all(|element| match entries.get_str(element.name()) {
                    None => element.is_optional(),
                    Some(part) => {
                        matched += 1;
                        instance(&element.value, part, guard)
                    }
                })
                && matched == entries.len()
        }
        (Type::Sensitive(inner), Value::Sensitive(hidden)) => inner
            .as_ref()
            .is_none_or(|inner| instance(inner, hidden, guard)),
        (Type::Type(inner), Value::Type(value)) => inner
            .as_ref()
            .is_none_or(|inner| super::is_assignable(inner, value)),
        (Type::Iterable(inner), _) => match inner {
            Some(inner) if !super::is_assignable(inner, &Type::Any) => {
                super::is_assignable(data_type, &infer(value))
            }
            _ => is_iterable_value(value),
        },
        (Type::Iterator(inner), Value::Iterator(iterator)) => inner
            .as_ref()
            .is_none_or(|inner| super::is_assignable(inner, &iterator.element_type)),
        (Type::Uri(parameters), Value::Uri(uri)) => parameters
            .as_ref()
            .is_none_or(|parameters| uri.matches(parameters)),
        (Type::Error(_) | Type::Object(Some(_)), Value::Object(object)) => {
            super::is_assignable(data_type, &object.object_type)
        }
        (Type::Init(Some(init)), _) => {
            instance(&init.init_type, value, guard) || super::init::takes_value(init, value)
        }
        (Type::Init(None), _) => is_instance(&Type::rich_data(), value),
        _ => false,
    })
}

fn is_iterable_value(value: &Value) -> bool {
    match value {
        Value::Str(_) | Value::Array(_) | Value::Hash(_) | Value::Iterator(_) => true,
        Value::Int(number) => *number >= 0,
        Value::Type(data_type) => is_iterable_type(data_type),
        _ => false,
    }
}

fn is_iterable_type(data_type: &Type) -> bool {
    match data_type {
        Type::Enum { .. } => true,
        Type::Integer(range) => range.from.is_some() && range.to.is_some(),
        Type::Alias(alias) => alias.target().is_some_and(is_iterable_type),
        _ => false,
    }
}

/// Whether a callable takes `arguments` (without its block).
#[must_use]
pub fn accepts_arguments(callable: &CallableType, arguments: &[Value]) -> bool {
    callable.params.as_ref().is_none_or(|types| {
        super::assignable::tuple_size_of_params(types, callable.size).contains(arguments.len())
            && arguments.iter().enumerate().all(|(index, argument)| {
                types
                    .get(index)
                    .or(types.last())
                    .is_none_or(|expected| is_instance(expected, argument))
            })
    })
}
