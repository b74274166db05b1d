//! `lookup_options`: how keys are merged and converted, found in the data itself.

use bunraku_pcore::{PuppetHash, RubyRegex, Value};
use ecow::EcoString;

use crate::key::LookupKey;
use crate::{ErrorKind, LookupError, Result};

/// The reserved key.
pub(crate) const LOOKUP_OPTIONS: &str = "lookup_options";

/// The options of a module's keys (or of unqualified keys), with patterns compiled.
#[derive(Debug, Default)]
pub(crate) struct OptionSet {
    keys: PuppetHash,
    patterns: Vec<(RubyRegex, Value)>,
}

/// The options that apply to one key.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyOptions {
    pub(crate) merge: Option<Value>,
    pub(crate) convert_to: Option<Value>,
}

impl OptionSet {
    /// Compiles the patterns: keys that start with `^`.
    pub(crate) fn compile(options: Option<&PuppetHash>) -> Result<Self> {
        let mut set = Self::default();
        for (key, value) in options.into_iter().flatten() {
            match key.as_str() {
                Some(pattern) if pattern.starts_with('^') => {
                    let regex = RubyRegex::new(pattern)
                        .map_err(|error| LookupError::new(ErrorKind::Argument, error.message))?;
                    set.patterns.push((regex, value.clone()));
                }
                _ => {
                    set.keys.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(set)
    }

    /// The options of a key: by name, else by the first pattern that matches.
    pub(crate) fn for_key(&self, key: &LookupKey) -> Result<KeyOptions> {
        let by_name = self
            .keys
            .get_str(&key.root)
            .filter(|value| !value.is_undef());
        if let Some(options) = by_name {
            return Ok(KeyOptions::from_value(options));
        }
        for (pattern, options) in &self.patterns {
            let matches = pattern
                .is_match(&key.root)
                .map_err(|error| LookupError::new(ErrorKind::Argument, error.message))?;
            if matches {
                return Ok(KeyOptions::from_value(options));
            }
        }
        Ok(KeyOptions::default())
    }
}

impl KeyOptions {
    fn from_value(value: &Value) -> Self {
        let get = |name: &str| {
            let value = value.as_hash()?.get_str(name)?;
            (!value.is_undef()).then(|| value.clone())
        };
        Self {
            merge: get("merge"),
            convert_to: get("convert_to"),
        }
    }
}

/// Checks what was found for `lookup_options`; those of a module are for its own keys only.
pub(crate) fn validate(options: Value, module: Option<&str>) -> Result<Option<PuppetHash>> {
    let fail = |message: String| Err(LookupError::new(ErrorKind::Lookup, message));
    let options = match options {
        Value::Undef => return Ok(None),
        Value::Hash(options) => options.as_ref().clone(),
        _ => return fail("value of lookup_options must be a hash".to_owned()),
    };
    let Some(module) = module else {
        return Ok(Some(options));
    };
    let prefix = EcoString::from(format!("{module}::"));
    for key in options.keys().filter_map(Value::as_str) {
        match key.strip_prefix('^') {
            Some(pattern) if !pattern.starts_with(prefix.as_str()) => {
                return fail(format!(
                    "all lookup_options patterns must match a key starting with module name '{module}'"
                ));
            }
            None if !key.starts_with(prefix.as_str()) => {
                return fail(format!(
                    "all lookup_options keys must start with module name '{module}'"
                ));
            }
            _ => {}
        }
    }
    Ok(Some(options))
}
