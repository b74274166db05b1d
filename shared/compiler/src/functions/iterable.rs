//! What can be iterated over, as Puppet's `Iterable.asserted_iterable` has it.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bunraku_pcore::types::StringType;
use bunraku_pcore::{PuppetHash, Type, Value};

/// The elements of an iterable value, one after the other and without copying it first.
pub(crate) enum Elements {
    Integers(RangeInclusive<i64>),
    Nothing,
    Values(Arc<Vec<Value>>, usize),
    Owned(std::vec::IntoIter<Value>),
    Pairs(Arc<PuppetHash>, usize),
}

impl Elements {
    /// The elements of `value`; `None` when it can't be iterated.
    ///
    /// An integer counts from 0, a string gives its characters, a hash its `[key, value]` pairs, an
    /// integer type with both ends its numbers and an enum type its strings.
    pub(super) fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Array(items) => Self::Values(Arc::clone(items), 0),
            Value::Hash(entries) => Self::Pairs(Arc::clone(entries), 0),
            Value::Int(count) if *count > 0 => Self::Integers(0..=count - 1),
            Value::Int(_) => Self::Nothing,
            Value::Str(text) => {
                let characters: Vec<Value> =
                    text.chars().map(|c| Value::string(c.to_string())).collect();
                Self::Owned(characters.into_iter())
            }
            Value::Binary(bytes) => {
                let bytes: Vec<Value> = bytes
                    .iter()
                    .map(|byte| Value::Int(i64::from(*byte)))
                    .collect();
                Self::Owned(bytes.into_iter())
            }
            Value::Iterator(iterator) => Self::Owned(iterator.elements.clone().into_iter()),
            Value::Type(data_type) => return Self::of_type(data_type),
            _ => return None,
        })
    }

    fn of_type(data_type: &Type) -> Option<Self> {
        match data_type {
            Type::Integer(range) => Some(Self::Integers(range.from?..=range.to?)),
            Type::Enum { values, .. } => {
                let values: Vec<Value> = values.iter().cloned().map(Value::Str).collect();
                Some(Self::Owned(values.into_iter()))
            }
            Type::String(StringType::Value(text)) => {
                Some(Self::Owned(vec![Value::Str(text.clone())].into_iter()))
            }
            Type::Alias(alias) => Self::of_type(alias.target()?),
            _ => None,
        }
    }

    /// Whether a block with two parameters gets key and value instead of index and element.
    pub(super) fn hash_style(&self) -> bool {
        matches!(self, Self::Pairs(..))
    }
}

impl Iterator for Elements {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Integers(range) => range.next().map(Value::Int),
            Self::Owned(items) => items.next(),
            Self::Values(items, position) => {
                let item = items.get(*position)?.clone();
                *position += 1;
                Some(item)
            }
            Self::Pairs(entries, position) => {
                let (key, value) = entries.get_index(*position)?;
                *position += 1;
                Some(Value::array(vec![key.clone(), value.clone()]))
            }
        }
    }
}

/// Key and value of a pair that [`Elements`] of a hash gave.
pub(super) fn split_pair(pair: &Value) -> (Value, Value) {
    match pair.as_array() {
        Some([key, value]) => (key.clone(), value.clone()),
        _ => (Value::Undef, pair.clone()),
    }
}
