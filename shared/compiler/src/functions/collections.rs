//! Functions on arrays and hashes.

use std::cmp::Ordering;

use bunraku_pcore::{PuppetHash, Type, Value};

use super::builtin::{Builtin, Call, Dispatch};
use crate::error::Result;

pub(super) const TABLE: &[Builtin] = &[
    Builtin {
        name: "keys",
        dispatches: &[Dispatch::of(&[("hsh", "Hash")], keys)],
    },
    Builtin {
        name: "values",
        dispatches: &[Dispatch::of(&[("hsh", "Hash")], values)],
    },
    Builtin {
        name: "length",
        dispatches: &[
            Dispatch::of(&[("arg", "Collection")], length),
            Dispatch::of(&[("arg", "String")], length),
            Dispatch::of(&[("arg", "Binary")], length),
        ],
    },
    Builtin {
        name: "size",
        dispatches: &[Dispatch::of(
            &[("arg", "Variant[Collection, String, Binary]")],
            length,
        )],
    },
    Builtin {
        name: "empty",
        dispatches: &[
            Dispatch::of(&[("coll", "Collection")], empty),
            Dispatch::of(&[("str", "Sensitive[String]")], empty),
            Dispatch::of(&[("str", "String")], empty),
            Dispatch::of(&[("num", "Numeric")], empty_number),
            Dispatch::of(&[("bin", "Binary")], empty),
            Dispatch::of(&[("x", "Undef")], |_| Ok(Value::Bool(true))),
        ],
    },
    Builtin {
        name: "flatten",
        dispatches: &[Dispatch::of(&[("args", "Any")], flatten).repeated(0)],
    },
    Builtin {
        name: "unique",
        dispatches: &[
            Dispatch::of(&[("string", "String")], unique).optional_block("Callable[String]"),
            Dispatch::of(&[("hash", "Hash")], unique_hash).optional_block("Callable[Any]"),
            Dispatch::of(&[("array", "Array")], unique).optional_block("Callable[Any]"),
            Dispatch::of(&[("iterable", "Iterable")], unique).optional_block("Callable[Any]"),
        ],
    },
    Builtin {
        name: "sort",
        dispatches: &[
            Dispatch::of(&[("string_value", "String")], sort).optional_block("Callable[2,2]"),
            Dispatch::of(&[("array_value", "Array")], sort).optional_block("Callable[2,2]"),
        ],
    },
    Builtin {
        name: "dig",
        dispatches: &[
            Dispatch::of(&[("data", "Optional[Collection]"), ("arg", "Any")], dig).repeated(0),
        ],
    },
    Builtin {
        name: "get",
        dispatches: &[Dispatch::of(
            &[
                ("value", "Any"),
                ("dotted_string", "String"),
                ("default_value", "Any"),
            ],
            get,
        )
        .optional(1)
        .optional_block("Callable[1,1]")],
    },
];

fn keys(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::array(call.hash(0).keys().cloned().collect()))
}

fn values(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::array(call.hash(0).values().cloned().collect()))
}

fn size_of(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.len(),
        Value::Hash(entries) => entries.len(),
        Value::Str(text) => text.chars().count(),
        Value::Binary(bytes) => bytes.len(),
        Value::Sensitive(inner) => size_of(inner),
        _ => 0,
    }
}

fn length(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::Int(
        i64::try_from(size_of(call.arg(0))).unwrap_or(i64::MAX),
    ))
}

fn empty(call: &mut Call<'_, '_>) -> Result<Value> {
    Ok(Value::Bool(size_of(call.arg(0)) == 0))
}

fn empty_number(call: &mut Call<'_, '_>) -> Result<Value> {
    call.warn("Calling function empty() with Numeric value is deprecated.");
    Ok(Value::Bool(false))
}

/// Adds `values` to `flat`, with what nested arrays hold in their place.
pub(super) fn flatten_into(values: &[Value], flat: &mut Vec<Value>) {
    for value in values {
        match value {
            Value::Array(inner) => flatten_into(inner, flat),
            other => flat.push(other.clone()),
        }
    }
}

fn flatten(call: &mut Call<'_, '_>) -> Result<Value> {
    let mut flat = Vec::new();
    flatten_into(&call.args, &mut flat);
    Ok(Value::array(flat))
}

fn unique(call: &mut Call<'_, '_>) -> Result<Value> {
    let was_text = call.arg(0).as_str().is_some();
    let mut seen = indexmap::IndexMap::new();
    for element in call.elements(0)? {
        let key = match call.block {
            Some(_) => call.call_block(vec![element.clone()])?,
            None => element.clone(),
        };
        seen.entry(key).or_insert(element);
    }
    let kept: Vec<Value> = seen.into_values().collect();
    Ok(if was_text {
        Value::string(super::strings::join_values(&kept, ""))
    } else {
        Value::array(kept)
    })
}

fn unique_hash(call: &mut Call<'_, '_>) -> Result<Value> {
    let entries = call.hash(0);
    let mut groups: indexmap::IndexMap<Value, (Vec<Value>, Vec<Value>)> = indexmap::IndexMap::new();
    for (key, value) in entries.iter() {
        let group = match call.block {
            Some(_) => call.call_block(vec![value.clone()])?,
            None => value.clone(),
        };
        let (keys, values) = groups.entry(group).or_default();
        keys.push(key.clone());
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    let inverted: PuppetHash = groups
        .into_values()
        .map(|(keys, values)| (Value::array(keys), Value::array(values)))
        .collect();
    Ok(Value::hash(inverted))
}

fn sort(call: &mut Call<'_, '_>) -> Result<Value> {
    let was_text = call.arg(0).as_str().is_some();
    let elements: Vec<Value> = call.elements(0)?.collect();
    let sorted = merge_sort(elements, &mut |a, b| match call.block {
        Some(_) => match call.call_block(vec![a.clone(), b.clone()])? {
            Value::Int(answer) => Ok(answer.cmp(&0)),
            other => Err(call.fail(format!(
                "comparison of {} with 0 failed",
                Type::infer(&other).generalize()
            ))),
        },
        None => natural_order(call, a, b),
    })?;
    Ok(if was_text {
        Value::string(super::strings::join_values(&sorted, ""))
    } else {
        Value::array(sorted)
    })
}

/// Ruby's `<=>` of two values, as far as values have an order.
pub(super) fn natural_order(call: &Call<'_, '_>, a: &Value, b: &Value) -> Result<Ordering> {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => Ok(a.cmp(b)),
        (Value::Array(a), Value::Array(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                let ordering = natural_order(call, a, b)?;
                if ordering != Ordering::Equal {
                    return Ok(ordering);
                }
            }
            Ok(a.len().cmp(&b.len()))
        }
        _ if a == b => Ok(Ordering::Equal),
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_))
        | (Value::SemVer(_), Value::SemVer(_))
        | (Value::Timespan(_), Value::Timespan(_))
        | (Value::Timestamp(_), Value::Timestamp(_)) => {
            call.checked(bunraku_pcore::ops::compare(a, b))
        }
        _ => Err(call.fail(format!(
            "comparison of {} with {} failed",
            bunraku_pcore::ruby_class(a),
            bunraku_pcore::ruby_operand(b)
        ))),
    }
}

/// Merge sort: `sort_by` of the standard library can't stop at an error, and a block may fail or contradict itself.
fn merge_sort(
    mut values: Vec<Value>,
    compare: &mut impl FnMut(&Value, &Value) -> Result<Ordering>,
) -> Result<Vec<Value>> {
    if values.len() < 2 {
        return Ok(values);
    }
    let right = values.split_off(values.len() / 2);
    let left = merge_sort(values, compare)?;
    let right = merge_sort(right, compare)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(a, b)? == Ordering::Greater {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

fn dig(call: &mut Call<'_, '_>) -> Result<Value> {
    let keys = call.args.split_off(1);
    let data = call.take(0);
    dig_into(call, data, &keys)
}

/// The value at `keys` in `data`; an absent one on the way is `undef`.
pub(super) fn dig_into(call: &Call<'_, '_>, data: Value, keys: &[Value]) -> Result<Value> {
    let mut current = data;
    for (depth, key) in keys.iter().enumerate() {
        if current.is_undef() || key.is_undef() {
            return Ok(Value::Undef);
        }
        let walked = || {
            bunraku_pcore::to_display_string(&Value::array(
                keys.get(..depth).unwrap_or_default().to_vec(),
            ))
        };
        current = match (&current, key) {
            (Value::Hash(entries), key) => entries.get(key).cloned().unwrap_or_default(),
            (Value::Array(elements), Value::Int(index)) => element_at(elements, *index),
            (Value::Array(_), other) => {
                let walked = bunraku_pcore::to_display_string(&Value::array(
                    keys.get(..=depth).unwrap_or_default().to_vec(),
                ));
                return Err(call.fail(format!(
                    "The given data requires an Integer index at {walked}, got '{}'",
                    Type::infer(other)
                )));
            }
            (other, _) => {
                return Err(call.fail(format!(
                    "The given data does not contain a Collection at {}, got '{}'",
                    walked(),
                    Type::infer(other)
                )));
            }
        };
    }
    Ok(current)
}

/// The element at `index`, from the end when negative, `undef` outside.
fn element_at(elements: &[Value], index: i64) -> Value {
    let position = if index < 0 {
        i64::try_from(elements.len())
            .ok()
            .and_then(|length| length.checked_add(index))
    } else {
        Some(index)
    };
    position
        .and_then(|position| usize::try_from(position).ok())
        .and_then(|position| elements.get(position))
        .cloned()
        .unwrap_or_default()
}

fn get(call: &mut Call<'_, '_>) -> Result<Value> {
    let navigation = call.text(1);
    let value = call.take(0);
    let default = if call.args.len() > 2 {
        call.take(2)
    } else {
        Value::Undef
    };
    navigate(call, value, &navigation, default)
}

/// What `get(value, navigation, default)` gives; also the second half of `getvar`.
pub(super) fn navigate(
    call: &mut Call<'_, '_>,
    value: Value,
    navigation: &str,
    default: Value,
) -> Result<Value> {
    if value.is_undef() {
        return Ok(default);
    }
    if navigation.is_empty() {
        return Ok(value);
    }
    let Some(keys) = split_navigation(navigation) else {
        return Err(call.fail("Syntax error in dotted-navigation string"));
    };
    let found = dig_into(call, value, &keys)?;
    Ok(if found.is_undef() { default } else { found })
}

/// `a.'b.c'.0` as keys; `None` when a quote is open or a segment is empty.
pub(super) fn split_navigation(navigation: &str) -> Option<Vec<Value>> {
    let mut keys = Vec::new();
    let mut rest = navigation;
    loop {
        let (segment, quoted, after) = match rest.chars().next()? {
            quote @ ('\'' | '"') => {
                let inner = rest.get(1..)?;
                let end = inner.find(quote)?;
                (inner.get(..end)?, true, inner.get(end + 1..)?)
            }
            _ => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest.get(..end)?, false, rest.get(end..)?)
            }
        };
        if segment.is_empty() || (!quoted && segment.contains(['\'', '"'])) {
            return None;
        }
        keys.push(match segment.parse::<i64>() {
            Ok(index) if !quoted => Value::Int(index),
            _ => Value::string(segment),
        });
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(keys),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bunraku_pcore::Value;

    use super::split_navigation;

    #[test]
    fn navigation_splits_at_dots_outside_of_quotes() {
        assert_eq!(
            split_navigation("a.'b.c'.0"),
            Some(vec![
                Value::string("a"),
                Value::string("b.c"),
                Value::Int(0)
            ])
        );
        assert_eq!(split_navigation("a."), None);
        assert_eq!(split_navigation("a.'b"), None);
        assert_eq!(split_navigation(""), None);
    }
}
