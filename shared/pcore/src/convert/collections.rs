//! `Array.new` and `Hash.new`. The arguments fit the signatures by now.

use std::sync::Arc;

use crate::types::{infer, is_instance};
use crate::{Error, PuppetHash, Result, Type, Value, ops};

/// Most elements a number or a range is expanded to.
const ELEMENTS_LIMIT: i64 = 10_000_000;
/// Paths of a tree that are longer are refused.
const DEPTH_LIMIT: usize = 200;

pub(super) fn array(arguments: &[Value]) -> Result<Value> {
    match arguments {
        [from @ Value::Array(_), ..] => Ok(from.clone()),
        [from, Value::Bool(true)] => Ok(Value::array(vec![from.clone()])),
        [from, ..] => elements(from).map(Value::array),
        [] => Ok(Value::array(Vec::new())),
    }
}

/// What an iteration gives (`Iterable.on(value).to_a`), bytes for a binary.
fn elements(value: &Value) -> Result<Vec<Value>> {
    Ok(match value {
        Value::Array(elements) => elements.as_ref().clone(),
        Value::Iterator(iterator) => iterator.elements.clone(),
        Value::Hash(entries) => ops::pairs(entries),
        Value::Binary(bytes) => bytes
            .iter()
            .map(|byte| Value::Int(i64::from(*byte)))
            .collect(),
        Value::Str(text) => text
            .chars()
            .map(|character| Value::from(character.to_string()))
            .collect(),
        Value::Int(number) => range(0, number.saturating_sub(1))?,
        Value::Type(data_type) => of_type(data_type)?,
        _ => Vec::new(),
    })
}

fn of_type(data_type: &Type) -> Result<Vec<Value>> {
    match data_type {
        Type::Integer(bounds) => range(
            bounds.from.unwrap_or_default(),
            bounds.to.unwrap_or_default(),
        ),
        Type::Enum { values, .. } => Ok(values.iter().cloned().map(Value::Str).collect()),
        Type::Alias(alias) => match alias.target() {
            Some(target) if !matches!(target, Type::Alias(_)) => of_type(target),
            _ => Ok(Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}

fn range(from: i64, to: i64) -> Result<Vec<Value>> {
    if to.saturating_sub(from) >= ELEMENTS_LIMIT {
        return Err(Error::new(format!(
            "an array of more than {ELEMENTS_LIMIT} elements is not supported"
        )));
    }
    Ok((from..=to).map(Value::Int).collect())
}

pub(super) fn hash(arguments: &[Value]) -> Result<Value> {
    let is_pair = |value: &Value| matches!(value.as_array(), Some([_, _]));
    match arguments {
        [Value::Array(entries), Value::Str(option)] => tree(entries, option == "hash_tree"),
        [from @ Value::Hash(_), ..] => Ok(from.clone()),
        [Value::Array(pairs), ..] if !pairs.is_empty() && pairs.iter().all(is_pair) => {
            ops::hash_of_pairs(pairs).map(Value::hash)
        }
        [Value::Array(list), ..] => {
            if list.len() % 2 != 0 {
                return Err(Error::new("odd number of arguments for Hash"));
            }
            ops::hash_of_list(list).map(Value::hash)
        }
        [from, ..] if is_instance(&Type::Iterable(None), from) => {
            ops::hash_of_list(&elements(from)?).map(Value::hash)
        }
        other => {
            let actual = infer(other.first().unwrap_or(&Value::Undef)).generalize();
            Err(Error::new(format!(
                "Value of type {actual} cannot be converted to Hash"
            )))
        }
    }
}

/// Nested hashes from pairs of a path and a value.
fn tree(entries: &[Value], all_hashes: bool) -> Result<Value> {
    let mut root = Value::hash(PuppetHash::new());
    for entry in entries {
        let Some([Value::Array(path), value]) = entry.as_array() else {
            continue;
        };
        if path.len() > DEPTH_LIMIT {
            return Err(Error::new("the tree is nested too deeply"));
        }
        if path.is_empty() {
            merge_root(&mut root, value)?;
            continue;
        }
        let value = if all_hashes {
            array_as_hash(value, 0)
        } else {
            value.clone()
        };
        put(&mut root, path, value)?;
    }
    Ok(root)
}

fn merge_root(root: &mut Value, value: &Value) -> Result<()> {
    let Value::Hash(entries) = root else {
        return Ok(());
    };
    let entries = Arc::make_mut(entries);
    match value {
        Value::Array(elements) => {
            for (index, element) in (0..).zip(elements.iter()) {
                entries.insert(Value::Int(index), element.clone());
            }
            Ok(())
        }
        Value::Hash(more) => {
            entries.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
            Ok(())
        }
        other => Err(Error::new(format!(
            "no implicit conversion of {} into Hash",
            crate::ruby_class_in_conversion(other)
        ))),
    }
}

fn put(node: &mut Value, path: &[Value], value: Value) -> Result<()> {
    let Some((key, rest)) = path.split_first() else {
        *node = value;
        return Ok(());
    };
    match node {
        Value::Hash(entries) => {
            let entries = Arc::make_mut(entries);
            let mut child = entries
                .get(key)
                .cloned()
                .unwrap_or_else(|| Value::hash(PuppetHash::new()));
            put(&mut child, rest, value)?;
            entries.insert(key.clone(), child);
            Ok(())
        }
        Value::Array(elements) => {
            let elements = Arc::make_mut(elements);
            let Some(index) = key.as_int() else {
                let class = crate::ruby_class_in_conversion(key);
                return Err(Error::new(format!(
                    "no implicit conversion of {class} into Integer"
                )));
            };
            let from_end = || {
                elements
                    .len()
                    .checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
            };
            let place = usize::try_from(index).ok().or_else(from_end);
            let Some(place) = place.filter(|place| *place < 1_000_000) else {
                return Err(Error::new(format!("index {index} too small for array")));
            };
            if elements.len() <= place {
                elements.resize(place + 1, Value::Undef);
            }
            elements
                .get_mut(place)
                .map_or(Ok(()), |child| put(child, rest, value))
        }
        other => {
            let class = crate::ruby_class_in_conversion(other);
            Err(Error::new(format!("undefined method `[]=' for {class}")))
        }
    }
}

fn array_as_hash(value: &Value, depth: usize) -> Value {
    match value {
        Value::Array(elements) if depth < DEPTH_LIMIT => Value::hash(
            (0_i64..)
                .zip(elements.iter())
                .map(|(index, element)| (index, array_as_hash(element, depth + 1)))
                .collect(),
        ),
        other => other.clone(),
    }
}
