//! Formats by type, merged with the defaults (`StringConverter#convert`, `Format.merge_string_formats`).

use std::sync::Arc;

use super::directive::Format;
use crate::types::{is_assignable, to_plain_string};
use crate::{Error, PuppetHash, Result, Type, Value};

/// Formats by type, most specific type first.
#[derive(Debug, Clone)]
pub(super) struct FormatMap(Vec<(Type, Format)>);

impl FormatMap {
    /// The map for a value; `None` when all is as by default.
    pub(super) fn for_value(value: &Value, formats: &Value) -> Result<Option<Self>> {
        let given = match formats {
            Value::Default | Value::Undef => return Ok(None),
            Value::Str(format) => {
                let format = Format::parse(format)?;
                let key = match value {
                    Value::Array(_) => Type::any_array(),
                    Value::Hash(_) => Type::any_hash(),
                    other => Type::infer_detailed(other),
                };
                Self(vec![(key, format)])
            }
            Value::Hash(formats) => Self::of_hash(formats)?,
            other => {
                return Err(Error::new(format!(
                    "string conversion expects a Default value or a Hash of type to format mappings, got a '{}'",
                    crate::ruby_class(other)
                )));
            }
        };
        Ok(Some(Self::defaults().merged(&given)))
    }

    /// `%p` for everything: elements of containers.
    pub(super) fn of_elements() -> Self {
        Self(vec![(Type::Any, Format::simple('p'))])
    }

    fn defaults() -> Self {
        let container = |letter, separator2: &str| Format {
            separator: Some(", ".to_owned()),
            separator2: Some(separator2.to_owned()),
            elements: Some(Arc::new(Self::of_elements())),
            ..Format::simple(letter)
        };
        Self(vec![
            (Type::Object(None), Format::simple('p')),
            (Type::Float(crate::types::Range::ANY), Format::simple('f')),
            (Type::Numeric, Format::simple('d')),
            (Type::any_array(), container('a', ", ")),
            (Type::any_hash(), container('h', " => ")),
            (Type::Binary, Format::simple('B')),
            (Type::Any, Format::simple('s')),
        ])
    }

    fn of_hash(formats: &PuppetHash) -> Result<Self> {
        let mut result = Vec::with_capacity(formats.len());
        for (key, value) in formats {
            let Value::Type(key) = key else {
                return Err(Error::new(format!(
                    "top level keys in the format hash must be data types, got instance of '{}'",
                    crate::ruby_class(key)
                )));
            };
            let format = match value {
                Value::Hash(options) => Self::container(options)?,
                other => Format::parse(other.as_str().unwrap_or_default())?,
            };
            result.push((key.as_ref().clone(), format));
        }
        Ok(Self(result))
    }

    fn container(options: &PuppetHash) -> Result<Format> {
        const KEYS: [&str; 4] = ["separator", "separator2", "format", "string_formats"];
        if options
            .keys()
            .any(|key| !key.as_str().is_some_and(|key| KEYS.contains(&key)))
        {
            return Err(Error::new(format!(
                "only 'separator', 'separator2', 'format', 'string_formats' are allowed in a container format, got {}",
                crate::sprintf::inspect(&Value::hash(options.clone()))
            )));
        }
        let text = |name: &str| {
            options
                .get_str(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        // Without a format the reference parses `nil`, which is no format.
        let format = text("format").unwrap_or_default();
        let mut result = Format::parse(&format)?;
        result.separator = text("separator");
        result.separator2 = text("separator2");
        if let Some(Value::Hash(formats)) = options.get_str("string_formats") {
            result.elements = Some(Arc::new(Self::of_hash(formats)?));
        }
        Ok(result)
    }

    /// This map overridden by `higher`, sorted.
    pub(super) fn merged(&self, higher: &Self) -> Self {
        let overridden = |key: &Type| {
            higher
                .0
                .iter()
                .any(|(other, _)| other != key && is_assignable(other, key))
        };
        let mut result: Vec<(Type, Format)> = self
            .0
            .iter()
            .filter(|(key, _)| !overridden(key))
            .cloned()
            .collect();
        for (key, format) in &higher.0 {
            match result.iter_mut().find(|(known, _)| known == key) {
                Some((_, lower)) => *lower = lower.merged(format),
                None => result.push((key.clone(), format.clone())),
            }
        }
        // The order is partial: a sort of the library might refuse it.
        let mut sorted: Vec<(Type, Format)> = Vec::with_capacity(result.len());
        for entry in result {
            let place = sorted
                .iter()
                .position(|(known, _)| is_before(&entry.0, known))
                .unwrap_or(sorted.len());
            sorted.insert(place, entry);
        }
        Self(sorted)
    }

    /// Format of a value.
    pub(super) fn get(&self, value: &Value) -> Format {
        let mut inferred = None;
        self.0
            .iter()
            .find(|(key, _)| match (key, value) {
                (Type::Any, _) => true,
                (Type::Numeric, Value::Int(_) | Value::Float(_)) => true,
                (Type::Numeric, _) => false,
                (Type::Binary, _) => matches!(value, Value::Binary(_)),
                (Type::Object(None), _) => matches!(value, Value::Object(_) | Value::Deferred(_)),
                (Type::Float(_), other) if !matches!(other, Value::Float(_)) => false,
                _ => is_assignable(
                    key,
                    inferred.get_or_insert_with(|| Type::infer_detailed(value)),
                ),
            })
            .map_or_else(|| Format::simple('s'), |(_, format)| format.clone())
    }
}

/// Whether `a` is the more specific one (`sort_formats`).
fn is_before(a: &Type, b: &Type) -> bool {
    match (is_assignable(b, a), is_assignable(a, b)) {
        (true, false) => true,
        (false, true) => false,
        _ if a == b => false,
        _ => match (rank(a), rank(b)) {
            (0, _) | (_, 0) => to_plain_string(a) < to_plain_string(b),
            (a, b) => a < b,
        },
    }
}

fn rank(data_type: &Type) -> u8 {
    match data_type {
        Type::Struct(_) => 1,
        Type::Hash { .. } => 2,
        Type::Tuple { .. } => 3,
        Type::Array { .. } => 4,
        Type::Pattern(_) => 10,
        Type::Enum { .. } => 11,
        Type::String(_) => 12,
        _ => 0,
    }
}
