//! Merge strategies (`puppet/pops/merge_strategy.rb`).

use std::sync::{Arc, OnceLock};

use bunraku_pcore::{PuppetHash, Type, Value, mismatch};
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::{ErrorKind, LookupError, Result, ruby};

mod deep;

pub(crate) use deep::DeepOptions;

/// How the values of several levels become one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Strategy {
    /// The first found; also the default.
    First,
    /// Hashes, one level deep; the first wins.
    Hash,
    /// Arrays and scalars to one flat array without duplicates.
    Unique,
    /// Hashes and arrays through all levels.
    Deep(DeepOptions),
    /// As `Deep`, the last wins.
    ReverseDeep(DeepOptions),
}

impl Strategy {
    /// `MergeStrategy.strategy`: a name, a hash with `strategy`, or nothing.
    pub(crate) fn from_value(merge: Option<&Value>) -> Result<Self> {
        let empty = PuppetHash::new();
        let (name, options) = match merge {
            None | Some(Value::Undef | Value::Bool(false)) => return Ok(Self::First),
            Some(Value::Hash(options)) => match options.get_str("strategy") {
                None | Some(Value::Undef) => {
                    return Err(LookupError::new(
                        ErrorKind::Argument,
                        "The hash given as 'merge' must contain the name of a strategy in string form for the key \
                         'strategy'",
                    ));
                }
                Some(name) if options.len() == 1 => (name, &empty),
                Some(name) => (name, options.as_ref()),
            },
            Some(name) => (name, &empty),
        };
        let name = ruby::to_s(name);
        let assert_plain = |strategy: Self| {
            assert_options(options, &plain_options(&name), |key, value| {
                key == "strategy"
                    && value
                        .as_str()
                        .is_some_and(|text| text.contains(name.as_str()))
            })?;
            Ok(strategy)
        };
        match name.as_str() {
            "first" | "default" => assert_plain(Self::First),
            "hash" => assert_plain(Self::Hash),
            "unique" => assert_plain(Self::Unique),
            "deep" => {
                assert_options(options, &deep_options(), |key, value| match key {
                    "strategy" => value.as_str().is_some_and(|text| text.contains("deep")),
                    "knockout_prefix" => matches!(value, Value::Undef | Value::Str(_)),
                    "merge_debug" | "merge_hash_arrays" | "sort_merged_arrays" => {
                        matches!(value, Value::Undef | Value::Bool(_))
                    }
                    _ => false,
                })?;
                Ok(Self::Deep(DeepOptions::from_hash(options)))
            }
            "unconstrained_deep" => Ok(Self::Deep(DeepOptions::from_hash(options))),
            "reverse_deep" => Ok(Self::ReverseDeep(DeepOptions::from_hash(options))),
            _ => Err(LookupError::new(
                ErrorKind::Argument,
                format!("Unknown merge strategy: '{name}'"),
            )),
        }
    }

    /// Asks `find` for each variant in turn and merges what is found; `None`: nothing is found.
    pub(crate) fn lookup<T>(
        &self,
        variants: &[T],
        mut find: impl FnMut(&T) -> Result<Option<Value>>,
    ) -> Result<Option<Value>> {
        if *self == Self::First {
            for variant in variants {
                if let Some(value) = find(variant)? {
                    return Ok(Some(value));
                }
            }
            return Ok(None);
        }
        if let [only] = variants {
            return Ok(find(only)?.map(|value| self.single(value)));
        }
        let mut merged = None;
        for variant in variants {
            let Some(value) = find(variant)? else {
                continue;
            };
            merged = Some(match merged {
                None => self.convert(value),
                Some(earlier) => self.merge(earlier, value)?,
            });
        }
        Ok(merged)
    }

    /// Merges two values, of which `first` has priority.
    pub(crate) fn merge(&self, first: Value, second: Value) -> Result<Value> {
        self.assert_value("The first element of the merge", &first)?;
        self.assert_value("The second element of the merge", &second)?;
        match self {
            Self::First => Ok(first),
            Self::Hash => match (&first, &second) {
                (Value::Hash(high), Value::Hash(low)) => {
                    let mut merged = low.as_ref().clone();
                    merged.extend(high.iter().map(|(key, value)| (key.clone(), value.clone())));
                    Ok(Value::hash(merged))
                }
                _ => Ok(first),
            },
            Self::Unique => {
                let mut elements = flattened(first);
                elements.extend(flattened(second));
                Ok(Value::array(unique(elements)))
            }
            Self::Deep(options) => deep::merge(first, second, options),
            Self::ReverseDeep(options) => deep::merge(second, first, options),
        }
    }

    fn single(&self, value: Value) -> Value {
        match (self, &value) {
            (Self::Unique, Value::Array(elements)) => {
                let distinct = unique(elements.as_ref().clone());
                if distinct.len() == elements.len() {
                    value
                } else {
                    Value::array(distinct)
                }
            }
            _ => value,
        }
    }

    fn convert(&self, value: Value) -> Value {
        match self {
            Self::Unique => Value::array(flattened(value)),
            _ => value,
        }
    }

    fn assert_value(&self, subject: &str, value: &Value) -> Result<()> {
        let (fits, expected): (bool, fn() -> Type) = match self {
            Self::Hash => (
                value.as_hash().is_some_and(|entries| {
                    entries
                        .iter()
                        .all(|(key, value)| key.as_str().is_some() && is_data(value))
                }),
                hash_type,
            ),
            Self::Unique => (
                match value {
                    Value::Array(elements) => elements.iter().all(is_data),
                    value => is_scalar(value),
                },
                unique_type,
            ),
            _ => return Ok(()),
        };
        if fits {
            return Ok(());
        }
        let subject = format!("{subject} has wrong type,");
        Err(LookupError::new(
            ErrorKind::Puppet,
            mismatch::describe_value(&subject, &expected(), value),
        ))
    }
}

fn is_data(value: &Value) -> bool {
    match value {
        Value::Undef | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => true,
        Value::Array(elements) => elements.iter().all(is_data),
        Value::Hash(entries) => entries
            .iter()
            .all(|(key, value)| key.as_str().is_some() && is_data(value)),
        _ => false,
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Str(_)
            | Value::Regexp(_)
            | Value::SemVer(_)
            | Value::Timespan(_)
            | Value::Timestamp(_)
    )
}

fn hash_type() -> Type {
    Type::hash_of(Type::string(), Type::data())
}

fn unique_type() -> Type {
    Type::variant(vec![Type::Scalar, Type::array_of(Type::data())])
}

fn assert_options(
    options: &PuppetHash,
    expected: &Type,
    fits: impl Fn(&str, &Value) -> bool,
) -> Result<()> {
    if options
        .iter()
        .all(|(key, value)| key.as_str().is_some_and(|key| fits(key, value)))
    {
        return Ok(());
    }
    let value = Value::hash(options.clone());
    let message = mismatch::describe_value("The merge options has wrong type,", expected, &value);
    Err(LookupError::new(ErrorKind::Puppet, message))
}

fn strategy_member(name: &str) -> bunraku_pcore::types::StructElement {
    let pattern = bunraku_pcore::RubyRegex::new(name).map_or(Type::string(), |regex| {
        Type::Pattern(vec![Arc::new(regex)].into())
    });
    member("strategy", pattern)
}

/// A member whose value may be undef: its key may be left out too, as the reference infers.
fn member(name: &str, value: Type) -> bunraku_pcore::types::StructElement {
    use bunraku_pcore::types::{StringType, StructElement};
    StructElement {
        key: Type::optional(Type::String(StringType::Value(name.into()))),
        value: Type::optional(value),
    }
}

fn plain_options(name: &str) -> Type {
    Type::Struct(vec![strategy_member(name)].into())
}

fn deep_options() -> Type {
    static TYPE: OnceLock<Type> = OnceLock::new();
    TYPE.get_or_init(|| {
        Type::Struct(
            vec![
                strategy_member("deep"),
                member("knockout_prefix", Type::string()),
                member("merge_debug", Type::Boolean(None)),
                member("merge_hash_arrays", Type::Boolean(None)),
                member("sort_merged_arrays", Type::Boolean(None)),
            ]
            .into(),
        )
    })
    .clone()
}

/// The value as a flat list.
fn flattened(value: Value) -> Vec<Value> {
    fn flatten(into: &mut Vec<Value>, elements: &[Value]) {
        for element in elements {
            match element {
                Value::Array(inner) => flatten(into, inner),
                other => into.push(other.clone()),
            }
        }
    }
    match value {
        Value::Array(elements) => {
            let mut flat = Vec::with_capacity(elements.len());
            flatten(&mut flat, &elements);
            flat
        }
        other => vec![other],
    }
}

/// Without later duplicates.
fn unique(elements: Vec<Value>) -> Vec<Value> {
    let set: IndexSet<Value, FxBuildHasher> = elements.into_iter().collect();
    set.into_iter().collect()
}
