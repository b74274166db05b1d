//! Types as text: the argument of `Type.new`, and the signatures of this module.

use ecow::EcoString;

use crate::types::{parameterize, type_by_name};
use crate::{Error, PuppetHash, Result, RubyRegex, Type, Value};

/// Types nested deeper are refused.
const DEPTH_LIMIT: usize = 64;

/// Finds a type by a name that is no core type.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<Type>;

/// Reads a type expression (`Struct[{'a' => Integer[1]}]`).
///
/// # Errors
/// When the text is no type, or parameters do not fit.
pub(super) fn parse(text: &str, lookup: Lookup<'_>) -> Result<Type> {
    let mut reader = Reader {
        rest: text,
        whole: text,
        lookup,
    };
    let result = match reader.value(0)? {
        Value::Type(data_type) => data_type.as_ref().clone(),
        _ => return Err(reader.failed()),
    };
    reader.skip_blanks();
    if reader.rest.is_empty() {
        Ok(result)
    } else {
        Err(reader.failed())
    }
}

struct Reader<'a> {
    rest: &'a str,
    whole: &'a str,
    lookup: Lookup<'a>,
}

impl Reader<'_> {
    fn failed(&self) -> Error {
        Error::new(format!(
            "The expression <{}> is not a valid type specification.",
            self.whole
        ))
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, expected: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, expected: &str) -> Result<()> {
        if self.take(expected) {
            Ok(())
        } else {
            Err(self.failed())
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value> {
        if depth > DEPTH_LIMIT {
            return Err(self.failed());
        }
        self.skip_blanks();
        match self.rest.chars().next() {
            Some(quote @ ('\'' | '"' | '/')) => {
                let text = self.quoted(quote)?;
                if quote == '/' {
                    Ok(RubyRegex::new(&text)?.into())
                } else {
                    Ok(text.into())
                }
            }
            Some('{') => self.hash(depth),
            Some('[') => {
                self.expect("[")?;
                self.list(depth).map(Value::array)
            }
            Some(first) if first.is_ascii_digit() || first == '-' || first == '+' => {
                let text = self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
                crate::numbers::parse_number(text).ok_or_else(|| self.failed())
            }
            Some(first) if first.is_ascii_alphabetic() => self.name(depth),
            _ => Err(self.failed()),
        }
    }

    fn word(&mut self, accept: impl Fn(char) -> bool) -> &str {
        let end = self
            .rest
            .find(|c: char| !accept(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn name(&mut self, depth: usize) -> Result<Value> {
        let name =
            EcoString::from(self.word(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':')));
        match name.as_str() {
            "default" => return Ok(Value::Default),
            "undef" => return Ok(Value::Undef),
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            _ if name.starts_with(|c: char| c.is_ascii_lowercase()) => return Ok(Value::Str(name)),
            _ => {}
        }
        if self.take("[") {
            let arguments = self.list(depth)?;
            return parameterize(&name, &arguments).map(Value::from);
        }
        match type_by_name(&name).or_else(|| (self.lookup)(&name)) {
            Some(data_type) => Ok(data_type.into()),
            None => Ok(Type::Resource {
                type_name: Some(crate::types::capitalize_segments(&name)),
                title: None,
            }
            .into()),
        }
    }

    /// Values up to the closing bracket.
    fn list(&mut self, depth: usize) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        while !self.take("]") {
            values.push(self.value(depth + 1)?);
            if !self.take(",") {
                self.expect("]")?;
                break;
            }
        }
        Ok(values)
    }

    fn hash(&mut self, depth: usize) -> Result<Value> {
        self.expect("{")?;
        let mut entries = PuppetHash::new();
        while !self.take("}") {
            let key = self.value(depth + 1)?;
            self.expect("=>")?;
            let value = self.value(depth + 1)?;
            entries.insert(key, value);
            if !self.take(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Value::hash(entries))
    }

    fn quoted(&mut self, quote: char) -> Result<String> {
        let mut result = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return Ok(result);
            }
            if character != '\\' {
                result.push(character);
                continue;
            }
            match characters.next() {
                Some((_, escaped)) if escaped == quote || (escaped == '\\' && quote != '/') => {
                    result.push(escaped)
                }
                Some((_, other)) => result.extend(['\\', other]),
                None => break,
            }
        }
        Err(self.failed())
    }
}
